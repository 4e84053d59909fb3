"""
Reads `[layouts.NAME]`: where predictions that are logged already lie, and in which fields; and which model says so of itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from elkmon.config.section import Section, show, suggestion, toml_key
from elkmon.config.settings import ModelEntry
from elkmon.layouts import Condition, FailureLayout, Layout, TruthLayout

_INDEX = re.compile(r"[^\s\\/?\"<>|#A-Z]+")


def read_layout(name: str, section: Section) -> Layout:
    """Return the layout `name`; problems are left with `section`."""
    default = Layout(name, "")
    layout = Layout(
        name=name,
        index=_read_index(section, required=True),
        timestamp=section.text("timestamp", default.timestamp),
        model=section.text("model"),
        version=section.text("version"),
        only_version=section.text("only_version"),
        id=section.text("id"),
        score=section.text("score"),
        label=section.text("label"),
        value=section.text("value"),
        scores=_read_pattern(section, "scores"),
        latency=section.text("latency"),
        latency_unit=section.choice("latency_unit", default.latency_unit),
        numeric=_read_patterns(section, "numeric"),
        categorical=_read_patterns(section, "categorical"),
        features=_read_patterns(section, "features"),
        where=_read_conditions(section),
        truth=_read_truth(section.section("truth")) if "truth" in section else None,
        failures=_read_failures(section.section("failures")) if "failures" in section else None,
    )
    section.expect("truth", "failures")
    if layout.version and layout.only_version:
        section.complain("only_version", "goes against version; keep the field, or the one version of all")
    if not layout.timestamp:
        section.complain("timestamp", "is empty; name the field that says when it was predicted")
    if not (layout.features or layout.numeric or layout.categorical or layout.score or layout.label or layout.value):
        section.complain(
            "features", "is missing: name features, a score, a label or a value, so that there is something to watch"
        )
    if layout.truth is not None and not (layout.id or layout.truth.id):
        section.complain("id", 'is missing: truth is joined by it; "_id" is the document\'s own')
    section.close()
    return layout


def layout_of(section: Section, layouts: Mapping[str, Layout]) -> Layout | None:
    """Return the layout that a model's table names; None for what elkmon's own handler logs."""
    name = section.text("layout")
    if not name:
        return None
    if name not in layouts:
        known = f"there is {', '.join(layouts)}" if layouts else f"add a table [layouts.{toml_key(name)}]"
        section.complain(
            "layout", f"= {show(name)} is no table under layouts{suggestion(name, list(layouts))}; {known}"
        )
        return None
    return layouts[name]


def shared_wrongly(entries: Sequence[ModelEntry]) -> list[str]:
    """Return what is wrong where several models have one layout, which must then say whose each document is."""
    users: dict[Layout, list[str]] = {}
    for each in entries:
        if each.layout is not None:
            users.setdefault(each.layout, []).append(each.settings.name)
    problems = []
    for layout, models in users.items():
        path, together = f"layouts.{toml_key(layout.name)}", " and ".join(models)
        if len(models) > 1 and not layout.model:
            problems.append(
                f"{path}.model is missing: {together} share the layout, so a field must say whose a document is"
            )
        elif len(models) > 1 and layout.truth and layout.truth.index and not layout.truth.model:
            problems.append(
                f"{path}.truth.model is missing: {together} share the layout, so a field must say whose truth it is"
            )
    return problems


def _read_truth(section: Section) -> TruthLayout:
    truth = TruthLayout(
        index=_read_index(section),
        timestamp=section.text("timestamp"),
        id=section.text("id"),
        model=section.text("model"),
        label=section.text("label"),
        value=section.text("value"),
        where=_read_conditions(section),
    )
    if not (truth.label or truth.value):
        section.complain("label", "is missing: name the field of the true label, or of the true value")
    section.close()
    return truth


def _read_failures(section: Section) -> FailureLayout:
    failures = FailureLayout(_read_index(section), section.text("timestamp"), _read_conditions(section))
    if not (failures.index or failures.where):
        section.complain(
            "where", "is missing: say which documents are failed calls, or name an index that holds only these"
        )
    section.close()
    return failures


def _read_index(section: Section, *, required: bool = False) -> str:
    index = section.required("index", "the index that holds the predictions") if required else section.text("index")
    if index and not _INDEX.fullmatch(index):
        section.complain("index", f'= {show(index)} cannot be an index: no capitals, blanks or any of \\ / ? " < > | #')
    return index


def _read_patterns(section: Section, key: str) -> tuple[str, ...]:
    patterns = section.texts(key)
    for each in patterns:
        _check_pattern(section, key, each)
    return patterns


def _read_pattern(section: Section, key: str) -> str:
    pattern = section.text(key)
    if pattern and "*" not in pattern:
        section.complain(key, f'= {show(pattern)} needs a * where the class stands, such as "probabilities.*"')
    _check_pattern(section, key, pattern)
    return pattern


def _check_pattern(section: Section, key: str, pattern: str) -> None:
    if pattern.count("*") > 1:
        section.complain(key, f"= {show(pattern)} has more than one *; what stands for it is the feature's name")


def _read_conditions(section: Section) -> tuple[Condition, ...]:
    return tuple((field, value) for field, value in section.lists("where", 2))
