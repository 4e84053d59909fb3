"""
Limits from a baseline's own hours: what its windows do to each other, and how much its performance varies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Subject
from elkmon.judgement.estimates import estimated
from elkmon.judgement.performance import judged_metrics, reading
from elkmon.judgement.subjects import Judged, distributions, error_rate, latency, pairs, qualities, throughput
from elkmon.measures.concept import gap_variance, gaps
from elkmon.measures.degradation import LEAST_BLOCKS, Uncertainty, row_uncertainty, uncertainty
from elkmon.measures.history import blocks, own_windows
from elkmon.measures.learnt import Limits
from elkmon.measures.limits import LearntLimit, run_length
from elkmon.measures.performance import measure
from elkmon.profiles import ALL, Outcomes
from elkmon.windows import DAY, Window

EDITION = 1
"""Raised when the same hours teach something else than before: what was learnt by earlier rules is learnt anew."""


def learn(baseline: Baseline, settings: ModelSettings, covered: float = 1.0) -> Mapping[str, Limits]:
    """
    Learn limits per segment from `baseline`, whose hours must be loaded; `covered` is the part of its days that it holds.

    A reference without timestamps has none and teaches nothing. What is learnt follows from the hours, the window's length
    and `min_rows` alone; a quarter of 25 features takes about half a second, and as long again for each segment.
    """
    return {segment: _learn(baseline.of(segment), settings, covered) for segment in (ALL, *baseline.ruler.segments)}


def _learn(baseline: Baseline, settings: ModelSettings, covered: float) -> Limits:
    span = Window(baseline.start, baseline.end)
    hours = baseline.hours if baseline.source.has_timestamps else ()
    windows = own_windows(hours, span, settings.window, settings.offset)
    run = run_length(settings.window)
    learnt: dict[Subject, LearntLimit] = {}
    for judged in _all(baseline, settings):
        rows = 0 if judged.gauge.measure == "throughput" else settings.min_rows
        learnt[judged.subject] = judged.gauge.learn(windows, min_rows=rows, run=run, floor=judged.floor.warning)
    stretches = _stretches(baseline, settings, span, covered)
    return Limits(
        learnt=learnt,
        metrics=_metrics(baseline, settings, *stretches),
        gaps=_gaps(baseline, settings, *stretches),
        windows=span.length // settings.window if hours else 0,
        longest_silence=windows.longest_silence(),
    )


def _all(baseline: Baseline, settings: ModelSettings) -> list[Judged]:
    of_latency = latency(baseline.ruler, settings)
    return [
        *distributions(baseline, settings),
        *pairs(baseline, settings),
        *estimated(baseline, settings),
        *qualities(baseline, settings),
        error_rate(settings),
        *([of_latency] if of_latency else []),
        throughput(baseline, settings, left_out=1),
    ]


def _metrics(
    baseline: Baseline, settings: ModelSettings, parts: Sequence[Outcomes], windows: float
) -> Mapping[str, Uncertainty]:
    whole, read = baseline.total.outcomes, reading(baseline, settings)
    found: dict[str, Uncertainty] = {}
    for name in judged_metrics(baseline, settings):

        def compute(outcomes: Outcomes, name: str = name) -> float | None:
            return measure(name, outcomes, read)

        by_rows = row_uncertainty(name, whole, read)
        within = by_rows.within if by_rows else None
        learnt = uncertainty(compute, whole, parts, windows, within) or by_rows
        if learnt is not None:
            found[name] = learnt
    return found


def _gaps(
    baseline: Baseline, settings: ModelSettings, parts: Sequence[Outcomes], windows: float
) -> Mapping[str, Uncertainty]:
    whole, read = baseline.total.outcomes, reading(baseline, settings)
    found: dict[str, Uncertainty] = {}
    for label in gaps(whole, read):

        def gap(outcomes: Outcomes, label: str = label) -> float | None:
            return gaps(outcomes, read).get(label, 0.0) if outcomes.labelled else None

        learnt = uncertainty(gap, whole, parts, windows, gap_variance(whole, read, label))
        if learnt is not None:
            found[label] = learnt
    return found


def _stretches(
    baseline: Baseline, settings: ModelSettings, span: Window, covered: float
) -> tuple[Sequence[Outcomes], float]:
    """
    Return the outcomes of stretches of time, and how many of them make a window.

    Stretches as long as a window where the reference holds enough of them, since days in a row are alike; else days.
    """
    hours = baseline.hours if baseline.source.has_timestamps else ()
    length = max(DAY, settings.window)
    if span.length // length < LEAST_BLOCKS:
        length = timedelta(days=1)
    return blocks(hours, span, length, settings.offset), settings.window / length / covered
