"""
What nobody could be told, in words: which notifier, since when, why, and what of.
"""

from __future__ import annotations

from elkmon.digests import Untold
from elkmon.presentation.words import label
from elkmon.presentation.writing import clean, count, listing, moment

_MOST_NAMED = 3


def changes(missing: Untold) -> tuple[str, ...]:
    """Return each change that was not told: `flight-delay: distance opened`."""
    return tuple(
        f"{clean(alert.model, 50)}: {label(alert.subject, alert.segment)} {each.change.value}"
        for alert, each in missing.changes
    )


def named(missing: Untold) -> str:
    """Return the first few changes, and how many more there are."""
    return listing(changes(missing), most=_MOST_NAMED)


def state(missing: Untold) -> str:
    """Return how it stands."""
    return "refused for good" if missing.refused else "waits"


def sentence(missing: Untold) -> str:
    """Return one sentence for a page."""
    after = f"after {count(missing.attempts, 'attempt')}" if missing.attempts else "not tried yet"
    what = f" ({named(missing)})" if missing.changes else ""
    why = f": {clean(missing.error, 300)}" if missing.error else ""
    return (
        f"The notifier {clean(missing.notifier, 40)} could not be told what happened on {moment(missing.since)}{what}; "
        f"{state(missing)} {after}{why}."
    )
