from __future__ import annotations

from datetime import UTC, datetime

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Status
from elkmon.judgement import unfamiliar
from elkmon.presentation.sentences import sentence
from elkmon.profiles import Profile
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import DAY, Window

NOW = datetime(2026, 3, 3, tzinfo=UTC)
WINDOW = Window(NOW - DAY, NOW)
RULER = Ruler(
    {"features.num.age": NumericScale((0.0,), (0.0, 0.0)), "features.cat.region": CategoricalScale(("north",))}
)
PROFILE = Profile("m", "1", WINDOW.start, WINDOW.end, RULER.id, 500)
BASELINE = Baseline("m", "1", RULER, Source(SourceKind.FILE, "reference.csv"), PROFILE, NOW)


def test_known_features_are_fine():
    """Features the baseline knows, and a known one that did not arrive, leave nothing to say."""
    finding = unfamiliar(ModelSettings("m"), BASELINE, PROFILE, ["features.num.age"], NOW, WINDOW)
    assert (finding.status, finding.value, finding.reason) == (Status.OK, 0.0, "")
    assert sentence(finding) == "Every feature that arrived is known to the baseline."


def test_new_and_changed_features_are_named():
    """A new feature is named; one known as a number that arrives as text is said to have changed; an ignored one is left out."""
    seen = ["features.cat.age", "features.cat.region", "features.num.height", "features.num.noise"]
    finding = unfamiliar(ModelSettings("m", ignore=("noise",)), BASELINE, PROFILE, seen, NOW, WINDOW)
    assert (finding.status, finding.value) == (Status.WARNING, 2.0)
    assert sentence(finding) == (
        "Two features unknown to the baseline and not judged: age (a number in the baseline, now text), height; "
        "make a baseline with --new-ruler."
    )
