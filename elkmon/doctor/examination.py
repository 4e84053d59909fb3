"""
What is said of one link.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Link(StrEnum):
    """Where in the chain a link is."""

    INSTALLATION = "installation"
    CONFIGURATION = "configuration"
    STORE = "elasticsearch"
    EVENTS = "events"
    MODELS = "models"
    MONITOR = "monitor"
    MAIL = "mail"
    KIBANA = "kibana"


class Verdict(StrEnum):
    """Whether it holds. SKIPPED: not looked at, as something before it does not hold."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Examination:
    """One line: where, what was looked at, the verdict, what was seen and, where something is wrong, what to do."""

    link: Link
    what: str
    verdict: Verdict
    seen: str
    remedy: str = ""
