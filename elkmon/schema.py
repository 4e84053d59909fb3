"""
What a stored field is, and the kinds of documents that carry fields. The fields themselves are in `elkmon.fields`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Document(StrEnum):
    """The kinds of documents; the first five are events in data streams, the rest is written by the monitor."""

    PREDICTION = "prediction"
    FEEDBACK = "feedback"
    ERROR = "error"
    LOG = "log"
    SHIPPER = "shipper"
    OUTCOME = "outcome"
    PENDING = "pending"
    PROFILE = "profile"
    FINDING = "finding"
    RULER = "ruler"
    BASELINE = "baseline"
    ALERT = "alert"
    STATE = "state"


EVENTS = (Document.PREDICTION, Document.FEEDBACK, Document.ERROR, Document.LOG, Document.SHIPPER)
RESULTS = tuple(document for document in Document if document not in EVENTS)


class Field(str):
    """
    A field's dotted name, with its `type` (an Elasticsearch mapping type), `meaning`, and the `documents` that carry it.

    A name that ends in `.*` is an open map: any key below it, all of one type. `ecs` tells fields of the Elastic Common
    Schema from elkmon's own.
    """

    __slots__ = ("documents", "ecs", "meaning", "type")

    type: str
    meaning: str
    documents: tuple[Document, ...]
    ecs: bool

    def __new__(cls, name: str, type_: str, meaning: str, *documents: Document) -> Self:
        """Make the field `name`."""
        field = super().__new__(cls, name)
        field.type = type_
        field.meaning = meaning
        field.documents = documents
        field.ecs = not name.startswith(("elkmon.", "features."))
        return field

    @property
    def open(self) -> bool:
        """Whether this is an open map of user-given names."""
        return self.endswith(".*")

    @property
    def path(self) -> str:
        """The name without the `.*` of an open map."""
        return self.removesuffix(".*")
