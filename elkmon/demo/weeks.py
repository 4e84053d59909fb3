"""
One week of the story, as it was lived.
"""

from __future__ import annotations

from dataclasses import dataclass

from elkmon.demo.mailbox import Mail
from elkmon.monitor import CheckReport
from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class Week:
    """
    How much was served in one week, what the check at its end found, and the mails it sent.

    `window` is the week that was judged; serving went on until the check, half a day later.
    """

    window: Window
    predictions: int
    outcomes: int
    report: CheckReport
    mails: tuple[Mail, ...]
