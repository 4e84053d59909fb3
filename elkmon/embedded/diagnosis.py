"""Why a node did not start: its log and exit code turned into the likely cause and the remedy, in plain words."""

from __future__ import annotations

import re
import signal
from pathlib import Path

# The first that matches counts. What it matches are Java's own words and Elasticsearch's.
_CAUSES = {
    r"BindHttpException|Address already in use": """\
port {port} on 127.0.0.1 cannot be had: another program listens there, or it is below 1024 and needs special rights. \
Stop that program, or choose another port; 0 takes a free one.""",
    r"failed to obtain node locks|LockObtainFailedException": """\
the data folder {data} is in use by another node, or cannot be written. Stop that node, or choose another folder.""",
    r"cannot (?:down|up)grade a node|IndexFormatToo(?:New|Old)|indexCreatedVersionMajor is in the future": """\
the data folder {data} was written by a version of Elasticsearch that this one cannot follow. \
Start the version that wrote it, or choose another folder.""",
    r"No space left on device|Disk quota exceeded": """\
the disk is full. Make room, or choose another folder for the data (and by TMPDIR for the rest).""",
    r"OutOfMemoryError: Java heap space|GC overhead limit exceeded|Too small (?:initial|maximum) heap": """\
heap={heap} is too little. Choose 256m at least; 512m is the default.""",
    r"Could not reserve enough|insufficient memory for the Java|Cannot allocate memory|OutOfMemoryError|heap size": """\
this machine has not enough memory for heap={heap}. Close other programs, or choose a smaller heap, 256m at least.""",
}


def obstacle(log: str, exit_code: int | None, *, port: int, heap: str, data: Path | None) -> str:
    """The likely cause and what helps. `exit_code` is None for a process that still runs, negative for a signal."""
    for pattern, cause in _CAUSES.items():
        if re.search(pattern, log):
            return cause.format(port=port, heap=heap, data=data)
    if exit_code == -signal.SIGKILL:
        return f"it was killed, most likely because memory ran out. Choose a smaller heap than {heap}, or free memory."
    if exit_code is None:
        return "the machine may be too busy, or an index in the data folder cannot be recovered."
    return f"it ended with code {exit_code}, for a reason its log may tell."
