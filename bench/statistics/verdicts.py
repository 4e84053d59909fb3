"""The verdicts of `elkmon.judgement`, and how they are read in the tables. The one place that calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.statistics.counting import NOW
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding
from elkmon.judgement import Limits, judge, learn
from elkmon.measures.gauges import drift_gauge
from elkmon.profiles import ALL, Profile
from elkmon.rulers import Ruler

NOMINAL = 0.01
"""The significance leg alone: p below this, one column, uncorrected."""


@dataclass(frozen=True, slots=True)
class Known:
    """A baseline, its hours no longer needed, and what was learnt from them under some settings."""

    settings: ModelSettings
    baseline: Baseline
    limits: Mapping[str, Limits]

    def findings(self, current: Profile, earlier: Sequence[Profile] = ()) -> tuple[Finding, ...]:
        """Return the full verdicts on a window, the windows before it given oldest first."""
        before = [{ALL: each} for each in earlier]
        return judge(self.settings, self.baseline, self.limits, {ALL: current}, before, NOW)


def learnt(baseline: Baseline, settings: ModelSettings) -> Known:
    """Learn limits from a baseline."""
    return Known(settings, replace(baseline, hours=()), learn(baseline, settings))


def of_columns(found: Sequence[Finding]) -> list[Finding]:
    """Return the verdicts on distributions."""
    return [each for each in found if each.subject.family is Family.DRIFT and each.subject.field]


def of_values(found: Sequence[Finding]) -> list[Finding]:
    """Return the verdicts on the quality of values: missing, unseen, out of range, …"""
    return [each for each in found if each.subject.family is Family.QUALITY]


def significant(finding: Finding) -> bool:
    """Tell whether the significance leg alone says yes."""
    return finding.p_value is not None and finding.p_value < NOMINAL


def p_value(ruler: Ruler, field: str, reference: Profile, current: Profile) -> float:
    """Return the p-value of one column, by the test that the judgement chooses for it."""
    value = drift_gauge(field, ruler.scales[field], reference).p_value(reference, current)
    assert value is not None
    return value
