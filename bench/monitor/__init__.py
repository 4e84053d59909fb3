"""
What a check costs, beside its peers and by itself: `python -m bench.monitor`.

A drift report on documents that lie in a real node, the weekly check of the demo, a run over a hundred models, and what a run
costs by the history behind it. Whatever is measured works in a process of its own; its peers in an environment of their own.
"""
