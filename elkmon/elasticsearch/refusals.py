"""What the client raises, turned into elkmon's errors in plain words. Nothing is retried here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import elastic_transport
import elasticsearch

from elkmon.errors import PartialAnswer, StoreError, StoreRefused, StoreUnreachable

ClientError = (elastic_transport.TransportError, elasticsearch.ApiError)
"""Everything the client raises when a request did not succeed."""

_BUSY = {429, 502, 503, 504}
_SETUP = "run `elkmon setup` first"


def is_temporary(error: Exception) -> bool:
    """Whether the same request may succeed in a moment."""
    return isinstance(error, elasticsearch.ApiError) and temporary_status(error.meta.status, reason_of(error.body)[0])


def temporary_status(status: int, kind: str) -> bool:
    """Whether what failed with `status` and an error of type `kind` may succeed in a moment."""
    return status in _BUSY and kind != "cluster_block_exception"


def translated(error: Exception, nodes: str) -> StoreError:
    """Return the error of ours that says what `error` means; `nodes` are the addresses that were asked."""
    if isinstance(error, elasticsearch.UnsupportedProductError):
        return not_elasticsearch(nodes)
    if isinstance(error, elasticsearch.ApiError):
        return refused(error.meta.status, error.body, nodes)
    if isinstance(error, elastic_transport.TlsError):
        return StoreUnreachable(
            f"No trusted connection to Elasticsearch at {nodes}: {error.message}. Check that it speaks https, that "
            "its certificate names this host, and that ca_certs is the authority that signed it"
        )
    if isinstance(error, elastic_transport.ConnectionTimeout):
        return StoreUnreachable(f"Elasticsearch at {nodes} did not answer in time: {error.message}")
    if isinstance(error, elastic_transport.SerializationError):
        return StoreRefused(f"What answers at {nodes} does not speak as Elasticsearch does: {error.message}")
    return StoreUnreachable(
        f"Elasticsearch at {nodes} cannot be reached: {getattr(error, 'message', error)}. Check that it runs and that "
        "the address is right"
    )


def not_elasticsearch(nodes: str) -> StoreError:
    """Return the error for somebody else who answers."""
    return StoreRefused(f"What answers at {nodes} is not Elasticsearch. Check the address and what stands before it")


def refused_item(status: int, failure: Mapping[str, Any], index: str) -> StoreError:
    """Return the error for one document of a bulk request that `index` did not take."""
    kind, reason = reason_of({"error": failure})
    if temporary_status(status, kind):
        return StoreUnreachable(f"Elasticsearch is too busy to take documents for {index}: {reason}")
    return _plain(status, kind, reason) or StoreRefused(f"{index} did not take a document: {reason} ({kind}, {status})")


def refused(status: int, body: object, nodes: str) -> StoreError:
    """Return the error for an answer with `status` and `body`: of a request, or of one search among many."""
    if isinstance(body, str) and body.lstrip().startswith("<"):
        page = f"{nodes} answered with a web page (HTTP {status}), not as Elasticsearch does"
        if status in _BUSY:
            return StoreUnreachable(f"{page}: something that stands before it cannot reach it")
        return StoreRefused(f"{page}. Check the address and what stands before it")
    kind, reason = reason_of(body)
    if "media_type_header_exception" in f"{kind} {reason}":
        client = elasticsearch.__version__[0]
        return StoreRefused(
            f"The installed elasticsearch client ({client}.x) is newer than the server at {nodes}, which refuses it. "
            f"Install the client of the server's version, for example: pip install 'elasticsearch<{client}'"
        )
    if kind == "search_phase_execution_exception" and status >= 500:
        return PartialAnswer(f"Not all of Elasticsearch answered, so no figure is made from it: {reason}")
    plain = _plain(status, kind, reason)
    if plain is not None:
        return plain
    if status in _BUSY or status >= 500:
        return StoreUnreachable(f"Elasticsearch at {nodes} is not able to answer now (HTTP {status}): {reason}")
    return StoreRefused(f"Elasticsearch refused the request (HTTP {status}, {kind}): {reason}")


def _plain(status: int, kind: str, reason: str) -> StoreError | None:
    """Say what everybody meets sooner or later; None for the rest."""
    if status == 401:
        return StoreRefused(
            f"Elasticsearch does not know who is asking: {reason}. Check the API key or user and password"
        )
    if kind == "cluster_block_exception":
        full = "disk usage" in reason
        remedy = "its disk is full: make room, or delete old data" if full else "allow writing in the index's settings"
        return StoreRefused(f"The index is read-only: {reason}. {remedy.capitalize()}")
    if status == 403:
        action = re.search(r"action \[([^\]]+)\]", reason)
        privileges = re.search(r"granted by the (\w+) privileges \[([^\]]+)\]", reason)
        missing = f" {privileges[1]} privilege (one of {privileges[2]})" if privileges else " right"
        doing = f" for {action[1]}" if action else ""
        return StoreRefused(f"The{missing}{doing} is missing: {reason}. Give it to the API key or user of elkmon")
    if kind == "index_not_found_exception":
        return StoreRefused(f"Nothing is set up for elkmon there ({reason}); {_SETUP}")
    if "Fielddata is disabled" in reason or "Text fields are not optimised" in reason:
        return StoreRefused(
            f"An index was made before elkmon's templates were, so its fields have other types; {_SETUP}, then delete or "
            f"roll over that index: {reason}"
        )
    return None


def reason_of(body: object) -> tuple[str, str]:
    """Return the type and the text of an error, the innermost cause first; both as found in `body`."""
    if not isinstance(body, Mapping):
        return "", str(body)[:500]
    failure = body.get("error", body)
    if not isinstance(failure, Mapping):
        return "", str(failure)[:500]
    kind, reason = str(failure.get("type", "")), str(failure.get("reason", ""))
    causes = [cause for cause in (*failure.get("root_cause", ()), failure.get("caused_by")) if cause]
    for cause in causes:
        text = str(cause.get("reason", ""))
        if text and text not in reason:
            reason = f"{text} ({reason})" if reason else text
        if cause.get("type") == "media_type_header_exception":
            kind = "media_type_header_exception"
    return kind, reason[:1000]
