"""`[monitor]` of the configuration: how `elkmon run` goes about its checks."""

from datetime import timedelta
from pathlib import Path

import pytest

from elkmon.config import MonitorSettings, parse
from elkmon.errors import ConfigurationError


def test_it_may_be_left_out():
    """Models are one share, and an outage is told after a quarter of an hour."""
    assert parse("", Path(), {}).monitor == MonitorSettings(shares=1, unjudged_after=timedelta(minutes=15))


def test_what_is_written_is_taken():
    """A number of shares, and a length of time in minutes, hours or days."""
    config = parse('[monitor]\nshares = 8\nunjudged_after = "2h"', Path(), {})

    assert config.monitor == MonitorSettings(shares=8, unjudged_after=timedelta(hours=2))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("shares = 0", "monitor.shares = 0 is not a whole number from 1 to 64"),
        ("shares = 65", "monitor.shares = 65 is not a whole number from 1 to 64"),
        ('unjudged_after = "soon"', 'monitor.unjudged_after = "soon" is not a length of time such as 15m, 2h or 1d'),
        ("share = 2", "monitor.share is not a key of elkmon, did you mean shares?"),
    ],
)
def test_mistakes_are_named_with_their_key(line, problem):
    """Each says what is there, and what may be."""
    with pytest.raises(ConfigurationError) as mistake:
        parse(f"[monitor]\n{line}", Path(), {})
    assert problem in str(mistake.value)
