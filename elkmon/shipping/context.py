"""
What surrounds a log call: labels and trace ids that hold for everything logged within a block.

Kept in a context variable, so that threads and tasks do not see one another's; read on the caller's thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from sys import modules
from typing import Any

from elkmon.shipping.channels import Origin
from elkmon.shipping.parts import add_texts, as_labels
from elkmon.values import as_text


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What is bound.

    Attributes:
        labels: text by name.
        ids: the `trace` and `span` parts of a document.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, dict[str, str]] = field(default_factory=dict)


SURROUNDINGS: ContextVar[Surroundings | None] = ContextVar("elkmon", default=None)
"""What is bound where this is read; None for nothing, which is all that most calls ask."""

TRACING = "opentelemetry.trace"
"""The module whose current span is told of, if the service has imported it; nothing here does."""

_NOTHING = Surroundings()


@contextmanager
def bound_labels(labels: Mapping[str, Any] | None = None, /, **more: Any) -> Iterator[None]:
    """
    Label every event that is logged within the block, in this thread or task and in the tasks it starts.

    An inner block adds to an outer one; an event's own labels come last.

        with elkmon.bound_labels(tenant="acme", region="east"):
            model_log.prediction(features)

    Args:
        labels: for names that are no Python names.
        more: what to search by; kept as text, None is left out.
    """
    outer = SURROUNDINGS.get() or _NOTHING
    bound: dict[str, str] = {}
    for given in (labels, more):
        with suppress(Exception):  # anybody's mapping; binding labels must not break what the service does with them
            bound.update(as_labels(given))
    with _bound(replace(outer, labels={**outer.labels, **bound})):
        yield


@contextmanager
def bound_trace(trace_id: object, span_id: object = None) -> Iterator[None]:
    """
    Give every event that is logged within the block a trace id (and a span id), for services without OpenTelemetry.

    Where `opentelemetry` is in use, the ids of its current span are taken by themselves; those bound here go first.

    Args:
        trace_id: text; a number is written as 32 hexadecimal digits.
        span_id: text; a number is written as 16 hexadecimal digits.
    """
    ids = {"trace": _id_text(trace_id, 32), "span": _id_text(span_id, 16)}
    told = {name: {"id": text} for name, text in ids.items() if text}
    with _bound(replace(SURROUNDINGS.get() or _NOTHING, ids=told)):
        yield


def surrounding(origin: Origin) -> dict[str, Any] | None:
    """Return the parts of a document that are around the call: labels and ids bound, or those of the current span."""
    bound = SURROUNDINGS.get()
    parts: dict[str, Any] = {}
    if bound is not None and bound.labels:
        add_texts(parts, origin, bound.labels if origin.redaction is None else origin.redaction.of(bound.labels))
    parts.update(bound.ids if bound is not None and bound.ids else _current_ids())
    return parts or None


def _current_ids() -> Mapping[str, dict[str, str]]:
    """Return the ids of OpenTelemetry's current span, where there is one."""
    trace: Any = modules.get(TRACING)
    if trace is None:
        return {}
    try:
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            return {"trace": {"id": f"{span.trace_id:032x}"}, "span": {"id": f"{span.span_id:016x}"}}
    except Exception:  # noqa: BLE001, S110  half imported, or of another kind; an event without a trace is one too
        pass
    return {}


@contextmanager
def _bound(surroundings: Surroundings) -> Iterator[None]:
    token = SURROUNDINGS.set(surroundings)
    try:
        yield
    finally:
        # Frameworks may end a block in another context than it began in, which ends with them.
        with suppress(ValueError):
            SURROUNDINGS.reset(token)


def _id_text(given: object, digits: int) -> str:
    return f"{given:0{digits}x}" if type(given) is int else as_text(given) or ""
