"""
A long run against a real Elasticsearch that comes and goes: `python -m bench.soak`.

Its promise is about loss, not about speed: nothing lost, nothing doubled, memory flat.
"""
