"""How long to wait before trying again: exponential with full jitter, never longer than a cap."""

from __future__ import annotations

FIRST_SECONDS = 0.2
CAP_SECONDS = 15.0


class Backoff:
    """Doubles the bound of a random wait with every failure in a row."""

    __slots__ = ("_failures",)

    def __init__(self) -> None:
        self._failures = 0

    def wait(self, at_least: float = 0.0) -> float:
        """Return the seconds to wait after another failure; at least what the other end asked for, up to the cap."""
        import random  # costs milliseconds, which a service that never fails need not pay

        bound = min(CAP_SECONDS, FIRST_SECONDS * 2 ** min(self._failures, 16))
        self._failures += 1
        drawn = random.uniform(bound / 10, bound)  # noqa: S311  nothing secret
        return min(CAP_SECONDS, max(at_least, drawn))

    def reset(self) -> None:
        """Begin again after a success."""
        self._failures = 0
