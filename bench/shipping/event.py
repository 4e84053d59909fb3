"""The event every arm logs: 20 features, a score, a label, and a marker by which sinks tell one event from another."""

from __future__ import annotations

FEATURES: dict[str, float | str] = {f"feature_{number}": number * 1.37 for number in range(16)} | {
    f"level_{number}": f"value {number}" for number in range(4)
}

MARKER = b"bench-"
MARKER_DIGITS = 9


def marker(number: int) -> str:
    """Name an event. elkmon's events have an id already, which the sinks read instead."""
    return f"bench-{number:09d}"


def fresh_features(number: int) -> dict[str, float | str]:
    """Return features no other event shares, as those of requests are."""
    return {
        name: value + number if isinstance(value, float) else f"{value} of {number}" for name, value in FEATURES.items()
    }
