"""
Pure functions from counts to scores: how bins are cut, how far two distributions lie apart, how good predictions were.

Nothing here reads a clock, a file or a store, and nothing decides: verdicts are `elkmon.judgement`. Only this room uses
numpy and scipy.
"""
