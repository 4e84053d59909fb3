"""
Whether a model has a baseline, whether it is a real one, and whether it knows what is configured by name.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.config import suggestion
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.rulers import Ruler, feature_of


def examine_baselines(settings: ModelSettings, baselines: Sequence[Baseline]) -> Iterator[Examination]:
    """Yield what is said of the newest of the model's `baselines`, and a warning per name that it does not know."""
    name = settings.name
    create = f"elkmon baseline create {shlex.quote(name)} --from-window START END"
    if not baselines:
        yield Examination(Link.MODELS, name, Verdict.PROBLEM, "has no baseline, so nothing can be judged", create)
        return
    newest = next((each for each in baselines if not each.source.provisional), baselines[0])
    seen = (
        f"compared with {newest.id[:12]} of version {newest.version} ({newest.source}), "
        f"{newest.total.predictions:,} predictions"
    )
    if newest.source.provisional:
        yield Examination(
            Link.MODELS,
            name,
            Verdict.WARNING,
            f"{seen}: provisional, so what was wrong from the start looks normal",
            create,
        )
    else:
        yield Examination(Link.MODELS, name, Verdict.OK, seen)
    yield from _misspelt(settings, newest.ruler)


def _misspelt(settings: ModelSettings, ruler: Ruler) -> Iterator[Examination]:
    """Yield a warning for each configured name that the ruler does not know, with the one that may have been meant."""
    features = [feature_of(each) for each in ruler.features]
    cut_by = [feature_of(each.field) for each in ruler.segmentations]
    paired = {frozenset((feature_of(each.left_field), feature_of(each.right_field))) for each in ruler.joints}
    for name in settings.segments:
        if name not in features:
            yield _unknown(settings, "segments", name, features)
        elif name not in cut_by:
            yield _new_baseline(settings, f"segments: its baseline is not cut by {name}")
    for pair in settings.pairs:
        if unknown := [each for each in pair if each not in features]:
            yield from (_unknown(settings, "pairs", each, features) for each in unknown)
        elif frozenset(pair) not in paired:
            yield _new_baseline(settings, f"pairs: its baseline does not count {' with '.join(pair)}")
    for key, names in (("ignore", settings.ignore), ("feature_floors", settings.feature_floors)):
        for name in names:
            if name not in features:
                yield _unknown(settings, key, name, features)


def _unknown(settings: ModelSettings, key: str, name: str, features: Sequence[str]) -> Examination:
    near = suggestion(name, features)
    return Examination(
        Link.MODELS, settings.name, Verdict.WARNING,
        f"{key} names {name!r}, which is no feature of its baseline{near}",
        f"correct it, or log it and make a new baseline; its features: {', '.join(features[:20])}",
    )  # fmt: skip


def _new_baseline(settings: ModelSettings, seen: str) -> Examination:
    remedy = f"elkmon baseline create {shlex.quote(settings.name)}: what is chosen by name is chosen when it is made"
    return Examination(Link.MODELS, settings.name, Verdict.WARNING, seen, remedy)
