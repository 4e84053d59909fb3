"""Up to where a journal has arrived: a small file, replaced as a whole, so that it is never half written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    A place in a journal.

    Attributes:
        segment: number of the first segment that has not arrived as a whole.
        offset: bytes of it that have arrived.
    """

    segment: int = 0
    offset: int = 0


def write(path: str, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint. Raises OSError."""
    text = json.dumps({"segment": checkpoint.segment, "offset": checkpoint.offset})
    beside = f"{path}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    os.replace(beside, path)  # noqa: PTH105  as in segments


def read(path: str) -> Checkpoint:
    """Read a checkpoint; from the beginning where there is none that can be read: a repeat is recognised, a gap is not."""
    try:
        given = json.loads(Path(path).read_bytes())
        checkpoint = Checkpoint(given["segment"], given["offset"])
    except (OSError, ValueError, TypeError, KeyError):
        return Checkpoint()
    numbers = (checkpoint.segment, checkpoint.offset)
    return checkpoint if all(type(number) is int and number >= 0 for number in numbers) else Checkpoint()
