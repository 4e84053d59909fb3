"""
What a command's exit code says.
"""

from __future__ import annotations

from enum import IntEnum

INTERRUPTED = 130
"""What a shell calls the end by Ctrl-C; nothing was judged to the end."""


class ExitCode(IntEnum):
    """
    How a command ended; four of them are the names of a run's status.

    When several hold, 2 goes before 4 before 1 before 3.
    """

    HEALTHY = 0
    ALERTING = 1
    USAGE = 2
    UNJUDGED = 3
    UNDELIVERED = 4
