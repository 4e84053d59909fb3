"""
Finds the baseline a user means by the beginning of its id, its hours, and how its model is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.config import Config
from elkmon.errors import ConfigurationError
from elkmon.windows import Window

if TYPE_CHECKING:
    from elkmon.ports import Journal


def pick(beginning: str, baselines: Sequence[Baseline]) -> Baseline:
    """
    Return the one of `baselines` whose id begins so.

    Raises:
        ConfigurationError: when there is none, or more than one.
    """
    found = [each for each in baselines if beginning and each.id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(each.id for each in (found or baselines)) or "none yet; make one with `elkmon baseline create`"
    what = "several baselines have ids that begin so" if found else "no baseline has an id that begins so"
    raise ConfigurationError(f"{beginning!r}: {what}: {ids}")


def with_hours(journal: Journal, baseline: Baseline) -> Baseline:
    """Return `baseline` with its hourly profiles."""
    span = Window(baseline.start, baseline.end)
    hours = journal.profiles(baseline.id, baseline.model, baseline.version, baseline.ruler.id, span)
    return replace(baseline, hours=tuple(hours))


def settings_of(config: Config, model: str) -> ModelSettings:
    """Return how `model` is judged; one that is not configured, as any model is."""
    of_name = {entry.settings.name: entry.settings for entry in config.models}
    return of_name.get(model, ModelSettings(model))
