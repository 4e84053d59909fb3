"""What of a line can be read without parsing it: by which of its process's channels it came."""

from __future__ import annotations

import re

_STREAM = b',"data_stream":{"type":"logs","dataset":"'
_HEAD = 40  # octets of every line: its instant
_ABOUT = re.compile(rb',"elkmon":\{"process":"[0-9a-f]{16}"(?:,"model":\{"name":"((?:[^"\\]|\\.)*)")?', re.DOTALL)


def address_of(line: bytes) -> tuple[bytes, bytes | None] | None:
    """
    Return the rest of the data stream's part, which names it, and the model's name as it is encoded; None for no event.

    Nothing in a text can look like these parts, for its quotes are escaped.
    """
    at = line.rfind(_STREAM)  # the last: what users nest into a record comes before it
    about = _ABOUT.search(line, _HEAD)
    if at < 0 or about is None:
        return None
    return line[at + len(_STREAM) : line.find(b"}", at)], about[1]
