"""
What a model is compared with: a ruler, where the reference came from, its counts and its performance.

A baseline is immutable; a changed one is a new one with another id. Its hourly profiles are kept as copies under its id, so
retention and late events never touch them. Limits follow from those hours and are derived, never stored as part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from elkmon.identity import identity
from elkmon.profiles import Profile
from elkmon.rulers import Ruler


class SourceKind(StrEnum):
    """Where a reference came from."""

    WINDOW = "window"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a reference came from, precisely enough to find it again.

    Attributes:
        kind: a window of production, or a file.
        name: the window as text, or the file's name without its folder.
        digest: content hash of the file; empty for a window.
        has_timestamps: whether its rows carry times; without them nothing can be learnt from how its windows differ.
        out_of_sample: whether its predictions were made on rows the model had not been trained on; if not, performance is
            not judged against it.
    """

    kind: SourceKind
    name: str
    digest: str = ""
    has_timestamps: bool = True
    out_of_sample: bool = True

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" ({self.digest[:12]})" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    The reference of one model.

    Attributes:
        model: which model; `version` which version made its predictions.
        ruler: what it was counted by, and what is compared with it is counted by.
        source: where it came from.
        total: its profile over the whole reference; counts and outcomes together.
        hours: its hourly profiles, in order; a reference without timestamps has none. Not part of the identity, and left
            out (empty) where only the baseline itself was asked for.
        created_at: when it was made.
        notes: what was odd about it (a constant column, few rows, …), for people.
    """

    model: str
    version: str
    ruler: Ruler
    source: Source
    total: Profile
    created_at: datetime
    hours: tuple[Profile, ...] = ()
    notes: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        source, total = self.source, self.total
        came_from = (source.kind, source.name, source.digest, str(source.out_of_sample))
        holds = (str(total.predictions), str(total.outcomes.labelled))
        object.__setattr__(self, "id", identity(self.model, self.version, self.ruler.id, *came_from, *holds))

    @property
    def start(self) -> datetime:
        """First instant of the reference."""
        return self.total.start

    @property
    def end(self) -> datetime:
        """First instant after the reference."""
        return self.total.end
