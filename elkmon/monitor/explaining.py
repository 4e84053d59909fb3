"""
What else can be said of a bad finding from what is remembered: since when, what drifted in the same windows, how much it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.digests import Explanation, Importance, size
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.judgement.subjects import distributions, error_rate, latency, pairs, qualities
from elkmon.measures.changes import ChangePoint, change_point
from elkmon.monitor.hours import Hours
from elkmon.ports import Journal
from elkmon.profiles import Profile
from elkmon.rulers import JointScale, feature_of
from elkmon.windows import DAY, Window

MOST_COINCIDENT = 5
_BEFORE, _AFTER = (8, 28 * DAY), (2, 7 * DAY)
"""How much is read before and after the first bad window, in windows or time, whichever is longer."""

Cells = Callable[[Profile], Sequence[float]]


class Explainer:
    """Explains findings of one model; reads each stretch of hours once."""

    def __init__(self, journal: Journal, settings: ModelSettings) -> None:
        self._journal = journal
        self._settings = settings
        self._hours: dict[Window, Hours] = {}

    def explain(
        self, finding: Finding, history: Sequence[Finding], baseline: Baseline | None, *, worsened: bool = False
    ) -> Explanation:
        """
        Return what can be said of `finding` beyond its verdict; of one that is not bad only how much its feature matters.

        `history` holds all findings of the model up to it, in order of window; `baseline` is what it was compared with. Of
        one that has `worsened` it is asked since when it is as bad as now, not since when it is bad.
        """
        if not finding.status.bad:
            return Explanation(importance=importance(finding.subject, baseline))
        return Explanation(
            self._since(finding, history, baseline, finding.status if worsened else Status.WARNING)
            if baseline
            else None,
            coincident(finding, history, baseline),
            importance(finding.subject, baseline),
            in_segments(finding, history),
        )

    def _since(
        self, finding: Finding, history: Iterable[Finding], baseline: Baseline, least: Status
    ) -> ChangePoint | None:
        part = baseline.of(finding.segment)
        cells = _cells(finding.subject, part, self._settings)
        if cells is None:
            return None
        first = began(_story(finding, history), least)
        length = finding.window.length
        span = Window(
            first.start - _longest(_BEFORE, length), min(first.start + _longest(_AFTER, length), finding.window.end)
        )
        hours = self._read(finding.model, span)
        before, now = cells(part.total), _sum(cells, hours, part, finding, Window(first.start, span.end))
        if not sum(before) or now is None:
            return None
        found = hours.hourly(part, finding.version, span, finding.segment)
        return change_point([(hour.start, cells(hour)) for hour in found], before, now)

    def _read(self, model: str, span: Window) -> Hours:
        if span not in self._hours:
            self._hours[span] = Hours(self._journal, model, span)
        return self._hours[span]


def coincident(finding: Finding, history: Iterable[Finding], baseline: Baseline | None) -> tuple[Finding, ...]:
    """
    Return of a bad figure of performance the features whose drift began in the same windows, strongest first, at most five.

    The same windows are those in which the figure has been bad in a row, and the one before. A feature that drifted long
    before, or that is well again, is none of them. Each is told by its last finding.
    """
    if finding.subject.family is not Family.PERFORMANCE or not finding.status.bad:
        return ()
    known = list(history)
    earliest = began(_story(finding, known)).before(1)
    by_subject: dict[Subject, list[Finding]] = {}
    for each in known:
        same = (each.version, each.segment) == (finding.version, finding.segment) and each.window <= finding.window
        if same and each.subject.family is Family.DRIFT and each.subject.kind in {Kind.FEATURE, Kind.JOINT}:
            by_subject.setdefault(each.subject, []).append(each)
    together = [
        story[-1] for story in by_subject.values() if story[-1].status.bad and began(story).start >= earliest.start
    ]
    together.sort(key=lambda each: (-size(each, importance(each.subject, baseline)), each.subject))
    return tuple(together[:MOST_COINCIDENT])


def in_segments(finding: Finding, history: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings on the same subject and window of those segments where it is bad too, worst first, at most five."""
    if finding.segment:
        return ()
    found = [
        each
        for each in history
        if each.segment
        and each.status.bad
        and (each.subject, each.window, each.version) == (finding.subject, finding.window, finding.version)
    ]
    found.sort(key=lambda each: (-size(each), each.segment))
    return tuple(found[:MOST_COINCIDENT])


def began(story: Sequence[Finding], least: Status = Status.WARNING) -> Window:
    """
    Return the first window of the latest stretch of ones at least as bad as `least` in `story`.

    The story is findings on one subject in order, the last one bad.
    A single good window between bad ones does not end a stretch, and those that could not be judged are passed over.
    """
    first, good = story[-1].window, 0
    for each in reversed(story):
        if each.status.bad and each.status.rank >= least.rank:
            first, good = each.window, 0
        elif each.status.bad or each.status is Status.OK:
            good += 1
            if good > 1:
                break
    return first


def importance(subject: Subject, baseline: Baseline | None) -> Importance | None:
    """Return how much the feature behind `subject` matters, of a pair the more important one; None where it is not known."""
    weights = {name: abs(weight) for name, weight in baseline.importances.items()} if baseline else {}
    known = [name for name in _features(subject, baseline) if name in weights]
    average = sum(weights.values()) / len(weights) if weights else 0.0
    if not known or not average:
        return None
    weight = max(weights[name] for name in known)
    return Importance(1 + sum(other > weight for other in weights.values()), len(weights), weight / average)


def _features(subject: Subject, baseline: Baseline | None) -> tuple[str, ...]:
    """Return the features' own names that `subject` is about."""
    place = baseline.ruler.places().get(subject.field) if baseline and subject.kind is Kind.JOINT else None
    if isinstance(place, JointScale):
        return feature_of(place.left_field), feature_of(place.right_field)
    return (feature_of(subject.field),) if subject.field and subject.family in {Family.DRIFT, Family.QUALITY} else ()


def _cells(subject: Subject, part: Baseline, settings: ModelSettings) -> Cells | None:
    """Return how a profile becomes the rows per bin or level of `subject`; None where it is not counted so."""
    if (subject.kind, subject.name) == (Kind.METRIC, "accuracy"):
        return _right_and_wrong
    slowness = latency(part.ruler, settings)
    every = chain(
        distributions(part, settings),
        pairs(part, settings),
        qualities(part, settings),
        (error_rate(settings),),
        (slowness,) if slowness else (),
    )
    return next((each.gauge.cells for each in every if each.subject == subject), None)


def _right_and_wrong(profile: Profile) -> tuple[float, float]:
    confusion: Mapping[tuple[str, str], int] = profile.outcomes.confusion
    right = sum(rows for (truth, predicted), rows in confusion.items() if truth == predicted)
    return right, sum(confusion.values()) - right


def _sum(cells: Cells, hours: Hours, part: Baseline, finding: Finding, window: Window) -> Sequence[float] | None:
    """Return the cells of all hours of `window` together; None where it has no rows."""
    found = cells(hours.profile(part, finding.version, window, finding.segment))
    return found if sum(found) > 0 else None


def _story(finding: Finding, history: Iterable[Finding]) -> list[Finding]:
    """Return what is known of the same subject up to `finding`, which is the last."""
    same = [
        each
        for each in history
        if (each.version, each.segment, each.subject) == (finding.version, finding.segment, finding.subject)
        and each.window < finding.window
    ]
    return [*same, finding]


def _longest(reach: tuple[int, timedelta], window: timedelta) -> timedelta:
    return max(reach[0] * window, reach[1])
