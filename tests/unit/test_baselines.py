"""What a model is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.profiles import Outcomes, Profile
from elkmon.rulers import CategoricalScale, Ruler
from elkmon.windows import DAY

START = datetime(2013, 1, 1, tzinfo=UTC)
RULER = Ruler({"features.cat.o": CategoricalScale(("a",))})
FILE = Source(SourceKind.FILE, "reference.csv", "0123456789abcdef")
BASELINE = Baseline("m", "1", RULER, FILE, Profile("m", "1", START, START + DAY, RULER.id, 10), START)


def test_a_baseline_is_named_by_what_it_is():
    """Not by when it was made, what was noted, or whether its hours were loaded."""
    again = replace(BASELINE, created_at=START + DAY, notes=("few rows",), hours=(BASELINE.total,))
    assert again.id == BASELINE.id


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2"},
        {"ruler": Ruler({})},
        {"source": replace(FILE, digest="f")},
        {"source": replace(FILE, out_of_sample=False)},
        {"total": replace(BASELINE.total, predictions=11)},
        {"total": replace(BASELINE.total, outcomes=Outcomes(1))},
    ],
)
def test_a_changed_baseline_is_another_one(change):
    """Version, ruler, content of the source, whether it was in sample, and the rows counted."""
    assert replace(BASELINE, **change).id != BASELINE.id


def test_a_source_says_where_to_find_it():
    """With the beginning of a file's hash."""
    assert str(FILE) == "file reference.csv (0123456789ab)"
    assert str(Source(SourceKind.WINDOW, "2013-01-01 to 2013-04-01")) == "window 2013-01-01 to 2013-04-01"


def test_a_baseline_spans_its_total():
    """First instant, and first instant after."""
    assert (BASELINE.start, BASELINE.end) == (START, START + DAY)
