"""All verdicts on a window: what is judged, what is not, and how chance is corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from elkmon.findings import Family, Kind, Status
from elkmon.judgement import Limits, evidence, judge, unjudged
from elkmon.profiles import ALL, Counts
from elkmon.rulers import CategoricalScale, Ruler
from elkmon.windows import DAY, Window


def test_unchanged_traffic_is_ok_in_every_family(window, reference, verdicts, bad, settings):
    """Everything is judged, nothing is bad, and every verdict says what it is made from."""
    found = verdicts(window())
    assert bad(found) == set()
    assert {finding.subject.family for finding in found.values()} == set(Family)
    assert {finding.status for finding in found.values()} == {Status.OK}
    drift = found[Kind.FEATURE, "x"]
    assert (drift.rows, drift.reference_rows, drift.measure, drift.unit) == (1200, 72_000, "wasserstein", "SD")
    assert drift.baseline == reference().id
    assert drift.settings == settings.hash


def test_unchanged_windows_seldom_alarm(window, verdicts, bad):
    """Sixty unchanged days of 31 subjects each: not one bad verdict in a thousand."""
    alarms = [len(bad(verdicts(window(day, seed=2)))) for day in range(100, 160)]
    assert sum(alarms) <= 1


def test_a_shift_is_found_with_its_evidence(window, verdicts, bad):
    """Half an SD is critical; the evidence holds the rows of both sides in every bin."""
    found = verdicts(window(shift=0.5))
    finding = found[Kind.FEATURE, "x"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(0.5, abs=0.08)
    assert finding.reason == "single window"
    assert finding.q_value is not None
    assert finding.q_value < 0.01
    assert finding.evidence is not None
    assert sum(finding.evidence.current) == 1200
    assert len(finding.evidence.labels) == len(finding.evidence.edges) + 1
    assert set(finding.beside) == {"psi", "jensen_shannon", "chi_square", "chi_square_p_value", "ks"}
    assert bad(found) == {(Kind.FEATURE, "x")}


def test_a_significant_but_small_shift_is_no_finding(window, verdicts):
    """A twentieth of an SD over a million rows is certain and does not matter."""
    found = verdicts(window(shift=0.05, rows=20_000))
    finding = found[Kind.FEATURE, "x"]
    assert finding.p_value is not None
    assert finding.p_value < 1e-6
    assert finding.status is Status.OK


def test_levels_that_change_are_found(window, verdicts):
    """A tenth of the rows moves from one level to the other."""
    finding = verdicts(window(share_of_a=0.5))[Kind.FEATURE, "c"]
    assert (finding.status, finding.measure) == (Status.WARNING, "total_variation")
    assert finding.value == pytest.approx(0.1, abs=0.04)


def test_ignored_features_are_not_judged(window, verdicts, settings):
    """Neither their drift nor their quality."""
    found = verdicts(window(shift=3), settings=replace(settings, ignore=("x",)))
    assert not [key for key in found if key[1] == "x"]


def test_too_few_rows_are_unknown_never_ok(window, verdicts):
    """Below min_rows every subject but silence says so."""
    found = verdicts(window(rows=4, shift=3))
    statuses = {key: finding.status for key, finding in found.items()}
    assert statuses.pop((Kind.FIGURE, "silence")) is Status.OK
    assert statuses.pop((Kind.FIGURE, "throughput")) is Status.CRITICAL
    assert set(statuses.values()) == {Status.UNKNOWN}
    assert found[Kind.FEATURE, "x"].reason == "96 rows in this window, 200 are needed"


def test_a_feature_that_the_reference_never_had_is_not_applicable(window, reference, verdicts):
    """There is nothing to compare with."""
    known = reference()
    nothing = Counts((0,) * known.ruler.scales["features.num.x"].size, missing=known.total.predictions)
    without = replace(known, total=replace(known.total, subjects={**known.total.subjects, "features.num.x": nothing}))
    assert verdicts(window(), baseline=without)[Kind.FEATURE, "x"].status is Status.NOT_APPLICABLE


def test_a_feature_seen_as_number_and_as_level_has_one_story(window, reference, settings, start):
    """Judged as what it is more often in the reference."""
    known = reference()
    ruler = Ruler({**known.ruler.scales, "features.cat.x": CategoricalScale(("1",))})
    both = replace(known, ruler=ruler, total=replace(known.total, ruler=ruler.id), hours=())
    found = judge(settings, both, {ALL: Limits()}, {ALL: replace(window(), ruler=ruler.id)}, (), start + 200 * DAY)
    assert [finding.subject.field for finding in found if finding.subject.kind is Kind.FEATURE] == [
        "features.num.x",
        "features.cat.c",
    ]


def test_chance_is_corrected_over_everything_tested(window, verdicts):
    """Every q is at least its p, and those tested are all that have one."""
    found = verdicts(window(shift=0.5))
    tested = [finding for finding in found.values() if finding.p_value is not None]
    assert len(tested) > 20
    assert all(finding.q_value >= finding.p_value for finding in tested)
    assert all(finding.q_value is None for finding in found.values() if finding.p_value is None)


def test_profiles_of_another_ruler_are_refused(window, reference, verdicts):
    """Counts of other bins would be compared as if they were the same."""
    with pytest.raises(ValueError, match="counted by ruler"):
        verdicts(replace(window(), ruler="another"))
    with pytest.raises(ValueError, match="counted by ruler"):
        evidence(reference(), replace(window(), ruler="another"), verdicts(window())[Kind.FEATURE, "x"].subject)


def test_evidence_is_for_distributions_only(window, reference, verdicts):
    """Any feature can be plotted, also a good one; a metric has no distribution; absent levels are left out."""
    found = verdicts(window())
    shown: Callable[[tuple[Kind, str]], object] = lambda key: evidence(  # noqa: E731  three uses in three lines
        reference(), window(), found[key].subject
    )
    assert shown((Kind.METRIC, "accuracy")) is None
    assert shown((Kind.FEATURE, "x")) is not None
    levels = evidence(reference(), window(), found[Kind.FEATURE, "c"].subject)
    assert levels is not None
    assert levels.labels == ("a", "b")


def test_a_window_without_a_baseline_is_unknown(settings, start):
    """One finding, with the reason."""
    day = Window(start, start + DAY)
    (finding,) = unjudged(settings, "m", "2", day, start + 2 * DAY, "there is no baseline")
    assert (finding.status, finding.version, finding.reason) == (Status.UNKNOWN, "2", "there is no baseline")


def test_judging_again_says_the_same(window, verdicts):
    """No clock, no seed, no order: equal input, equal findings."""
    current = window(shift=0.5, quality=0.1)
    assert verdicts(current) == verdicts(current)
