"""A channel: the events of one kind about one model, with their sequence numbers, their accounts and what they share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from typing import Any

from elkmon.schema import Document
from elkmon.shipping import encoding
from elkmon.shipping.accounting import Account
from elkmon.shipping.naming import Streams
from elkmon.shipping.redaction import Redaction
from elkmon.values import as_text


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Who sends: what all events of a handler have in common.

    Attributes:
        streams: where they go.
        process: random per process and handler.
        service, service_version, environment: the service, as it describes itself.
        labels: whatever it wants to search by.
        redaction: what it must not tell.
    """

    streams: Streams
    process: str
    service: str | None = None
    service_version: str | None = None
    environment: str | None = None
    labels: dict[str, str] | None = None
    redaction: Redaction | None = None

    def document(self, dataset: str) -> dict[str, Any]:
        """Return the part of a document that is the same for all events of `dataset`, without labels."""
        about = {"name": self.service, "version": self.service_version, "environment": self.environment}
        service = {key: as_text(value) for key, value in about.items() if value is not None}
        return {
            "data_stream": {"type": "logs", "dataset": dataset, "namespace": self.streams.namespace},
            **({"service": service} if service else {}),
            "host": {"name": encoding.plain(os.uname().nodename)},
            "process": {"pid": os.getpid()},
        }


class Channel:
    """
    The events of one kind about one model (or none).

    Attributes:
        kind: the kind of event.
        errors: whether these are errors, which queue by themselves.
        model: the model's name.
        index: the data stream.
        sequence: numbers the events, before anything can be dropped.
        account: counts them.
        tail: what the events share with all others, encoded; it ends every line.
        tail_without_labels: the same for events that bring the shared labels themselves, among others.
    """

    __slots__ = ("account", "errors", "index", "kind", "model", "sequence", "tail", "tail_without_labels")

    def __init__(self, kind: Document, model: str | None, origin: Origin, account: Account) -> None:
        self.kind = kind
        self.errors = kind is Document.ERROR
        self.model = model
        self.begin(origin, account)

    def begin(self, origin: Origin, account: Account) -> None:
        """Start from nothing: when made, and in a forked child, whose process and counts are its own."""
        dataset = origin.streams.dataset(self.kind)
        self.index = origin.streams.index(dataset)
        self.sequence = count(1)
        self.account = account
        shared = origin.document(dataset)
        self.tail = self.tail_without_labels = b"," + encoding.dumps(shared)[1:]
        if origin.labels:
            self.tail = b"," + encoding.dumps({**shared, "labels": origin.labels})[1:]

    def line(self, body: dict[str, Any]) -> bytes:
        """Encode `body` and what it shares with all others."""
        # Cutting and joining copies: what orjson returns holds several KB for every small result.
        return encoding.dumps(body)[:-1] + (self.tail_without_labels if "labels" in body else self.tail)
