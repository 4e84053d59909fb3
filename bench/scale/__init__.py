"""
Volumes that a larger installation has, loaded into a real node and measured: `python -m bench.scale`.

One model with 800 features, one with a million events a day, and what the monitor keeps of a model in a month. What no one
machine holds is reckoned from these, and said to be.
"""
