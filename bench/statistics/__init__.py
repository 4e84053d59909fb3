"""
How far elkmon's verdicts can be trusted, beside its peers: `python -m bench.statistics`.

False alarms on what is unchanged, power on what is not, corrupt values, estimated performance, and each score against the
rows. elkmon runs in this interpreter, its peers in an environment of their own; everything random is seeded.
"""
