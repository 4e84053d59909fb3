"""
A made-up week of a model of flight delays, as the monitor would hand it over to be told.
"""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.digests import Digest, Item, Point
from elkmon.findings import Direction, Evidence, Family, Finding, Kind, Status, Subject
from elkmon.windows import WEEK, Window

FIRST = datetime(2013, 4, 1, tzinfo=UTC)
WEEKS = tuple(Window(FIRST + index * WEEK, FIRST + (index + 1) * WEEK) for index in range(26))
AUGUST = WEEKS[18]  # 5–11 August 2013
MILES = {2475: 16, 762: 10, 733: 17, 187: 15, 944: 14, 529: 14, 2565: 13, 1065: 12, 1096: 11, 214: 9, 502: 9, 1416: 7,
         488: 8, 2153: 6, 1608: 4, 719: 6, 1085: 5, 2454: 4, 335: 5, 1400: 7, 1598: 5, 1620: 3}  # fmt: skip
DISTANCE = Subject(Family.DRIFT, Kind.FEATURE, "distance", "features.num.distance")
TEMPERATURE = Subject(Family.DRIFT, Kind.FEATURE, "temp", "features.num.temp")
CARRIER = Subject(Family.DRIFT, Kind.FEATURE, "carrier", "features.cat.carrier")
HOUR = Subject(Family.DRIFT, Kind.FEATURE, "hour", "features.num.hour")
SCORE = Subject(Family.DRIFT, Kind.PREDICTION, "score", "elkmon.prediction.score")
GAP = Subject(Family.DRIFT, Kind.CONCEPT, "concept_gap")
AUC = Subject(Family.PERFORMANCE, Kind.METRIC, "roc_auc")
LOSS = Subject(Family.PERFORMANCE, Kind.METRIC, "log_loss")
MISSING = Subject(Family.QUALITY, Kind.MISSING, "wind_gust", "features.num.wind_gust")
UNSEEN = Subject(Family.QUALITY, Kind.UNSEEN, "dest", "features.cat.dest")
LATENCY = Subject(Family.SERVICE, Kind.FIGURE, "latency_p95", "event.duration")
ERRORS = Subject(Family.SERVICE, Kind.FIGURE, "error_rate")


def numbers(before: Sequence[float], now: Sequence[float]) -> Evidence:
    """Count two samples by twenty quantile bins of the first, with outer bins on each side, as a ruler does."""
    ordered = sorted(before)
    quantiles = [ordered[min(len(ordered) - 1, len(ordered) * index // 20)] for index in range(1, 20)]
    low, high = ordered[len(ordered) // 200], ordered[-len(ordered) // 200]
    spread = (ordered[-len(ordered) // 100] - ordered[len(ordered) // 100]) / 4.65
    outer = [step * spread for step in (0, 0.5, 1, 2, 4, 8, 16)]
    edges = tuple(sorted({*quantiles, *(low - step for step in outer), *(high + step for step in outer)}))
    labels = [f"below {edges[0]:g}"]
    labels += [f"{left:g} to {right:g}" for left, right in pairwise(edges)]
    labels.append(f"{edges[-1]:g} and above")
    sides = [Counter(bisect_right(edges, value) for value in side) for side in (before, now)]
    counts = [tuple(side[index] for index in range(len(labels))) for side in sides]
    return Evidence(tuple(labels), counts[0], counts[1], edges)


def levels(before: dict[str, int], now: dict[str, int]) -> Evidence:
    """Put rows per level side by side, with an empty place for all others at the end."""
    names = (*before, "other")
    return Evidence(names, tuple(before.get(name, 0) for name in names), tuple(now.get(name, 0) for name in names))


def finding(subject: Subject, status: Status, *, window: Window = AUGUST, **more: object) -> Finding:
    """Make a finding about the flights; what is not said is as usual."""
    usual: dict[str, object] = {"rows": 2312, "reference_rows": 80_789, "q_value": 3e-41, "reason": "single window"}
    return Finding("flight-delay", "3", window, subject, status, window.end, **(usual | more))


def distances(seed: int = 7) -> Evidence:
    """Flights' distances: a third of them, out of one airport, in kilometres now."""
    chance = random.Random(seed)
    miles, weights = list(MILES), list(MILES.values())
    before = [mile + chance.uniform(-12, 12) for mile in chance.choices(miles, weights, k=8000)]
    now = [
        mile * (1.609344 if chance.random() < 0.36 else 1) + chance.uniform(-12, 12)
        for mile in chance.choices(miles, weights, k=2312)
    ]
    return numbers(before, now)


def temperatures(seed: int = 8) -> Evidence:
    """Temperatures of a winter as the reference, and of a week in August."""
    chance = random.Random(seed)
    return numbers([chance.gauss(38, 10) for _ in range(8000)], [chance.gauss(76, 7) for _ in range(2312)])


def history(values: Sequence[float | None], limit: float, *, lower: bool = False) -> tuple[Point, ...]:
    """Make one point a week, the last one in August; None where the week could not be judged."""
    windows = WEEKS[19 - len(values) : 19] if len(values) <= 19 else WEEKS[: len(values)]
    points = []
    for window, value in zip(windows, values, strict=True):
        bad = value is not None and (value < limit if lower else value > limit)
        status = Status.UNKNOWN if value is None else _status(value, limit, bad, lower)
        points.append(Point(window.end, value, limit, status))
    return tuple(points)


def _status(value: float, limit: float, bad: bool, lower: bool) -> Status:
    if not bad:
        return Status.OK
    return Status.CRITICAL if not lower and value > 1.9 * limit else Status.WARNING


def item(
    of: Finding, change: Change = Change.OPENED, points: tuple[Point, ...] = (), opened_at: datetime | None = None
) -> Item:
    """Make an item of a digest: its alert has just made this change."""
    state = State.RESOLVED if change is Change.RESOLVED else State.OPEN
    alert = Alert(
        of.model, of.subject, episode=1, state=state, severity=of.status, opened_at=opened_at or of.window.end,
        resolved_at=of.window.end if state is State.RESOLVED else None, versions=("3",),
    )  # fmt: skip
    return Item(Transition(change, alert.fingerprint, 1, of.window.end, of.status, ("3",)), alert, of, points)


def drifted() -> Item:
    """Distance, far beyond its limit for the second week."""
    of = finding(DISTANCE, Status.CRITICAL, measure="wasserstein", unit="SD", value=0.6214, limit=0.31,
                 critical_limit=0.62, evidence=distances())  # fmt: skip
    return item(of, points=history([0.04, 0.06, 0.03, 0.08, 0.05, 0.07, 0.04, 0.06, 0.09, 0.05, 0.58, 0.6214], 0.31))


def warmer() -> Item:
    """Temperature, beyond every winter value."""
    of = finding(TEMPERATURE, Status.CRITICAL, measure="wasserstein", unit="SD", value=3.42, limit=1.1,
                 critical_limit=2.2, evidence=temperatures(), reason="run of 3")  # fmt: skip
    weeks = history([0.4, 0.6, 0.9, 1.4, 1.8, 2.3, 2.9, 3.2, 3.5, 3.6, 3.3, 3.42], 1.1)
    return item(of, Change.WORSENED, weeks, datetime(2013, 6, 24, tzinfo=UTC))


def fallen() -> Item:
    """The area under the curve, below its limit."""
    of = finding(AUC, Status.WARNING, measure="roc_auc", value=0.6412, baseline_value=0.6893, limit=0.6693,
                 direction=Direction.LOWER, lower=0.622, upper=0.660, coverage=0.93, q_value=0.0021)  # fmt: skip
    return item(
        of,
        points=history([0.69, 0.70, 0.68, 0.69, 0.67, 0.69, 0.70, 0.68, 0.67, 0.66, 0.645, 0.6412], 0.6693, lower=True),
    )


def carriers() -> Item:
    """Carriers in other shares than before, one of them nearly gone."""
    before = {"UA": 14_100, "B6": 13_400, "EV": 13_800, "DL": 11_100, "AA": 8_000, "MQ": 6_700, "US": 4_800, "9E": 4_500,
              "WN": 2_900, "VX": 900}  # fmt: skip
    now = {"UA": 420, "B6": 410, "EV": 60, "DL": 360, "AA": 240, "MQ": 190, "US": 150, "9E": 330, "WN": 90, "VX": 45}
    of = finding(CARRIER, Status.WARNING, measure="total_variation", unit="share of rows", value=0.147, limit=0.081,
                 evidence=levels(before, now))  # fmt: skip
    return item(of, points=history([0.02, 0.03, 0.02, 0.04, 0.03, 0.02, 0.03, 0.05, 0.04, 0.09, 0.12, 0.147], 0.081))


def recovered() -> Item:
    """Missing gusts, within limits again."""
    of = finding(
        MISSING, Status.OK, measure="missing", unit="share of rows", value=0.004, baseline_value=0.003, limit=0.013
    )
    weeks = history([0.003, 0.002, 0.004, 0.09, 0.11, 0.1, 0.08, 0.003, 0.004, 0.002, 0.003, 0.004], 0.013)
    return item(of, Change.RESOLVED, weeks, datetime(2013, 7, 8, tzinfo=UTC))


def a_digest() -> Digest:
    """What a week in August has to tell."""
    going_on = Alert("flight-delay", SCORE, episode=1, state=State.OPEN, severity=Status.WARNING,
                     opened_at=datetime(2013, 7, 1, tzinfo=UTC))  # fmt: skip
    return Digest(
        "8c1f0a2b9d3e4f5061728394a5b6c7d8",
        AUGUST.end,
        (drifted(), warmer(), carriers(), fallen(), recovered()),
        (going_on,),
        {
            "flight-delay": "file flights-january-march.parquet (3f9a1c22b7e0), 80,789 predictions of 2013-01-01 – 2013-03-31"
        },
    )
