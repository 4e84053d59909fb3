"""
From a log call to the wire, inside somebody else's service: light, bounded, never in the way.

A call encodes its event and appends it to a queue; one thread sends what is queued and accounts for every event.
"""
