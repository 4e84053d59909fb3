"""Verdicts on windows of a small made-up model whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import Floor, ModelSettings
from elkmon.findings import Family, Finding, Kind, Status
from elkmon.judgement import Limits, earlier_windows, evidence, judge, learn, unjudged
from elkmon.losses import classification_losses
from elkmon.measures.binning import latency_scale, numeric_scale, score_scale
from elkmon.profiles import Counts, Outcomes, Profile, total
from elkmon.rulers import CategoricalScale, NumericScale, NumericSummary, Ruler
from elkmon.windows import DAY, HOUR, WEEK, Window

START = datetime(2013, 1, 1, tzinfo=UTC)
X, C, SCORE, LABEL, DURATION = (
    "features.num.x",
    "features.cat.c",
    "elkmon.prediction.score",
    "elkmon.prediction.label",
    "event.duration",
)
EVEN = NumericSummary(10**6, 10**6, (), {p / 100: p / 100 for p in range(1, 100)}, 0.0, 1.0)
NORMAL = NumericSummary(
    10**6,
    10**6,
    (),
    {p: float(q) for p, q in zip(
        (0.005, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.995),
        np.quantile(np.random.default_rng(0).normal(size=200_000), [0.005, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.995]),
        strict=True,
    )},
    -4.8,
    4.8,
)  # fmt: skip
RULER = Ruler(
    {
        X: numeric_scale(NORMAL),
        C: CategoricalScale(("a", "b")),
        SCORE: score_scale(EVEN),
        LABEL: CategoricalScale(("no", "yes")),
        DURATION: latency_scale(),
    }
)
SETTINGS = ModelSettings("m", positive_label="yes", labels_after=DAY)


@dataclass(frozen=True)
class World:
    """What one hour of traffic looks like."""

    rows: int = 50
    shift: float = 0.0
    share_of_a: float = 0.6
    missing: int = 0
    unseen: int = 0
    rejected: int = 0
    unindexed: int = 0
    errors: int = 0
    slower: float = 1.0
    quality: float = 0.25  # how far scores of positives lie above those of negatives
    labelled: float = 1.0
    constant: bool = False


def binned(scale: NumericScale, values: np.ndarray) -> tuple[int, ...]:
    return tuple(np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size).tolist())


def hour(start: datetime, world: World, seed: int) -> Profile:
    rng = np.random.default_rng([seed, int(start.timestamp())])
    rows = world.rows
    if not rows:
        return Profile("m", "1", start, start + HOUR, RULER.id, errors=world.errors)
    x = np.zeros(rows) if world.constant else rng.normal(world.shift, 1, rows)
    kept = rows - world.missing - world.rejected - world.unindexed
    a = int((rng.random(rows - world.unseen) < world.share_of_a).sum())
    truth = rng.random(rows) < 0.4
    score = np.clip(rng.normal(0.35 + world.quality * truth, 0.15), 0.001, 0.999)
    guess = score >= 0.5
    known = rng.random(rows) < world.labelled
    duration = rng.lognormal(np.log(2e7 * world.slower), 0.5, rows)
    scale = RULER.scales[SCORE]
    assert isinstance(scale, NumericScale)
    losses = [
        classification_losses(s, positive=bool(t)) for s, t in zip(score[known].tolist(), truth[known], strict=True)
    ]
    confusion = {
        (true, predicted): int((known & (truth == (true == "yes")) & (guess == (predicted == "yes"))).sum())
        for true in ("no", "yes")
        for predicted in ("no", "yes")
    }
    outcomes = Outcomes(
        int(known.sum()),
        {pair: count for pair, count in confusion.items() if count},
        {"yes": binned(scale, score[known & truth]), "no": binned(scale, score[known & ~truth])},
        sums={
            "log_loss": sum(loss["log_loss"] for loss in losses),
            "log_loss_rows": len(losses),
            "brier": sum(loss["brier"] for loss in losses),
            "brier_rows": len(losses),
        },
    )
    subjects = {
        X: Counts(binned(RULER.scales[X], x[:kept]), world.missing, rejected=world.rejected, unindexed=world.unindexed),
        C: Counts((a, rows - world.unseen - a, world.unseen), unseen=world.unseen),
        SCORE: Counts(binned(scale, score)),
        LABEL: Counts((int((~guess).sum()), int(guess.sum()), 0)),
        DURATION: Counts(binned(RULER.scales[DURATION], duration)),
    }
    return Profile("m", "1", start, start + HOUR, RULER.id, rows, world.errors, subjects, outcomes)


def window(world: World, days_after: int = 100, length: timedelta = DAY, seed: int = 1) -> Profile:
    start = START + days_after * DAY
    hours = [hour(start + place * HOUR, world, seed) for place in range(length // HOUR)]
    return total(hours, Profile("m", "1", start, start + length, RULER.id))


@cache
def reference(days: int = 60, kind: SourceKind = SourceKind.WINDOW, *, weather: bool = False) -> Baseline:
    """Make a reference; with `weather` its days differ by an SD of half an SD."""
    moods = np.random.default_rng(5).normal(0, 0.5, days) if weather else np.zeros(days)
    hours = tuple(
        hour(START + place * HOUR, World(shift=float(moods[place // 24])), seed=0) for place in range(days * 24)
    )
    whole = total(hours, Profile("m", "1", START, START + days * DAY, RULER.id))
    return Baseline("m", "1", RULER, Source(kind, "reference"), whole, START, hours)


@cache
def limits(baseline_days: int = 60, *, weather: bool = False) -> Limits:
    return learn(reference(baseline_days, weather=weather), SETTINGS)


def verdicts(
    current: Profile,
    earlier: Sequence[Profile] = (),
    settings: ModelSettings = SETTINGS,
    baseline: Baseline | None = None,
    learnt: Limits | None = None,
    now: datetime | None = None,
) -> dict[tuple[Kind, str], Finding]:
    baseline = baseline or reference()
    found = judge(settings, baseline, learnt or limits(), current, earlier, now or current.end + 2 * DAY)
    assert len({finding.subject for finding in found}) == len(found)
    return {(finding.subject.kind, finding.subject.name): finding for finding in found}


def bad(found: dict[tuple[Kind, str], Finding]) -> set[tuple[Kind, str]]:
    return {key for key, finding in found.items() if finding.status.bad}


def test_unchanged_traffic_is_ok_in_every_family():
    """Everything is judged, nothing is bad, and every verdict says what it is made from."""
    found = verdicts(window(World()))
    assert bad(found) == set()
    assert {finding.subject.family for finding in found.values()} == set(Family)
    assert {finding.status for finding in found.values()} == {Status.OK}
    drift = found[Kind.FEATURE, "x"]
    assert (drift.rows, drift.reference_rows, drift.measure, drift.unit) == (1200, 72_000, "wasserstein", "SD")
    assert drift.baseline == reference().id
    assert drift.settings == SETTINGS.hash


def test_unchanged_windows_seldom_alarm():
    """Sixty unchanged days of 31 subjects each: not one bad verdict in a thousand."""
    alarms = [len(bad(verdicts(window(World(), day, seed=2)))) for day in range(100, 160)]
    assert sum(alarms) <= 1


def test_a_shift_is_found_with_its_evidence():
    """Half an SD is critical; the evidence holds the rows of both sides in every bin."""
    found = verdicts(window(World(shift=0.5)))
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


def test_a_significant_but_small_shift_is_no_finding():
    """A twentieth of an SD over a million rows is certain and does not matter."""
    found = verdicts(window(World(shift=0.05, rows=20_000)))
    finding = found[Kind.FEATURE, "x"]
    assert finding.p_value is not None
    assert finding.p_value < 1e-6
    assert finding.status is Status.OK


def test_levels_that_change_are_found():
    """A tenth of the rows moves from one level to the other."""
    finding = verdicts(window(World(share_of_a=0.5)))[Kind.FEATURE, "c"]
    assert (finding.status, finding.measure) == (Status.WARNING, "total_variation")
    assert finding.value == pytest.approx(0.1, abs=0.04)


def test_a_reference_whose_days_differ_has_wider_limits():
    """What the reference does to itself is no drift: half an SD is a usual day there."""
    quiet, stormy = limits(), limits(weather=True)
    subject = next(subject for subject in quiet.learnt if subject.name == "x" and subject.kind is Kind.FEATURE)
    assert (stormy.learnt[subject].limit or 0) > 3 * (quiet.learnt[subject].limit or 0)
    found = verdicts(window(World(shift=0.5)), baseline=reference(weather=True), learnt=stormy)
    assert found[Kind.FEATURE, "x"].status is Status.OK


def test_a_shift_that_stays_is_found_by_a_run():
    """No single day stands out from such days, ten in a row do; one day less, or an empty one, does not."""
    days = [window(World(shift=0.9), 90 + place) for place in range(10)]
    baseline, learnt = reference(weather=True), limits(weather=True)
    with_run = verdicts(days[-1], days[:-1], baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"]
    assert with_run.status.bad
    assert with_run.reason == "run of 10"
    assert with_run.limit is not None
    assert with_run.value is not None
    assert with_run.value > with_run.limit
    assert verdicts(days[-1], days[1:-1], baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"].status is Status.OK
    empty = [*days[:4], window(World(rows=0), 94), *days[5:-1]]
    assert verdicts(days[-1], empty, baseline=baseline, learnt=learnt)[Kind.FEATURE, "x"].status is Status.OK


def test_earlier_windows_make_a_run():
    """Nine before a day, two before a week."""
    assert (earlier_windows(DAY), earlier_windows(WEEK)) == (9, 2)


def test_a_short_reference_warns_by_its_floors_at_most():
    """Seven days teach nothing: floors alone, and never critical, said so."""
    short = reference(7)
    finding = verdicts(window(World(shift=2)), baseline=short, learnt=learn(short, SETTINGS))[Kind.FEATURE, "x"]
    assert (finding.status, finding.reason, finding.limit) == (Status.WARNING, "floor", 0.1)
    assert finding.critical_limit is None


def test_a_reference_without_timestamps_teaches_nothing():
    """Its hours, were there any, say nothing of how its days differ."""
    known = reference()
    untimed = replace(known, source=replace(known.source, has_timestamps=False), hours=())
    learnt = learn(untimed, SETTINGS)
    assert {limit.limit for limit in learnt.learnt.values()} == {None}
    assert learnt.windows == 0
    found = verdicts(window(World(quality=0.0, shift=1)), baseline=untimed, learnt=learnt)
    assert found[Kind.FEATURE, "x"].status is Status.WARNING
    assert (found[Kind.METRIC, "roc_auc"].status, found[Kind.METRIC, "roc_auc"].reason) == (Status.WARNING, "floor")


def test_configured_floors_win():
    """A model's floor, and a feature's own, which is drift's only."""
    own = replace(SETTINGS, feature_floors={"x": Floor(1.0, 2.0)}, floors={"total_variation": Floor(0.3, 0.5)})
    found = verdicts(
        window(World(shift=0.5, share_of_a=0.45, missing=10)), settings=own, learnt=learn(reference(), own)
    )
    assert found[Kind.FEATURE, "x"].status is Status.OK
    assert found[Kind.FEATURE, "c"].status is Status.OK
    assert found[Kind.MISSING, "x"].status is Status.CRITICAL


def test_ignored_features_are_not_judged():
    """Neither their drift nor their quality."""
    found = verdicts(window(World(shift=3)), settings=replace(SETTINGS, ignore=("x",)))
    assert not [key for key in found if key[1] == "x"]


def test_too_few_rows_are_unknown_never_ok():
    """Below min_rows every subject but silence says so."""
    found = verdicts(window(World(rows=4, shift=3)))
    statuses = {key: finding.status for key, finding in found.items()}
    assert statuses.pop((Kind.FIGURE, "silence")) is Status.OK
    assert statuses.pop((Kind.FIGURE, "throughput")) is Status.CRITICAL
    assert set(statuses.values()) == {Status.UNKNOWN}
    assert found[Kind.FEATURE, "x"].reason == "96 rows in this window, 200 are needed"


def test_silence_is_critical_and_all_else_unknown():
    """No rows are needed to see that there are none."""
    found = verdicts(window(World(rows=0)))
    silence = found[Kind.FIGURE, "silence"]
    assert (silence.status, silence.value, silence.limit) == (Status.CRITICAL, 1.0, 0.0)
    assert "without predictions" in silence.reason
    others = {finding.status for key, finding in found.items() if key != (Kind.FIGURE, "silence")}
    assert others == {Status.UNKNOWN}


def test_silence_that_the_reference_knows_is_no_finding():
    """A model that rests for two days a week is silent on the third."""
    resting = Limits(longest_silence=2)
    none = [window(World(rows=0), 100 + place) for place in range(3)]
    assert verdicts(none[1], none[:1], learnt=resting)[Kind.FIGURE, "silence"].status is Status.OK
    assert verdicts(none[2], none[:2], learnt=resting)[Kind.FIGURE, "silence"].status is Status.CRITICAL


@pytest.mark.parametrize(
    ("world", "kind", "name"),
    [
        (World(missing=10), Kind.MISSING, "x"),
        (World(unseen=10), Kind.UNSEEN, "c"),
        (World(rejected=5), Kind.REJECTED, "x"),
        (World(unindexed=5), Kind.UNINDEXED, "x"),
        (World(shift=60), Kind.OUT_OF_RANGE, "x"),
        (World(constant=True), Kind.CONSTANT, "x"),
    ],
)
def test_bad_values_are_found(world, kind, name):
    """Each kind of trouble by its name, with the share of rows."""
    finding = verdicts(window(world))[kind, name]
    assert finding.status.bad
    assert finding.value is not None
    assert finding.limit is not None
    assert finding.value > finding.limit
    assert finding.unit == "share of rows"


def test_a_feature_that_disappears_is_missing_altogether():
    """Its quality is critical; its drift cannot be judged and is not called fine."""
    found = verdicts(window(World(missing=50)))
    assert found[Kind.MISSING, "x"].status is Status.CRITICAL
    assert found[Kind.MISSING, "x"].value == 1.0
    assert found[Kind.FEATURE, "x"].status is Status.UNKNOWN


def test_a_feature_that_was_not_indexed_is_unknown():
    """What Elasticsearch left out is neither missing nor unchanged."""
    found = verdicts(window(World(unindexed=5)))
    assert found[Kind.FEATURE, "x"].status is Status.UNKNOWN
    assert "did not index" in found[Kind.FEATURE, "x"].reason
    assert found[Kind.MISSING, "x"].status is Status.OK


def test_a_feature_that_the_reference_never_had_is_not_applicable():
    """There is nothing to compare with."""
    known = reference()
    nothing = Counts((0,) * RULER.scales[X].size, missing=known.total.predictions)
    without = replace(known, total=replace(known.total, subjects={**known.total.subjects, X: nothing}))
    assert verdicts(window(World()), baseline=without)[Kind.FEATURE, "x"].status is Status.NOT_APPLICABLE


def test_a_feature_seen_as_number_and_as_level_has_one_story():
    """Judged as what it is more often in the reference."""
    known = reference()
    ruler = Ruler({**RULER.scales, "features.cat.x": CategoricalScale(("1",))})
    both = replace(known, ruler=ruler, total=replace(known.total, ruler=ruler.id), hours=())
    found = judge(SETTINGS, both, Limits(), replace(window(World()), ruler=ruler.id), (), START + 200 * DAY)
    assert [finding.subject.field for finding in found if finding.subject.kind is Kind.FEATURE] == [X, C]


def test_performance_that_falls_is_found():
    """Scores that say nothing any more: ROC AUC, log loss and accuracy, with interval and coverage."""
    found = verdicts(window(World(quality=0.0)))
    finding = found[Kind.METRIC, "roc_auc"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(0.5, abs=0.05)
    assert finding.lower is not None
    assert finding.upper is not None
    assert finding.lower < finding.value < finding.upper
    assert finding.coverage == 1.0
    assert {"precision", "recall", "brier", "calibration_error"} <= set(finding.beside)
    assert found[Kind.METRIC, "accuracy"].status.bad
    assert found[Kind.METRIC, "log_loss"].status.bad


def test_labels_not_due_are_pending_and_later_unknown():
    """Before labels_after has passed, and after it with too few labels."""
    early = window(World(labelled=0.1))
    before = verdicts(early, now=early.end + HOUR)
    assert before[Kind.METRIC, "accuracy"].status is Status.PENDING
    assert before[Kind.CONCEPT, "concept_gap"].status is Status.PENDING
    assert "due on" in before[Kind.METRIC, "accuracy"].reason
    after = verdicts(early, now=early.end + DAY)
    assert after[Kind.METRIC, "accuracy"].status is Status.UNKNOWN
    assert after[Kind.METRIC, "accuracy"].coverage == pytest.approx(0.1, abs=0.03)


def test_enough_labels_are_judged_before_they_are_due():
    """Coverage decides, not the clock."""
    full = window(World())
    assert verdicts(full, now=full.end)[Kind.METRIC, "accuracy"].status is Status.OK


def test_without_expected_truth_performance_is_not_applicable():
    """Nobody sends labels and nobody said they would."""
    silent = replace(SETTINGS, labels_after=None)
    found = verdicts(window(World(labelled=0)), settings=silent)
    assert found[Kind.METRIC, "accuracy"].status is Status.NOT_APPLICABLE


def test_in_sample_references_are_no_measure_of_performance():
    """Said so, and drift is judged all the same."""
    known = reference()
    fitted = replace(known, source=replace(known.source, out_of_sample=False))
    found = verdicts(window(World(quality=0.0, shift=1)), baseline=fitted)
    assert found[Kind.METRIC, "roc_auc"].status is Status.NOT_APPLICABLE
    assert "trained on" in found[Kind.METRIC, "roc_auc"].reason
    assert found[Kind.FEATURE, "x"].status is Status.CRITICAL


def test_a_reference_without_truth_judges_no_performance():
    """The reason says what to do about it; the value is shown."""
    known = reference()
    bare = replace(known, total=replace(known.total, outcomes=Outcomes()), hours=())
    finding = verdicts(window(World()), baseline=bare, learnt=learn(bare, SETTINGS))[Kind.METRIC, "accuracy"]
    assert finding.status is Status.NOT_APPLICABLE
    assert "baseline with outcomes" in finding.reason
    assert finding.value is not None


def test_scores_need_to_know_whose_they_are():
    """Without a positive label AUC is unknown, with the remedy; accuracy needs none."""
    unnamed = replace(SETTINGS, positive_label=None)
    found = verdicts(window(World()), settings=unnamed)
    assert found[Kind.METRIC, "roc_auc"].status is Status.UNKNOWN
    assert "set positive_label" in found[Kind.METRIC, "roc_auc"].reason
    assert found[Kind.METRIC, "accuracy"].status is Status.OK


def test_a_metric_of_another_task_is_not_applicable():
    """A classifier has no mean absolute error."""
    found = verdicts(window(World()), settings=replace(SETTINGS, metrics=("mae", "accuracy")))
    assert found[Kind.METRIC, "mae"].status is Status.NOT_APPLICABLE
    assert found[Kind.METRIC, "accuracy"].status is Status.OK
    assert (Kind.METRIC, "roc_auc") not in found


def test_a_changed_gap_between_predicted_and_actual_is_concept_drift():
    """Scores rise for negatives too; the lesson's own test stands beside it and does not vote."""
    shifted = window(World())
    bins = shifted.outcomes.scores
    moved = {label: (*((0,) * 30), *rows[:-30]) for label, rows in bins.items()}
    kept = {label: (*rows[:-1], rows[-1] + sum(bins[label]) - sum(rows)) for label, rows in moved.items()}
    drifted = replace(shifted, outcomes=replace(shifted.outcomes, scores=kept))
    found = verdicts(drifted)[Kind.CONCEPT, "concept_gap"]
    assert found.status.bad
    assert found.subject.family is Family.DRIFT
    assert {"gap", "reference_gap", "ks_predicted_actual", "ks_predicted_actual_p_value"} <= set(found.beside)
    assert verdicts(shifted)[Kind.CONCEPT, "concept_gap"].status is Status.OK


def test_failing_calls_are_found():
    """A tenth of them, where the reference had none."""
    finding = verdicts(window(World(errors=6)))[Kind.FIGURE, "error_rate"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(6 / 56)
    assert finding.baseline_value == 0.0


def test_only_failing_calls_are_silent_and_failing():
    """No prediction came out, and the error rate says why."""
    found = verdicts(window(World(rows=0, errors=20)))
    assert found[Kind.FIGURE, "silence"].status is Status.CRITICAL
    assert found[Kind.FIGURE, "error_rate"].status is Status.CRITICAL


def test_slow_calls_are_found():
    """Three times slower: the ratio of the 95th percentiles, with all percentiles in seconds beside it."""
    finding = verdicts(window(World(slower=3)))[Kind.FIGURE, "latency_p95"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(3, rel=0.15)
    assert finding.beside["p95_seconds"] == pytest.approx(3 * finding.beside["reference_p95_seconds"], rel=0.15)
    assert finding.evidence is not None


def test_throughput_that_falls_is_found():
    """A third of the usual rate, as a ratio of which less is worse."""
    finding = verdicts(window(World(rows=16)))[Kind.FIGURE, "throughput"]
    assert finding.status is Status.WARNING
    assert finding.value == pytest.approx(16 / 50)
    assert finding.limit == pytest.approx(0.5)


def test_a_file_says_nothing_of_rates():
    """Throughput is not judged against a file; failing calls warn at most; latency needs the file to have some."""
    known = reference(kind=SourceKind.FILE)
    subjects = {name: counts for name, counts in known.total.subjects.items() if name != DURATION}
    file = replace(known, total=replace(known.total, subjects=subjects))
    found = verdicts(window(World(rows=16, errors=6, slower=5)), baseline=file)
    assert found[Kind.FIGURE, "throughput"].status is Status.NOT_APPLICABLE
    assert found[Kind.FIGURE, "latency_p95"].status is Status.NOT_APPLICABLE
    assert (found[Kind.FIGURE, "error_rate"].status, found[Kind.FIGURE, "error_rate"].reason) == (
        Status.WARNING,
        "floor",
    )


def test_chance_is_corrected_over_everything_tested():
    """Every q is at least its p, and those tested are all that have one."""
    found = verdicts(window(World(shift=0.5)))
    tested = [finding for finding in found.values() if finding.p_value is not None]
    assert len(tested) > 20
    assert all(finding.q_value >= finding.p_value for finding in tested)
    assert all(finding.q_value is None for finding in found.values() if finding.p_value is None)


def test_profiles_of_another_ruler_are_refused():
    """Counts of other bins would be compared as if they were the same."""
    with pytest.raises(ValueError, match="counted by ruler"):
        verdicts(replace(window(World()), ruler="another"))
    with pytest.raises(ValueError, match="counted by ruler"):
        evidence(
            reference(), replace(window(World()), ruler="another"), verdicts(window(World()))[Kind.FEATURE, "x"].subject
        )


def test_evidence_is_for_distributions_only():
    """Any feature can be plotted, also a good one; a metric has no distribution; absent levels are left out."""
    found = verdicts(window(World()))
    shown: Callable[[tuple[Kind, str]], object] = lambda key: evidence(  # noqa: E731  three uses in three lines
        reference(), window(World()), found[key].subject
    )
    assert shown((Kind.METRIC, "accuracy")) is None
    assert shown((Kind.FEATURE, "x")) is not None
    levels = evidence(reference(), window(World()), found[Kind.FEATURE, "c"].subject)
    assert levels is not None
    assert levels.labels == ("a", "b")


def test_a_window_without_a_baseline_is_unknown():
    """One finding, with the reason."""
    day = Window(START, START + DAY)
    (finding,) = unjudged(SETTINGS, "m", "2", day, START + 2 * DAY, "there is no baseline")
    assert (finding.status, finding.version, finding.reason) == (Status.UNKNOWN, "2", "there is no baseline")


def test_judging_again_says_the_same():
    """No clock, no seed, no order: equal input, equal findings."""
    current = window(World(shift=0.5, quality=0.1))
    assert verdicts(current) == verdicts(current)


def test_a_regression_is_judged_by_its_errors():
    """Twice the error is found; the gap is counted in SDs of the truth."""
    scale = numeric_scale(NORMAL)
    ruler = Ruler({"elkmon.prediction.value": scale})

    def day(place: int, error: float, bias: float = 0.0) -> Profile:
        rng = np.random.default_rng(place)
        true = rng.normal(size=1_000)
        guess = true + bias + rng.normal(0, error, 1_000)
        off = guess - true
        sums = {
            name: float(values.sum())
            for name, values in {
                "error": off, "absolute_error": abs(off), "squared_error": off**2, "value": true,
                "value_squared": true**2,
            }.items()
        }  # fmt: skip
        rows = {f"{name}_rows": 1_000.0 for name in sums}
        start = START + place * DAY
        outcomes = Outcomes(1_000, predicted=binned(scale, guess), actual=binned(scale, true), sums={**sums, **rows})
        counts = {"elkmon.prediction.value": Counts(binned(scale, guess))}
        return Profile("m", "1", start, start + DAY, ruler.id, 1_000, 0, counts, outcomes)

    days = [day(place, 0.3) for place in range(30)]
    hours = tuple(replace(each, end=each.start + HOUR) for each in days)
    whole = total(days, Profile("m", "1", START, START + 30 * DAY, ruler.id))
    baseline = Baseline("m", "1", ruler, Source(SourceKind.FILE, "f.csv"), whole, START, hours)
    learnt = learn(baseline, SETTINGS)
    worse = verdicts(day(40, 0.6, bias=0.5), baseline=baseline, learnt=learnt)
    assert {worse[Kind.METRIC, name].status for name in ("mae", "rmse")} == {Status.CRITICAL}
    assert worse[Kind.CONCEPT, "concept_gap"].status is Status.CRITICAL
    assert worse[Kind.CONCEPT, "concept_gap"].value == pytest.approx(0.5, abs=0.08)
    assert {"bias", "r2"} <= set(worse[Kind.METRIC, "mae"].beside)
    same = verdicts(day(41, 0.3), baseline=baseline, learnt=learnt)
    assert {same[Kind.METRIC, "mae"].status, same[Kind.CONCEPT, "concept_gap"].status} == {Status.OK}
