"""
Whether indices of another convention hold what the configuration says of them, and what their mappings lack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from elkmon import fields
from elkmon.config import Config, toml_key
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe
from elkmon.elasticsearch.layout_fields import Stream, failure_stream, feedback_stream, prediction_stream
from elkmon.elasticsearch.layout_requests import asked_query
from elkmon.elasticsearch.layout_types import Lack, Types, Weight, types_in
from elkmon.layouts import Layout

_FORBIDDEN = {401, 403}
_TOLERANT = "ignore_unavailable=true&allow_no_indices=true"
_NEEDED = (fields.MODEL_VERSION, fields.PREDICTION_ID)


def examine_layouts(config: Config, probe: Probe, now: datetime) -> Iterator[Examination]:
    """Yield, per layout that a model names, what its indices hold of the horizon and what they lack."""
    users: dict[Layout, list[str]] = {}
    for entry in config.models:
        if entry.layout is not None:
            users.setdefault(entry.layout, []).append(entry.settings.name)
    for layout, models in users.items():
        yield from _examine(layout, models, probe, {"gte": (now - config.horizon).isoformat(), "lte": now.isoformat()})


def _examine(layout: Layout, models: Sequence[str], probe: Probe, horizon: dict[str, str]) -> Iterator[Examination]:
    what = f"layouts.{toml_key(layout.name)}"
    kinds = [("predictions", layout.index, prediction_stream)]
    if layout.truth is not None:
        kinds.append(("truth", layout.truth.index or layout.index, feedback_stream))
    if layout.failures is not None:
        kinds.append(("failures", layout.failures.index or layout.index, failure_stream))
    said: set[Lack] = set()
    for kind, index, made in kinds:
        answer = probe.get(f"{quote(index, safe='*,')}/_field_caps?fields=*&{_TOLERANT}")
        trouble = _trouble(what, index, answer)
        if trouble is not None:
            yield trouble
            continue
        stream = made(layout, models, _types(answer))
        for lack in stream.lacks:
            if lack not in said:
                yield _lacking(what, index, lack)
        said |= set(stream.lacks)
        if any(lack.weight is Weight.FATAL for lack in stream.lacks):
            continue
        yield from _documents(what, kind, stream, layout, probe, horizon)


def _trouble(what: str, index: str, answer: Answer) -> Examination | None:
    """Return why nothing is known of `index`; None where its fields are."""
    if answer.status in _FORBIDDEN:
        remedy = f"give elkmon's login the privileges read and view_index_metadata on {index}"
        return Examination(Link.EVENTS, what, Verdict.PROBLEM, f"the login may not look into {index}", remedy)
    if not answer.ok:
        seen = f"{index} cannot be looked into (HTTP {answer.status}): {answer.text!r}"
        return Examination(Link.EVENTS, what, Verdict.PROBLEM, seen, "see that the index is open and its name is right")
    if not answer.at("indices"):
        remedy = "write the name of the index, data stream, alias or pattern as Elasticsearch has it"
        return Examination(Link.EVENTS, what, Verdict.PROBLEM, f"there is no index {index}", remedy)
    return None


def _lacking(what: str, index: str, lack: Lack) -> Examination:
    verdict = Verdict.WARNING if lack.weight is Weight.MINOR else Verdict.PROBLEM
    return Examination(Link.EVENTS, what, verdict, f"{index}: {lack.field} {lack.seen}", lack.remedy)


def _documents(
    what: str, kind: str, stream: Stream, layout: Layout, probe: Probe, horizon: dict[str, str]
) -> Iterator[Examination]:
    """Yield how many documents the layout finds, of which fields, and how many lack what each of them should have."""
    needed = [name for name in _NEEDED if name in stream.places and stream.places[name].field != "_id"]
    lacking = {name: {"bool": {"must_not": [{"exists": {"field": stream.places[name].field}}]}} for name in needed}
    query = asked_query({"range": {fields.TIMESTAMP: horizon}}, stream)
    aggregations = {"aggs": {"lacking": {"filters": {"filters": lacking}}}} if lacking else {}
    answer = probe.get(
        f"{quote(stream.index, safe='*,')}/_search?{_TOLERANT}",
        {"size": 0, "track_total_hits": True, "query": query, **aggregations},
    )
    total = answer.at("hits", "total", "value")
    if not isinstance(total, int):
        seen = f"{stream.index} could not be counted (HTTP {answer.status}): {answer.text!r}"
        yield Examination(Link.EVENTS, what, Verdict.PROBLEM, seen, "give elkmon's login the privilege read on it")
        return
    if not total:
        remedy = "see the layout's where and model, and whether the service writes there"
        yield Examination(
            Link.EVENTS, what, Verdict.WARNING, f"{stream.index} holds no {kind} within the horizon", remedy
        )
        return
    seen = f"{total:,} documents of {kind} in {stream.index}"
    yield Examination(
        Link.EVENTS, what, Verdict.OK, f"{seen}; {_used(stream, layout)}" if kind == "predictions" else seen
    )
    for name in needed:
        count = answer.at("aggregations", "lacking", "buckets", name, "doc_count")
        if isinstance(count, int) and count:
            theirs = stream.places[name].field
            yield Examination(
                Link.EVENTS, what, Verdict.WARNING, f"{count:,} of {total:,} documents of {kind} have no {theirs}",
                "they are left out; see why the service does not write it",
            )  # fmt: skip


def _used(stream: Stream, layout: Layout) -> str:
    """Return which features are read, and what the layout does not name and therefore is not judged."""
    numeric, categorical = (
        sum(name.startswith(f"{path}.") for name in stream.places)
        for path in (fields.FEATURES_NUMERIC.path, fields.FEATURES_CATEGORICAL.path)
    )
    said = {
        "score": layout.score,
        "label or value": layout.label or layout.value,
        "latency": layout.latency,
        "truth": layout.truth,
        "failures": layout.failures,
    }
    unsaid = [name for name, there in said.items() if not there]
    rest = f"; not named, so not judged: {', '.join(unsaid)}" if unsaid else ""
    return f"{numeric} numeric and {categorical} categorical features{rest}; completeness needs elkmon's handler"


def _types(answer: Answer) -> Types:
    return types_in(answer.body) if isinstance(answer.body, dict) else {}
