"""
Events that checks leave out: predictions stamped in the future, and truth whose prediction is not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from elkmon.config import Config
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Probe
from elkmon.fields import MODEL_NAME, TIMESTAMP
from elkmon.windows import GRACE

_MOST_MODELS = 20


def examine_strays(config: Config, probe: Probe, now: datetime) -> Iterator[Examination]:
    """Yield a warning per model that has any."""
    namespace = config.store.namespace
    future = {"range": {TIMESTAMP: {"gt": (now + GRACE).isoformat()}}}
    for model, count in _per_model(probe, f"logs-elkmon.prediction*-{namespace}", future):
        yield Examination(
            Link.MODELS, model, Verdict.WARNING,
            f"{count:,} predictions carry timestamps in the future; they are kept, and counted when that time comes",
            "see the clock of the service, and that timestamps given as numbers are seconds since 1970, in UTC",
        )  # fmt: skip
    for model, count in _per_model(probe, f"elkmon-pending-{namespace}", {"match_all": {}}):
        yield Examination(
            Link.MODELS, model, Verdict.WARNING,
            f"the truth of {count:,} predictions has come, but not the predictions; it is kept until they do",
            "see that outcome() gets the id and the model that prediction() had",
        )  # fmt: skip


def _per_model(probe: Probe, index: str, query: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Yield models and how many documents of theirs `query` finds."""
    asked = {"size": 0, "query": query, "aggs": {"models": {"terms": {"field": MODEL_NAME, "size": _MOST_MODELS}}}}
    answer = probe.get(f"{index}/_search?ignore_unavailable=true", asked)
    buckets = answer.at("aggregations", "models", "buckets")
    for bucket in buckets if isinstance(buckets, list) else ():
        yield str(bucket["key"]), int(bucket["doc_count"])
