"""
The handler's figures beside those of its peers, all of one run on one machine: `python -m bench.shipping`.

Every arm runs in a process of its own, every sink in another, on loopback only, bounded in count and time.
"""
