"""Which baseline a version is compared with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.monitor.profiling import chosen_baseline
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import DAY

START = datetime(2026, 3, 2, tzinfo=UTC)
RULER = Ruler({})


def baseline(version: str, age: int, *, provisional: bool = False) -> Baseline:
    total = Profile("lending", version, START, START + DAY, RULER.id, predictions=age)
    source = Source(SourceKind.WINDOW, f"{age} days old", provisional=provisional)
    return Baseline("lending", version, RULER, source, total, START - age * DAY)


OLD, OLDER = baseline("1", 5), baseline("1", 9)
SECOND = baseline("2", 3)
STAND_IN, STAND_IN_2 = baseline("1", 2, provisional=True), baseline("2", 1, provisional=True)


@pytest.mark.parametrize(
    ("known", "version", "chosen"),
    [
        ((OLD, OLDER), "1", OLD),
        ((SECOND, OLD), "1", OLD),
        ((OLD, OLDER), "2", OLD),
        ((SECOND, OLD), "3", SECOND),
        ((STAND_IN, OLD), "1", OLD),
        ((STAND_IN_2, STAND_IN, OLD), "2", OLD),
        ((STAND_IN_2, STAND_IN), "1", STAND_IN),
        ((STAND_IN,), "2", STAND_IN),
        ((), "1", None),
    ],
)
def test_newest_real_baseline_wins(known: tuple[Baseline, ...], version: str, chosen: Baseline | None):
    """A version's own newest, else its predecessor's; a provisional one, however new, only where no real one is."""
    assert chosen_baseline(known, version) is chosen
