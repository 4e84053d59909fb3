# ruff: noqa: INP001  a script beside the page it writes
"""
Write docs/measures.md: measures.in.md with the docstrings of elkmon/measures, the tables of elkmon/checks.py and a worked
example filled in. With --check it writes nothing and fails where the page is not what it would write.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from worked_example import worked_example

import elkmon.measures
from elkmon.checks import FLOORS, TOLERANCES
from elkmon.measures.performance import METRICS

HERE = Path(__file__).parent
TEMPLATE, PAGE = HERE / "measures.in.md", HERE / "measures.md"
RESULTS = HERE.parent / "bench" / "results" / "statistics.md"

AREAS = {
    "drift": "Data drift and prediction drift",
    "significance": "Significance",
    "limits": "Limits learnt from the reference",
    "joint": "Joint drift",
    "changes": "Since when",
    "confusion": "Performance: predicted labels",
    "ranking": "Performance: ranking by score",
    "calibration": "Performance: calibration",
    "performance": "Performance: losses and regression",
    "degradation": "Degradation",
    "rarity": "Degradation where a label is rarer by now",
    "concept": "Concept drift",
    "estimation": "Performance before the truth is known",
    "estimation_error": "How far estimates were off",
    "quality": "Data quality",
    "completeness": "Completeness",
    "traffic": "Service",
}
"""The modules of measures in the order of the page, and the heading of each."""
MECHANISM = {"binning", "gauges", "history", "learnt", "ruling"}
"""Modules of elkmon/measures that measure nothing: how rulers are cut and how measures are read off profiles."""
PLAIN = {
    "drift": {"pooled_cells", "standard_deviation"},
    "limits": {"run_length"},
    "joint": {"coarse", "strongest"},
    "confusion": {"per_class"},
    "performance": {"measure", "by_truth", "rows_of"},
    "degradation": {"without", "as_figures"},
    "concept": {"by_score", "gap_rows"},
    "quality": {"outside"},
    "traffic": {"slower_than"},
}
"""Public functions that are no measures, and stand in their module's docstrings only."""

_FIELDS = ("Formula", "Range", "Source")
_LABEL = re.compile(r"(?:^|(?<=[.;)\]] ))(Formula|Range|Source|Bounds)(?::| (?=[(\[0-9a-z]))")
_EMPTY = re.compile(
    r"\b(empty|without rows|without a|no rows|none|nothing|NaN|undefined|no calls|None)\b", re.IGNORECASE
)
_WORSE = re.compile(r"worse|surprising|less sure|stronger", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z0-9`])")


def page() -> str:
    """Return the whole page."""
    parts: dict[str, Callable[[], str]] = {
        "worked example": worked_example,
        "floors": _floors,
        "metrics": _metrics,
        "measures": _measures,
        "false mails": _false_mails,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, make in parts.items():
        marker = f"[[{name}]]\n"
        if text.count(marker) != 1:
            raise SystemExit(
                f"{TEMPLATE.name} must have the line {marker.strip()} once, not {text.count(marker)} times"
            )
        text = text.replace(marker, make())
    return text


def problems(modules: dict[str, ModuleType]) -> list[str]:
    """Return what keeps the page from being made: modules without a place, measures that leave a field out."""
    found = [
        f"elkmon/measures/{name}.py is neither in AREAS nor in MECHANISM of docs/make_measures.py"
        for name in modules
        if name not in AREAS and name not in MECHANISM
    ]
    for area in (name for name in AREAS if name in modules):
        for name, function in _functions(modules[area]):
            text = inspect.getdoc(function) or ""
            plain = name in PLAIN.get(area, ()) or _beside(modules[area], name) is not None
            lacking = [f"{field}:" for field in _FIELDS if not re.search(rf"\b{field}\b", text)]
            lacking += [] if ">>> " in text else ["an example"]
            if plain and not lacking:
                found.append(f"{area}.{name} has a formula, range and source, but PLAIN says that it is no measure")
            if not plain and lacking:
                found.append(f"{area}.{name} lacks {', '.join(lacking)}")
    return found


def _measures() -> str:
    modules = {
        each.name: importlib.import_module(f"elkmon.measures.{each.name}")
        for each in pkgutil.iter_modules(elkmon.measures.__path__)
    }
    wrong = problems(modules)
    if wrong:
        raise SystemExit("docs/measures.md cannot be made:\n" + "\n".join(f"- {each}" for each in wrong))
    return "\n".join(_area(heading, modules[name]) for name, heading in AREAS.items() if name in modules)


def _area(heading: str, module: ModuleType) -> str:
    place = f"`elkmon.measures.{module.__name__.rpartition('.')[2]}`"
    parts = [f"### {heading}\n", _prose(inspect.getdoc(module) or "") + f" ({place})\n"]
    plain = PLAIN.get(module.__name__.rpartition(".")[2], set())
    for name, function in _functions(module):
        if name not in plain and _beside(module, name) is None:
            parts.append(_entry(name, function, module))
    return "\n".join(parts)


def _entry(name: str, function: Callable[..., object], module: ModuleType) -> str:
    """Return one measure: what it says, then a line per field, then the example."""
    summary, fields, raises, example = _read(inspect.getdoc(function) or "")
    parameters = ", ".join(_parameters(function))
    lines = [f"#### `{name}`\n", f"`{name}({parameters})`\n", _prose(summary) + "\n"]
    lines += [f"- **{label}**: {_escaped(text)}" for label, text in fields]
    if hasattr(module, f"{name}_by_row"):
        lines.append(f"- **Many windows at once**: `{name}_by_row`")
    lines += [f"- **Raises** {_escaped(raises)}"] if raises else []
    return "\n".join([*lines, "", "```python", example, "```", ""])


def _read(text: str) -> tuple[str, list[tuple[str, str]], str, str]:
    """Return a docstring's summary, its labelled fields, its errors and its example."""
    blocks = text.split("\n\n")
    example = "\n".join(block for block in blocks if block.startswith(">>>"))
    raises = next((_joined(block.partition("\n")[2]) for block in blocks if block.startswith("Raises:")), "")
    arguments = next((_joined(block.partition("\n")[2]) for block in blocks if block.startswith("Args:")), "")
    prose = [_joined(block) for block in blocks if not block.startswith((">>>", "Raises:", "Args:"))]
    summary, body = prose[0], " ".join(prose[1:])
    if _LABEL.search(summary):  # a docstring of one paragraph
        at = _LABEL.search(summary)
        assert at is not None
        summary, body = summary[: at.start()].strip(), summary[at.start() :] + " " + body
    fields = list(_labelled(body))
    if arguments:
        fields.append(("Arguments", arguments))
    return summary, fields, raises, example


def _labelled(body: str) -> Iterator[tuple[str, str]]:
    """Yield each field of a docstring's body under its label; what follows a range is told apart by what it speaks of."""
    marks = list(_LABEL.finditer(body))
    if marks and body[: marks[0].start()].strip():
        yield "Note", body[: marks[0].start()].strip()
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        text = body[mark.end() : following.start() if following else len(body)].strip()
        if mark[1] != "Range":
            yield mark[1], text
            continue
        first, *rest = _SENTENCE.split(text)
        yield from _range(first.rstrip("."))
        for label, matching in (("Empty", True), ("Assumptions and limits", False)):
            kept = [each for each in rest if bool(_EMPTY.search(each)) == matching]
            if kept:
                yield label, " ".join(kept)


def _range(sentence: str) -> Iterator[tuple[str, str]]:
    pieces = sentence.split("; ")
    unit = next((piece for piece in pieces if piece.startswith("unit:")), None)
    worse = next((piece for piece in pieces if _WORSE.search(piece)), None)
    yield "Range", "; ".join(piece for piece in pieces if piece not in (unit, worse))
    if worse:
        yield "Direction", worse
    if unit:
        yield "Unit", unit.removeprefix("unit:").strip()


def _functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_"):
            yield name, function


def _beside(module: ModuleType, name: str) -> str | None:
    """Return the measure of which `name` is only the form for many windows."""
    of = name.removesuffix("_by_row")
    alone = hasattr(module, of) or hasattr(module, of.replace("percentiles", "percentile"))
    return of if of != name and alone and "Formula:" not in (getattr(module, name).__doc__ or "") else None


def _parameters(function: Callable[..., object]) -> Iterator[str]:
    starred = False
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield each.name if each.default is each.empty else f"{each.name}={each.default!r}"


def _floors() -> str:
    rows = [f"| `{name}` | {floor.warning:g} | {floor.critical:g} |" for name, floor in FLOORS.items()]
    return "\n".join(["| measure | warning | critical |", "|---|---:|---:|", *rows, ""])


def _metrics() -> str:
    rows = []
    for name, metric in METRICS.items():
        tolerated = TOLERANCES.get(name)
        limits = f"{tolerated.warning:g} | {tolerated.critical:g}" if tolerated else "shown only | "
        bounds = f"{metric.lowest:g} to {metric.highest:g}".replace("-inf", "−∞").replace("inf", "∞")
        needs = "a number" if metric.regression else "a score" if metric.needs_score else "a label"
        rows.append(f"| `{name}` | {needs} | {bounds} | {metric.worse.value} | {limits} |")
    head = "| metric | needs | range | worse | tolerated, warning | critical |"
    return "\n".join([head, "|---|---|---|---|---:|---:|", *rows, ""])


def _false_mails() -> str:
    """Return the benchmark's own table of mails where it has made one; the page says in words how it is reckoned."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    found = re.search(r"^## [^\n]*\bmails\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else ""


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines()).strip()


def _prose(text: str) -> str:
    return "\n\n".join(_escaped(_joined(block)) for block in text.split("\n\n"))


def _escaped(text: str) -> str:
    """Escape what Markdown would take as its own outside of code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else re.sub(r"([*<_])", r"\\\1", piece) for piece in pieces)


def main() -> None:
    """Write the page, or say that it is not what it should be."""
    made = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
        raise SystemExit("docs/measures.md is not what docs/make_measures.py makes of the code; run: make docs")


if __name__ == "__main__":
    main()
