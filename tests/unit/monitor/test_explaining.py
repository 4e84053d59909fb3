"""What is said of a finding beyond its verdict, as far as it follows from findings and the baseline alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.digests import Importance
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.monitor.explaining import began, coincident, importance, in_segments
from elkmon.profiles import Profile
from elkmon.rulers import CategoricalScale, JointScale, Ruler
from elkmon.windows import WEEK, Window

FIRST = datetime(2013, 7, 1, tzinfo=UTC)
WEEKS = tuple(Window(FIRST + index * WEEK, FIRST + (index + 1) * WEEK) for index in range(12))
AUC = Subject(Family.PERFORMANCE, Kind.METRIC, "roc_auc")
O, W, U = Status.OK, Status.WARNING, Status.UNKNOWN  # noqa: E741  verdicts in a row


def feature(name: str) -> Subject:
    return Subject(Family.DRIFT, Kind.FEATURE, name, f"features.num.{name}")


def story(subject: Subject, verdicts: list[Status], value: float = 0.6, segment: str = "") -> list[Finding]:
    """One finding a week, the last one in the twelfth."""
    windows = WEEKS[-len(verdicts) :]
    return [
        Finding("m", "1", window, subject, status, window.end, value=value, limit=0.3, segment=segment)
        for window, status in zip(windows, verdicts, strict=True)
    ]


def baseline(importances: dict[str, float] | None = None) -> Baseline:
    flag = CategoricalScale(("a",))
    pair = JointScale("features.num.distance", "features.num.wind", flag, flag)
    ruler = Ruler({"features.num.distance": flag, "features.num.wind": flag}, joints=(pair,))
    total = Profile("m", "1", FIRST, FIRST + WEEK, ruler.id)
    source = Source(SourceKind.FILE, "reference.csv")
    return Baseline("m", "1", ruler, source, total, FIRST, importances=importances or {})


@pytest.mark.parametrize(
    ("verdicts", "weeks_ago"),
    [([O, O, W, W, W], 2), ([W, O, O, W], 0), ([O, O, W, O, W], 2), ([O, O, W, U, U, W], 3), ([W, W], 1)],
)
def test_a_stretch_of_bad_windows_survives_one_good_one_and_unjudged_ones(verdicts, weeks_ago):
    """It began with the first bad window after two good ones."""
    assert began(story(AUC, verdicts)) == WEEKS[-1 - weeks_ago]


def test_what_got_worse_is_looked_at_since_it_is_as_bad():
    """Warnings before do not count to the stretch of critical windows."""
    critical = Status.CRITICAL
    assert began(story(AUC, [O, W, W, W, critical, W, critical]), critical) == WEEKS[-3]


def test_features_that_began_to_drift_in_the_same_windows_are_named_strongest_first():
    """Not one that drifted long before, nor one that is well again, nor one of another segment."""
    fallen = story(AUC, [O, O, O, O, W, W, W])
    history = [
        *fallen,
        *story(feature("weak"), [O, O, O, O, W, W, W], 0.4),
        *story(feature("strong"), [O, O, O, W, W, W, W], 0.9),
        *story(feature("old"), [O, O, W, W, W, W, W], 5.0),
        *story(feature("over"), [O, O, O, O, W, W, O], 5.0),
        *story(feature("elsewhere"), [O, O, O, O, W, W, W], 5.0, "carrier=UA"),
    ]
    assert [each.subject.name for each in coincident(fallen[-1], history, None)] == ["strong", "weak"]


def test_segments_that_are_bad_in_the_same_window_are_named_worst_first():
    """Not those that were bad before, nor another subject's; of a segment's own finding there are none."""
    (whole,) = story(AUC, [W])
    found = [
        *story(AUC, [W], 0.5, "c=small"),
        *story(AUC, [W], 0.9, "c=large"),
        *story(AUC, [W, O], 0.9, "c=earlier"),
        *story(feature("distance"), [W], 0.9, "c=other"),
    ]
    assert [each.segment for each in in_segments(whole, [whole, *found])] == ["c=large", "c=small"]
    assert in_segments(found[0], found) == ()


def test_importance_decides_which_coinciding_feature_is_first_and_five_are_named():
    """A weak drift of what matters comes before a strong one of what does not; the sixth is left out."""
    fallen = story(AUC, [O, O, W])
    history = [*fallen]
    for index in range(6):
        history += story(feature(f"f{index}"), [O, O, W], 0.4 + index / 100)
    weights = {f"f{index}": 1.0 for index in range(6)} | {"f0": 10.0}
    named = [each.subject.name for each in coincident(fallen[-1], history, baseline(weights))]
    assert named == ["f0", "f5", "f4", "f3", "f2"]


def test_only_bad_performance_has_coinciding_drift():
    """A drift is not explained by other drifts, and what is well needs no explanation."""
    drifts = story(feature("a"), [O, O, W]) + story(feature("b"), [O, O, W])
    assert coincident(drifts[2], drifts, None) == ()
    well = story(AUC, [O, O, O])
    assert coincident(well[-1], [*well, *drifts], None) == ()


def test_importance_is_a_rank_and_a_multiple_of_the_average():
    """Weights of 1, 2 and 6 average 3: the second place weighs two thirds; signs do not matter."""
    known = baseline({"distance": -2.0, "wind": 1.0, "hour": 6.0})
    assert importance(feature("distance"), known) == Importance(2, 3, pytest.approx(2 / 3))
    missing = replace(feature("wind"), family=Family.QUALITY, kind=Kind.MISSING)
    assert importance(missing, known) == Importance(3, 3, pytest.approx(1 / 3))


def test_a_pair_matters_as_much_as_its_more_important_feature():
    """The names are taken from the ruler, not from the words."""
    known = baseline({"distance": 2.0, "wind": 1.0})
    pair = Subject(Family.DRIFT, Kind.JOINT, "distance × wind", known.ruler.joints[0].name)
    assert importance(pair, known) == Importance(1, 2, pytest.approx(4 / 3))


@pytest.mark.parametrize("subject", [feature("unknown"), AUC, Subject(Family.SERVICE, Kind.FIGURE, "error_rate")])
def test_what_has_no_importance_has_none(subject):
    """A feature the weights do not name, a metric, a figure of the service; and no weights at all."""
    assert importance(subject, baseline({"distance": 2.0})) is None
    assert importance(subject, baseline()) is None
    assert importance(feature("distance"), baseline({"distance": 0.0})) is None
