"""Events the other end refuses for good, kept in a file of NDJSON: each with the reason beside its document."""

from __future__ import annotations

import os
from collections.abc import Iterable

from elkmon.errors import ShippingError
from elkmon.shipping.encoding import dumps


class DeadLetters:
    """
    Appends to a file, which is opened for each append: dead letters are rare.

    Args:
        path: the file; its folder must exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from pathlib import Path  # costs milliseconds, which a service without dead letters need not pay

        self.path = Path(path)
        if not self.path.absolute().parent.is_dir():
            raise ShippingError(f"dead_letters={str(path)!r}: the folder {self.path.parent} does not exist")

    def append(self, reason: str, letters: Iterable[tuple[bytes, str]]) -> None:
        """Write lines with the detail of each. Raises OSError where the file cannot be written."""
        with self.path.open("ab") as file:
            for line, detail in letters:
                head = dumps({"reason": reason, "detail": detail})
                file.write(head[:-1] + b',"document":' + line + b"}\n")
