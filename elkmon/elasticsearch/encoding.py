"""
How documents become bytes and answers become values: by orjson where it is installed, which is several times faster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from elasticsearch import JsonSerializer

Json = Mapping[str, Any]


def _imported() -> Any:
    try:
        import orjson
    except ImportError:
        return None
    return orjson


_fast: Any = _imported()


class _FastSerializer(JsonSerializer):
    """Reads with orjson. Requests are written by the standard library: field names are text of a type of their own."""

    def json_loads(self, data: bytes) -> Any:
        return _fast.loads(data)


class _CompatibleSerializer(_FastSerializer):
    mimetype: ClassVar[str] = "application/vnd.elasticsearch+json"


def fast_serializers() -> dict[str, JsonSerializer]:
    """Return what the client is to read answers with; nothing where its own way is the fastest that there is."""
    if _fast is None:
        return {}
    return {each.mimetype: each for each in (_FastSerializer(), _CompatibleSerializer())}


def encoded(line: Json) -> bytes:
    """
    Return `line` as one line of a request of many. NaN and infinities become null, which is what an index can hold.

    Text that is no text, such as half of a surrogate pair, becomes question marks.
    """
    if _fast is not None:
        try:
            return bytes(_fast.dumps(line))
        except TypeError:  # a number of numpy's, or text that UTF-8 does not know
            pass
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(errors="replace")
