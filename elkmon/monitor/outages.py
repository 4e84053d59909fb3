"""
When nothing could be judged for long: one notice that it could not, and one when it can again, kept until they are told.

Lives in memory and needs no store: what is in the way is most often the store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from elkmon.digests import Digest, Hindrance, Judging, Notice
from elkmon.errors import DeliveryError, PartialAnswer, StoreRefused, StoreUnreachable
from elkmon.identity import identity
from elkmon.ports import Notifier

_HINDRANCES: tuple[tuple[type[Exception], Hindrance], ...] = (
    (StoreUnreachable, Hindrance.UNREACHABLE),
    (StoreRefused, Hindrance.REFUSED),
    (PartialAnswer, Hindrance.PARTIAL),
)


def hindrance_of(error: Exception) -> Hindrance:
    """Return what `error` says was in the way."""
    return next((each for kind, each in _HINDRANCES if isinstance(error, kind)), Hindrance.UNEXPECTED)


@dataclass(slots=True)
class Outage:
    """
    A stretch in which not all could be judged that was due.

    Attributes:
        since: when something could first not be judged; `hindrance` and `reason` say why, as last heard.
        models: what was not judged at some time in it; `open` what is not to this day.
        windows, changes, elsewhere: what was done to catch up.
    """

    since: datetime
    hindrance: Hindrance
    reason: str
    models: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    windows: int = 0
    changes: int = 0
    elsewhere: set[str] = field(default_factory=set)
    announced: bool = False

    def to_announce(self, latest: datetime) -> bool:
        """Return whether it began by `latest` and has not been announced."""
        return not self.announced and self.since <= latest

    def notice(self, until: datetime | None = None) -> Notice:
        """Return what is to be told of it: that it lasts, or that it ended."""
        if until is None:
            return Notice(Judging.STOPPED, self.since, tuple(sorted(self.open)), self.hindrance, self.reason)
        return Notice(
            Judging.RESUMED,
            self.since,
            tuple(sorted(self.models)),
            self.hindrance,
            self.reason,
            until,
            self.windows,
            self.changes,
            tuple(sorted(self.elsewhere)),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """That a notifier was told a notice; or, with an `error`, that it was not; `permanent` means not tried again."""

    notifier: str
    notice: Notice
    error: str = ""
    permanent: bool = False


class Notices:
    """
    What is still to be told, for each of `notifiers` in order.

    What one could not deliver waits and keeps back what comes after it, for as long as `pause` says by the number of failures.
    """

    def __init__(self, notifiers: Sequence[Notifier], pause: Callable[[int], timedelta]) -> None:
        self._pause = pause
        self._lines = [_Line(notifier) for notifier in notifiers]

    @property
    def waiting(self) -> tuple[Told, ...]:
        """The next notice of each notifier that has any, with the error that kept it."""
        heads = ((line, line.digests[0].notice) for line in self._lines if line.digests)
        return tuple(Told(line.notifier.name, notice, line.error) for line, notice in heads if notice is not None)

    def add(self, notice: Notice, at: datetime) -> None:
        """Keep `notice`, made `at`, for every notifier; its end only for those that were, or will be, told its beginning."""
        for line in self._lines:
            beginning = _id(line.notifier, Judging.STOPPED, notice.since)
            if notice.judging is Judging.STOPPED:
                line.digests.append(Digest(beginning, at, (), notice=notice))
            elif line.refused != beginning:
                ending = _id(line.notifier, notice.judging, notice.since)
                line.digests.append(Digest(ending, at, (), notice=replace(notice, follows=beginning)))

    def tell(self, now: datetime) -> tuple[Told, ...]:
        """Tell what waits and is not to wait longer; return how that went."""
        done: list[Told] = []
        for line in self._lines:
            while line.digests and (line.not_before is None or now >= line.not_before):
                done.append(self._attempt(line, now))
        return tuple(done)

    def _attempt(self, line: _Line, now: datetime) -> Told:
        digest = line.digests[0]
        assert digest.notice is not None
        try:
            line.notifier.notify(digest)
        except DeliveryError as error:
            line.error = str(error)
            if not error.permanent:
                line.not_before = now + self._pause(line.failures)
                line.failures += 1
                return Told(line.notifier.name, digest.notice, line.error)
            line.refused = digest.id
            done = Told(line.notifier.name, digest.notice, line.error, permanent=True)
        else:
            done = Told(line.notifier.name, digest.notice)
        line.digests.popleft()
        line.not_before, line.failures, line.error = None, 0, ""
        return done


@dataclass(slots=True)
class _Line:
    notifier: Notifier
    digests: deque[Digest] = field(default_factory=deque)
    not_before: datetime | None = None
    failures: int = 0
    error: str = ""
    refused: str = ""


def _id(notifier: Notifier, judging: Judging, since: datetime) -> str:
    return identity("notice", notifier.name, judging, since.isoformat())
