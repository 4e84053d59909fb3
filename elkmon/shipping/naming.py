"""The names of the data streams events go to, and what may be part of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from elkmon.errors import ShippingError
from elkmon.schema import Document

_LONGEST = 100
_GIVEN = re.compile(r"[a-z0-9][a-z0-9_.]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Streams:
    """
    The data streams of one handler.

    Attributes:
        namespace: the installation they belong to.
        group: the family of models whose predictions have a stream of their own; empty for none.
    """

    namespace: str = "default"
    group: str = ""

    def __post_init__(self) -> None:
        _check("namespace", self.namespace)
        if self.group:
            _check("group", self.group)

    def dataset(self, kind: Document) -> str:
        """Name the dataset of events of a kind: `elkmon.prediction`, or with its group `elkmon.prediction.risk`."""
        grouped = kind is Document.PREDICTION and self.group
        return f"elkmon.{kind}.{self.group}" if grouped else f"elkmon.{kind}"

    def index(self, dataset: str) -> str:
        """Name the data stream of a dataset."""
        return f"logs-{dataset}-{self.namespace}"


def _check(what: str, name: object) -> None:
    if not isinstance(name, str) or not _GIVEN.fullmatch(name) or len(name) > _LONGEST:
        raise ShippingError(
            f"{what} {name!r} cannot be part of a data stream's name: it must be 1 to {_LONGEST} of the characters "
            "a-z, 0-9, _ and ., beginning with a letter or a digit (Elasticsearch allows no upper case, wildcards, "
            "slashes or blanks, and - separates the parts)"
        )
