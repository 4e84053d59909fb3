"""
What DVC tracks of a data file: the MD5 in its `.dvc` file, checked against the file itself.

Of YAML only what DVC writes is understood: the list `outs`, each with plain values under its own indentation.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elkmon.errors import ReferenceDataError

_ENTRY = re.compile(r"^(?P<indent> *)(?P<dash>- +)?(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?: +(?P<value>.*?))? *$")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ENDING = ".dvc"


@dataclass(frozen=True, slots=True)
class Tracked:
    """A data file, and the MD5 that DVC tracks it by; empty where it is not tracked."""

    data: Path
    md5: str = ""


def tracked(path: Path) -> Tracked:
    """
    Return the data file that `path` means, with what DVC tracks it by.

    `path` is a `.dvc` file, or a data file which may have a `.dvc` file of its name beside it. Before version 3 DVC took
    the MD5 of texts after turning CRLF into LF, so that one serves where the file does not say `hash: md5`.

    Raises:
        ReferenceDataError: where the `.dvc` file cannot be read, tracks no single file, or tracks other content.
    """
    if path.name.endswith(_ENDING):
        note = path
    else:
        note = path.parent / (path.name + _ENDING)
        if not note.is_file():
            return Tracked(path)
    outs, folder = _outs(note)
    if path != note:
        outs = [each for each in outs if each.get("path") == path.name]
    if len(outs) != 1 or not outs[0].get("path"):
        names = ", ".join(each.get("path", "a nameless one") for each in outs) or "none"
        raise ReferenceDataError(f"{note.name} should track one data file; under `outs` it has {names}")
    data, md5 = note.parent / folder / outs[0]["path"], outs[0].get("md5", "")
    if md5.endswith(".dir"):
        raise ReferenceDataError(f"{note.name} tracks the folder {data.name}; name a file within it")
    if not _MD5.fullmatch(md5):
        raise ReferenceDataError(f"{note.name} has no MD5 of {data.name}; write it with `dvc add` or `dvc commit`")
    if not data.is_file():
        raise ReferenceDataError(f"{data} is not there, though {note.name} tracks it; fetch it with `dvc pull`")
    _check(note, data, md5, either=outs[0].get("hash") != "md5")
    return Tracked(data, md5)


def _check(note: Path, data: Path, md5: str, *, either: bool) -> None:
    with data.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found == md5:
        return
    if either:
        text = data.read_bytes().replace(b"\r\n", b"\n")
        if hashlib.md5(text, usedforsecurity=False).hexdigest() == md5:
            return
    raise ReferenceDataError(
        f"{data.name} is not what {note.name} tracks: its MD5 is {found}, not {md5}; bring it back with `dvc checkout`, "
        f"or track what it holds now with `dvc commit`"
    )


def _outs(note: Path) -> tuple[Sequence[Mapping[str, str]], str]:
    """Return the plain values of each entry of the list `outs`, and the folder from which their paths start."""
    try:
        lines = note.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReferenceDataError(f"{note.name} cannot be read: {error}") from error
    outs: list[dict[str, str]] = []
    within, column, folder = False, 0, "."
    for line in lines:
        found = _ENTRY.match(line)
        if found is None:
            continue
        place = len(found["indent"]) + len(found["dash"] or "")
        if place == 0:
            within = found["key"] == "outs"
            folder = _plain(found) if found["key"] == "wdir" else folder
        elif within and found["dash"] and (not outs or place == column):
            outs.append({})
            column = place
        if within and outs and place == column:
            outs[-1][found["key"]] = _plain(found)
    return outs, folder


def _plain(entry: re.Match[str]) -> str:
    return (entry["value"] or "").strip("'\"")
