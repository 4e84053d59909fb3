"""Events the other end refuses for good, kept in a file of NDJSON: each with the reason beside its document."""

from __future__ import annotations

import os
from collections.abc import Iterable

from elkmon.errors import ShippingError
from elkmon.shipping.encoding import dumps
from elkmon.values import fit

_DETAIL_LIMIT = 8192


class NotKept(ShippingError):
    """What was rejected could not be written down, and must not be dropped."""


class DeadLetters:
    """
    Appends to a file, which is opened for each append: dead letters are rare.

    Args:
        path: the file, which only its owner may read where it is made; its folder must exist.
        required: whether nothing may be dropped that is not in it.
    """

    def __init__(self, path: str | os.PathLike[str], *, required: bool = False) -> None:
        from pathlib import Path  # costs milliseconds, which a service without dead letters need not pay

        self.path = Path(path)
        self.required = required
        if not self.path.absolute().parent.is_dir():
            raise ShippingError(
                f"dead_letters={str(path)!r}: the folder {self.path.parent} does not exist; create it, or name another"
            )
        if self.path.is_dir():
            raise ShippingError(f"dead_letters={str(path)!r}: this is a folder; name a file in it")

    def check(self) -> None:
        """Try whether it can be written, without making it. Raises OSError."""
        from tempfile import TemporaryFile  # costs milliseconds, as above

        if self.path.exists():
            os.close(self._opened())
        else:
            TemporaryFile(dir=self.path.parent).close()

    def append(self, reason: str, letters: Iterable[tuple[bytes, str]]) -> None:
        """Write lines with the detail of each. Raises OSError where the file cannot be written."""
        with os.fdopen(self._opened(), "ab") as file:
            for line, detail in letters:
                head = dumps({"reason": reason, "detail": fit(detail, _DETAIL_LIMIT)[0]})
                file.write(head[:-1] + b',"document":' + line + b"}\n")

    def _opened(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
