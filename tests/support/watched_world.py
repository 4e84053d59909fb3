"""What a `Watch` looks after, played: a clock moved by hand, a monitor whose checks end as told, and a notifier."""

from datetime import UTC, datetime, timedelta

from elkmon.monitor import CheckReport
from elkmon.monitor.watching import Duty, Watch
from elkmon.ports import Claim, Run, Share, Turn

DUE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
START = DUE + timedelta(seconds=5)
MINUTE = timedelta(minutes=1)
FIRST = Duty(("a", "b"), Turn(Share(0, 2), "hourly"))
SECOND = Duty(("c",), Turn(Share(1, 2), "hourly"))


class World:
    """A clock moved by hand, a monitor whose checks end as they are told to, and a notifier that may be away."""

    name = "team"

    def __init__(self):
        self.now = START
        self.ending = done()
        self.asked = []
        self.told = []
        self.away = None

    def clock(self):
        return self.now

    def check(self, now, *, models, turn):
        """Play `Monitor.check`."""
        self.asked.append((now, models, turn))
        if isinstance(self.ending, BaseException):
            raise self.ending
        return self.ending

    def notify(self, digest):
        """Play `Notifier.notify`."""
        if self.away is not None:
            raise self.away
        self.told.append(digest)

    def watch(self, *duties, **options):
        return Watch(self, [self], duties or (FIRST,), clock=self.clock, draw=lambda _, high: high, **options)


def report(claim=Claim.HELD, **rest):
    return CheckReport(Run("r", DUE, DUE, DUE, windows=rest.pop("windows", 0)), claim=claim, **rest)


def done(**rest):
    return report(**rest)


def elsewhere(holder="other"):
    return report(Claim.DONE, holder=holder)
