"""
What Elasticsearch's answers to a bulk request mean for the events that were sent.

The question is always whether the event is at fault, which then will never be taken, or the cluster, which is waited for.
"""

from __future__ import annotations

import json
import re
from typing import Any

from elkmon.shipping.transports import ARRIVED, Receipt

_CREATED = b'"status":201'
_MISPLACED = b'"failure_store":"used"'
_THERE_ALREADY = 409
_NO_STREAM = 404
_HOLD = frozenset({401, 403, _NO_STREAM, 408, 429})

_FAULTS = frozenset(
    {
        "action_request_validation_exception",
        "illegal_argument_exception",
        "json_parse_exception",
        "parse_exception",
        "parsing_exception",
        "x_content_parse_exception",
    }
)
"""What a whole request is refused for because of a single action in it: an id that is too long, for example."""

_CONDITIONS = frozenset({"index_closed_exception", "validation_exception", "security_exception"})
_SENTENCES = re.compile(
    r"request \[[^]]*\] contains unrecognized parameter"
    r"|Validation Failed: 1: this action would add \["
    r"|pipeline with id \["
)
"""
Some answers 400 describe the cluster: a closed index, no room for another shard, a pipeline that is not there. An
illegal argument does so by how its reason begins; further on it may quote an event.
"""

_BROKEN = 500


def receipt(body: bytes, sent: int) -> Receipt:
    """
    Judge every item of an answer.

    Raises:
        ValueError, TypeError, LookupError, AttributeError, StopIteration: it is no answer for as many as were `sent`.
    """
    if body.count(_CREATED) == sent and _MISPLACED not in body:
        return ARRIVED  # nearly always; within a text these would have their quotes escaped
    items = [next(iter(item.values())) for item in json.loads(body)["items"]]
    if len(items) != sent:
        raise LookupError(len(items))
    again: list[int] = []
    rejected: list[tuple[int, str]] = []
    failing: list[tuple[int, str]] = []
    detail = ""
    for position, item in enumerate(items):
        status = int(item["status"])
        error = item.get("error", {})
        if item.get("failure_store") == "used":
            rejected.append((position, "Elasticsearch put it into its failure store: it does not fit the mapping"))
        elif status == _THERE_ALREADY or 200 <= status < 300:
            continue
        elif status in _HOLD or status >= 500 or _is_a_condition(error):
            again.append(position)
            if status == _BROKEN:
                failing.append((position, _why(status, error)))
            detail = detail or _why(status, error)
        else:
            rejected.append((position, _why(status, error)))
    return Receipt(tuple(again), tuple(rejected), detail, failing=tuple(failing))


def events_at_fault(status: int, body: bytes) -> bool:
    """
    Say whether a whole request was refused for what is in it: one event is enough for that.

    Only what Elasticsearch says of single actions counts; for all else nobody's event is thrown away.
    """
    if status != 400:
        return False
    try:
        error = json.loads(body)["error"]
        return error["type"] in _FAULTS and not _is_a_condition(error)
    except (ValueError, TypeError, LookupError):
        return False


def _is_a_condition(error: dict[str, Any]) -> bool:
    kind = error.get("type")
    if kind == "illegal_argument_exception":
        return _SENTENCES.match(str(error.get("reason"))) is not None
    return kind in _CONDITIONS


def _why(status: int, error: dict[str, Any]) -> str:
    why = f"{status} {error.get('type', '')}: {error.get('reason', '')}"
    if status == _NO_STREAM:
        why += " (no index template makes this data stream; `elkmon setup` does)"
    return why
