"""
Reads `[monitor]`: how the process that checks by the clock goes about it.
"""

from __future__ import annotations

import re
from datetime import timedelta

from elkmon.config.section import Section, show
from elkmon.config.settings import MonitorSettings

_MOST_SHARES = 64
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_monitor(section: Section) -> MonitorSettings:
    """Return the settings of `elkmon run`; problems are left with `section`."""
    default = MonitorSettings()
    settings = MonitorSettings(
        shares=section.whole("shares", default.shares, 1, _MOST_SHARES),
        unjudged_after=_read_patience(section, default.unjudged_after),
    )
    section.close()
    return settings


def _read_patience(section: Section, default: timedelta) -> timedelta:
    if "unjudged_after" not in section:
        section.expect("unjudged_after")
        return default
    text = section.text("unjudged_after")
    match = re.fullmatch(r"([1-9]\d{0,3})([mhd])", text)
    if match is None:
        section.complain("unjudged_after", f"= {show(text)} is not a length of time such as 15m, 2h or 1d")
        return default
    return int(match[1]) * _UNITS[match[2]]
