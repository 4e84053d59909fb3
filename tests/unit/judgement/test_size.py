"""What counts as big: floors, what the reference does to itself, and runs."""

from __future__ import annotations

from dataclasses import replace

from elkmon.checks import Floor
from elkmon.findings import Kind, Status
from elkmon.judgement import earlier_windows, learn
from elkmon.profiles import ALL
from elkmon.windows import DAY, WEEK


def test_a_reference_whose_days_differ_has_wider_limits(window, reference, limits, verdicts):
    """What the reference does to itself is no drift: half an SD is a usual day there."""
    quiet, stormy = limits(), limits(weather=True)
    subject = next(subject for subject in quiet.learnt if subject.name == "x" and subject.kind is Kind.FEATURE)
    assert (stormy.learnt[subject].limit or 0) > 3 * (quiet.learnt[subject].limit or 0)
    found = verdicts(window(shift=0.5), baseline=reference(weather=True), learnt=stormy)
    assert found[Kind.FEATURE, "x"].status is Status.OK


def test_a_shift_that_stays_is_found_by_a_run(window, reference, limits, verdicts):
    """No single day stands out from such days, ten in a row do; one day less, or an empty one, does not."""
    days = [window(90 + place, shift=0.9) for place in range(10)]
    baseline, learnt = reference(weather=True), limits(weather=True)
    with_run = verdicts(days[-1], days[:-1], baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"]
    assert with_run.status.bad
    assert with_run.reason == "run of 10"
    assert with_run.limit is not None
    assert with_run.value is not None
    assert with_run.value > with_run.limit
    assert verdicts(days[-1], days[1:-1], baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"].status is Status.OK
    empty = [*days[:4], window(94, rows=0), *days[5:-1]]
    assert verdicts(days[-1], empty, baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"].status is Status.OK


def test_earlier_windows_make_a_run():
    """Nine before a day, two before a week."""
    assert (earlier_windows(DAY), earlier_windows(WEEK)) == (9, 2)


def test_a_short_reference_warns_by_its_floors_at_most(window, reference, verdicts, settings):
    """Seven days teach nothing: floors alone, and never critical, said so."""
    short = reference(7)
    finding = verdicts(window(shift=2), baseline=short, learnt=learn(short, settings)[ALL])[Kind.FEATURE, "x"]
    assert (finding.status, finding.reason, finding.limit) == (Status.WARNING, "floor", 0.1)
    assert finding.critical_limit is None


def test_a_reference_without_timestamps_teaches_nothing(window, reference, verdicts, settings):
    """Its hours, were there any, say nothing of how its days differ."""
    known = reference()
    untimed = replace(known, source=replace(known.source, has_timestamps=False), hours=())
    learnt = learn(untimed, settings)[ALL]
    assert {limit.limit for limit in learnt.learnt.values()} == {None}
    assert learnt.windows == 0
    found = verdicts(window(quality=0.0, shift=1), baseline=untimed, learnt=learnt)
    assert found[Kind.FEATURE, "x"].status is Status.WARNING
    assert (found[Kind.METRIC, "roc_auc"].status, found[Kind.METRIC, "roc_auc"].reason) == (Status.WARNING, "floor")


def test_configured_floors_win(window, reference, verdicts, settings):
    """A model's floor, and a feature's own, which is drift's only."""
    own = replace(
        settings, feature_floors={"x": {"drift": Floor(1.0, 2.0)}}, floors={"total_variation": Floor(0.3, 0.5)}
    )
    found = verdicts(window(shift=0.5, share_of_a=0.45, missing=10), settings=own, learnt=learn(reference(), own)[ALL])
    assert found[Kind.FEATURE, "x"].status is Status.OK
    assert found[Kind.FEATURE, "c"].status is Status.OK
    assert found[Kind.MISSING, "x"].status is Status.CRITICAL
