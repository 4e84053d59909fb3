"""
Reads `[models.NAME]`: how one model is judged, and when.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from elkmon.alerts import Policy
from elkmon.checks import (
    DRIFT,
    FLOORS,
    MOST_PAIRS,
    QUALITIES,
    TOLERANCES,
    Floor,
    ModelSettings,
    Season,
    season_problem,
)
from elkmon.config.layouts import layout_of
from elkmon.config.section import Section, show, suggestion
from elkmon.config.settings import ModelEntry, Schedule
from elkmon.config.timing import parse_schedule
from elkmon.errors import ConfigurationError
from elkmon.layouts import Layout
from elkmon.windows import HOUR

_OFFSET = re.compile(r"([+-])(\d{2}):00")


def read_model(name: str, section: Section, layouts: Mapping[str, Layout]) -> ModelEntry:
    """Return what is configured for the model `name`, which may name one of `layouts`; problems are left with `section`."""
    default = ModelSettings(name)
    layout = layout_of(section, layouts)
    settings = ModelSettings(
        name=name,
        window=section.length("window", default.window),
        offset=_read_offset(section),
        min_rows=section.whole("min_rows", default.min_rows, 1, 10**9),
        significance=section.number("significance", default.significance, 1e-9, 0.5),
        positive_label=section.text("positive_label") or None,
        labels_after=section.length("labels_after", default.labels_after),
        min_coverage=section.number("min_coverage", default.min_coverage, 0.0, 1.0),
        metrics=_read_metrics(section),
        ignore=section.texts("ignore"),
        floors=_read_floors(section, "floors", FLOORS),
        feature_floors=_read_feature_floors(section),
        tolerances=_read_floors(section, "tolerances", TOLERANCES),
        segments=_read_segments(section),
        pairs=_read_pairs(section),
        strongest_pairs=section.whole("strongest_pairs", default.strongest_pairs, 0, MOST_PAIRS),
        season=section.optional("season", Season),
        provisional=section.length("provisional", default.provisional),
        failures=layout is None or layout.failures is not None,
        policy=_read_policy(section.section("policy")),
    )
    if settings.season is not None and (problem := season_problem(settings.window, settings.season)):
        section.complain("season", f"= {show(settings.season.value)}: {problem}")
    schedule = _read_schedule(section)
    section.close()
    return ModelEntry(settings, schedule, layout)


def _read_offset(section: Section) -> timedelta:
    text = section.text("offset", "+00:00")
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[2]) > 14:
        section.complain("offset", f'= {show(text)} is no whole-hour offset from UTC such as "+02:00" or "-05:00"')
        return timedelta(0)
    return int(match[1] + match[2]) * HOUR


def _read_metrics(section: Section) -> tuple[str, ...]:
    metrics = section.texts("metrics")
    for metric in metrics:
        if metric not in TOLERANCES:
            valid = ", ".join(TOLERANCES)
            section.complain("metrics", f"= {show(metric)} is none of {valid}{suggestion(metric, list(TOLERANCES))}")
    return metrics


def _read_floors(section: Section, key: str, table: Mapping[str, Floor]) -> dict[str, Floor]:
    floors = {}
    for name, each in section.sections(key):
        if name not in table:
            valid = ", ".join(table)
            section.section(key).complain(name, f"is not known{suggestion(name, list(table))}; valid here: {valid}")
            continue
        floors[name] = _read_floor(each, table[name])
    return floors


def _read_segments(section: Section) -> tuple[str, ...]:
    segments = section.texts("segments")
    for name in segments:
        if "=" in name:
            section.complain("segments", f'= {show(name)} holds a "=", which would make segments\' names ambiguous')
    return segments


def _read_pairs(section: Section) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in section.lists("pairs", 2))


def _read_feature_floors(section: Section) -> dict[str, dict[str, Floor]]:
    """A feature's own table is the floor of its drift; tables within it are those of other measures."""
    floors: dict[str, dict[str, Floor]] = {}
    for feature, each in section.sections("feature_floors"):
        of_feature = {
            measure: _read_floor(each.section(measure), FLOORS[measure]) for measure in QUALITIES if measure in each
        }
        each.expect(*QUALITIES)
        if "warning" in each or "critical" in each or not of_feature:
            of_feature[DRIFT] = _read_floor(each, FLOORS["wasserstein"])  # more is worse, as of any distance
        else:
            each.close()
        floors[feature] = of_feature
    return floors


def _read_floor(section: Section, default: Floor) -> Floor:
    """A floor must name both sides, in the order in which they are worse."""
    for key in ("warning", "critical"):
        if key not in section:
            section.complain(key, "is missing; a floor has both, warning and critical")
    floor = Floor(
        section.number("warning", default.warning, 0.0, 1e9), section.number("critical", default.critical, 0.0, 1e9)
    )
    lower_is_worse = default.critical < default.warning
    if floor.critical < floor.warning and not lower_is_worse:
        section.complain("critical", f"= {floor.critical:g} lies below warning = {floor.warning:g}")
    elif floor.critical > floor.warning and lower_is_worse:
        section.complain("critical", f"= {floor.critical:g} lies above warning = {floor.warning:g}; here less is worse")
    section.close()
    return floor


def _read_policy(section: Section) -> Policy:
    default = Policy()
    of_windows = section.whole("of_windows", default.of_windows, 1, 100)
    opens_after = section.whole("opens_after", min(default.opens_after, of_windows), 1, 100)
    section.close()
    if opens_after > of_windows:
        section.complain("opens_after", f"= {opens_after} is more than of_windows = {of_windows}")
        return default
    return Policy(opens_after, of_windows)


def _read_schedule(section: Section) -> Schedule:
    text = section.text("schedule", Schedule().cron)
    try:
        return parse_schedule(text)
    except ConfigurationError as error:
        section.complain("schedule", f"= {show(text)} {error}")
        return Schedule()
