"""
One check, top to bottom: join, ask, judge, remember, tell. Pure but for the three ports; it is given `now`.

It does not know Elasticsearch, mail or configuration files.
"""

from elkmon.monitor.check import Monitor
from elkmon.monitor.check_report import CheckReport
from elkmon.monitor.rehearsal import Rehearsed

__all__ = ["CheckReport", "Monitor", "Rehearsed"]
