"""The page of measures is what its script makes of the code, and the script refuses what would leave the page wanting."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[3] / "docs"
SCRIPT = DOCS / "make_measures.py"


@pytest.fixture(scope="module")
def script():
    """Return the script as a module."""
    sys.path.insert(0, str(DOCS))  # where it finds its worked example
    try:
        spec = importlib.util.spec_from_file_location("make_measures", SCRIPT)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


def made_up(area: str, docstring: str | None) -> dict[str, ModuleType]:
    """Return a module of measures with one public function that says `docstring` of itself."""
    module = ModuleType(f"elkmon.measures.{area}")

    def distance() -> None: ...

    distance.__doc__, distance.__module__ = docstring, module.__name__
    vars(module)["distance"] = distance
    return {area: module}


def test_the_committed_page_is_what_the_script_makes():
    """After a change of a docstring, a floor or the judge: make docs."""
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_measure_that_leaves_a_field_out_is_named(script):
    """With each field that it lacks, its example among them; one without a docstring lacks all."""
    assert script.problems(made_up("drift", "How far.\n\nFormula: x. Range [0, 1].\nSource: a book.\n\n>>> 1\n1")) == []
    assert script.problems(made_up("drift", "How far.\n\nRange [0, 1].")) == [
        "drift.distance lacks Formula:, Source:, an example"
    ]
    assert script.problems(made_up("drift", None)) == ["drift.distance lacks Formula:, Range:, Source:, an example"]


def test_a_module_without_a_place_on_the_page_is_named(script):
    """A new file of measures cannot be forgotten."""
    (found,) = script.problems(made_up("sorcery", "How far."))
    assert "elkmon/measures/sorcery.py is neither in AREAS nor in MECHANISM" in found


def test_a_docstring_is_told_apart_by_its_fields(script):
    """What stands behind the range is direction, unit, empty bins, and the rest."""
    summary, fields, raises, example = script._read(
        "How far.\n\nFormula: Σ |p − q|\nover bins. Range [0, 1]; higher is worse; unit: rows. Empty bins add nothing.\n"
        "Symmetric.\nSource: Who (1900), What.\n\n>>> 1 + 1\n2\n\nRaises:\n    ValueError: for\n        nonsense."
    )
    assert summary == "How far."
    assert fields == [
        ("Formula", "Σ |p − q| over bins."),
        ("Range", "[0, 1]"),
        ("Direction", "higher is worse"),
        ("Unit", "rows"),
        ("Empty", "Empty bins add nothing."),
        ("Assumptions and limits", "Symmetric."),
        ("Source", "Who (1900), What."),
    ]
    assert (raises, example) == ("ValueError: for nonsense.", ">>> 1 + 1\n2")


def test_what_markdown_would_take_for_itself_is_escaped_outside_of_code(script):
    """Subscripts keep their underscores."""
    assert script._escaped("Σ_b `a_b` x * y < z") == r"Σ\_b `a_b` x \* y \< z"


def test_a_table_of_mails_in_the_benchs_results_is_taken_over(script, tmp_path, monkeypatch):
    """And nothing is, where the bench has not measured any."""
    results = tmp_path / "statistics.md"
    monkeypatch.setattr(script, "RESULTS", results)
    assert script._false_mails() == ""
    results.write_text("# R\n\n## 1. Alarms\n\n| a |\n\n## 8. False mails in a year\n\n| mails |\n\n## 9. More\n")
    assert script._false_mails() == "| mails |\n"
