"""Bad values, failing and slow calls, silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elkmon.baselines import SourceKind
from elkmon.findings import Kind, Status
from elkmon.judgement import Limits
from elkmon.judgement.subjects import THROUGHPUT


def test_silence_is_critical_and_all_else_unknown(window, verdicts):
    """No rows are needed to see that there are none."""
    found = verdicts(window(rows=0))
    silence = found[Kind.FIGURE, "silence"]
    assert (silence.status, silence.value, silence.limit) == (Status.CRITICAL, 1.0, 0.0)
    assert "without predictions" in silence.reason
    others = {finding.status for key, finding in found.items() if key != (Kind.FIGURE, "silence")}
    assert others == {Status.UNKNOWN}


def test_silence_that_the_reference_knows_is_no_finding(window, verdicts):
    """A model that rests for two days a week is silent on the third."""
    resting = Limits(longest_silence=2)
    none = [window(100 + place, rows=0) for place in range(3)]
    assert verdicts(none[1], none[:1], learnt=resting)[Kind.FIGURE, "silence"].status is Status.OK
    assert verdicts(none[2], none[:2], learnt=resting)[Kind.FIGURE, "silence"].status is Status.CRITICAL


@pytest.mark.parametrize(
    ("world", "kind", "name"),
    [
        ({"missing": 10}, Kind.MISSING, "x"),
        ({"unseen": 10}, Kind.UNSEEN, "c"),
        ({"rejected": 5}, Kind.REJECTED, "x"),
        ({"unindexed": 5}, Kind.UNINDEXED, "x"),
        ({"shift": 60}, Kind.OUT_OF_RANGE, "x"),
        ({"constant": True}, Kind.CONSTANT, "x"),
    ],
)
def test_bad_values_are_found(world, kind, name, window, verdicts):
    """Each kind of trouble by its name, with the share of rows."""
    finding = verdicts(window(**world))[kind, name]
    assert finding.status.bad
    assert finding.value is not None
    assert finding.limit is not None
    assert finding.value > finding.limit
    assert finding.unit == "share of rows"


def test_a_feature_that_disappears_is_missing_altogether(window, verdicts):
    """Its quality is critical; its drift cannot be judged and is not called fine."""
    found = verdicts(window(missing=50))
    assert found[Kind.MISSING, "x"].status is Status.CRITICAL
    assert found[Kind.MISSING, "x"].value == 1.0
    assert found[Kind.FEATURE, "x"].status is Status.UNKNOWN


def test_a_feature_that_was_not_indexed_is_unknown(window, verdicts):
    """What Elasticsearch left out is neither missing nor unchanged."""
    found = verdicts(window(unindexed=5))
    assert found[Kind.FEATURE, "x"].status is Status.UNKNOWN
    assert "did not index" in found[Kind.FEATURE, "x"].reason
    assert found[Kind.MISSING, "x"].status is Status.OK


def test_failing_calls_are_found(window, reference, verdicts):
    """A tenth of them, where the reference had none."""
    finding = verdicts(window(errors=6))[Kind.FIGURE, "error_rate"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(6 / 56)
    assert finding.baseline_value == 0.0


def test_only_failing_calls_are_silent_and_failing(window, verdicts):
    """No prediction came out, and the error rate says why."""
    found = verdicts(window(rows=0, errors=20))
    assert found[Kind.FIGURE, "silence"].status is Status.CRITICAL
    assert found[Kind.FIGURE, "error_rate"].status is Status.CRITICAL


def test_slow_calls_are_found(window, verdicts):
    """Three times slower: the ratio of the 95th percentiles, with all percentiles in seconds beside it."""
    finding = verdicts(window(slower=3))[Kind.FIGURE, "latency_p95"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(3, rel=0.15)
    assert finding.beside["p95_seconds"] == pytest.approx(3 * finding.beside["reference_p95_seconds"], rel=0.15)
    assert finding.evidence is not None


def test_throughput_that_falls_is_found(window, verdicts):
    """A third of the usual rate, as a ratio of which less is worse."""
    finding = verdicts(window(rows=16))[Kind.FIGURE, "throughput"]
    assert finding.status is Status.WARNING
    assert finding.value == pytest.approx(16 / 50)
    assert finding.limit == pytest.approx(0.5)


def test_a_file_says_nothing_of_rates(window, reference, verdicts):
    """Throughput is not judged against a file; failing calls warn at most; latency needs the file to have some."""
    known = reference(kind=SourceKind.FILE)
    subjects = {name: counts for name, counts in known.total.subjects.items() if name != "event.duration"}
    file = replace(known, total=replace(known.total, subjects=subjects))
    found = verdicts(window(rows=16, errors=6, slower=5), baseline=file)
    assert found[Kind.FIGURE, "throughput"].status is Status.NOT_APPLICABLE
    assert found[Kind.FIGURE, "latency_p95"].status is Status.NOT_APPLICABLE
    assert (found[Kind.FIGURE, "error_rate"].status, found[Kind.FIGURE, "error_rate"].reason) == (
        Status.WARNING,
        "floor",
    )


def test_a_steady_service_teaches_that_no_window_is_scarcer_than_another(limits):
    """Each of the reference's windows is held against an average one of the others, which has as many predictions."""
    assert limits().learnt[THROUGHPUT].largest == pytest.approx(1.0)
