"""
Finds the baseline a user means by the beginning of its id.
"""

from __future__ import annotations

from collections.abc import Sequence

from elkmon.baselines import Baseline
from elkmon.errors import ConfigurationError


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
