"""How ordinary log records become JSON unless the user sets a formatter: python-json-logger, extras as labels."""

from __future__ import annotations

from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from elkmon.shipping.encoding import plain

_READ_BY_THE_HANDLER = ("model", "model_version")


class RecordFormatter(JsonFormatter):
    """The message, and what was given as `extra` or as a dict in its place, below `labels`."""

    def __init__(self) -> None:
        super().__init__(
            "%(message)s", reserved_attrs=[*RESERVED_ATTRS, *_READ_BY_THE_HANDLER], json_ensure_ascii=False
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Make every key and value plain, so that encoding cannot fail."""
        message = log_data.pop("message", "")
        return {"message": plain(message), "labels": plain(log_data)}
