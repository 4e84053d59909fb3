"""
What a model is compared with: a ruler, where the reference came from, its counts and its performance.

A baseline is immutable; a changed one is a new one with another id. Its hourly profiles are kept as copies under its id, so
retention and late events never touch them. Limits follow from those hours and are derived, never stored as part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from elkmon.identity import identity
from elkmon.profiles import Profile, total
from elkmon.rulers import Ruler
from elkmon.windows import Window


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
        provisional: whether it was made from the first days of production for want of a real reference.
    """

    kind: SourceKind
    name: str
    digest: str = ""
    has_timestamps: bool = True
    out_of_sample: bool = True
    provisional: bool = False

    def __str__(self) -> str:
        provisional = "provisional " if self.provisional else ""
        return f"{provisional}{self.kind} {self.name}" + (f" ({self.digest[:12]})" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    The reference of one model.

    Attributes:
        model: which model; `version` which version made its predictions.
        ruler: what it was counted by, and what is compared with it is counted by.
        source: where it came from.
        total: its profile over the whole reference; counts and outcomes together.
        hours: its hourly profiles, those of all segments, in order of time; a reference without timestamps has none. Not
            part of the identity, and left out (empty) where only the baseline itself was asked for.
        segments: its profile over the whole reference per segment of the ruler.
        importances: how much each feature matters to the model, by its own name, in any unit; empty where not known.
        part_of: of a part (a segment, the Mondays) the id of the whole, which it keeps; `share` the part of its time that
            it covers.
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
    segments: Mapping[str, Profile] = field(default_factory=dict)
    importances: Mapping[str, float] = field(default_factory=dict)
    part_of: str = ""
    share: float = 1.0
    id: str = field(init=False)

    def __post_init__(self) -> None:
        source, total = self.source, self.total
        came_from = (source.kind, source.name, source.digest, str(source.out_of_sample))
        holds = (str(total.predictions), str(total.outcomes.labelled))
        # What a baseline does not have is left out, so that its id stays when a new kind of thing can be had.
        also = ("provisional",) if source.provisional else ()
        weights = tuple(f"{name}={weight!r}" for name, weight in sorted(self.importances.items()))
        whole = identity(self.model, self.version, self.ruler.id, *came_from, *holds, *also, *weights)
        object.__setattr__(self, "id", self.part_of or whole)

    @property
    def start(self) -> datetime:
        """First instant of the reference."""
        return self.total.start

    @property
    def end(self) -> datetime:
        """First instant after the reference."""
        return self.total.end

    def of(self, segment: str) -> Baseline:
        """
        Return the part of it that `segment` is; the empty one is all of its traffic, without the segments.

        A segment the reference never had is a part without rows.
        """
        hours = tuple(hour for hour in self.hours if hour.segment == segment)
        nothing = replace(_empty(self.total), segment=segment)
        whole = self.total if not segment else self.segments.get(segment, nothing)
        return replace(self, total=whole, hours=hours, segments={}, part_of=self.id)

    def when(self, chosen: Callable[[datetime], bool]) -> Baseline:
        """Return the part of it, segments included, that lies in the hours `chosen` by their start."""
        hours = tuple(hour for hour in self.hours if chosen(hour.start))
        by_segment: dict[str, list[Profile]] = {"": [], **{segment: [] for segment in self.segments}}
        for hour in hours:
            by_segment[hour.segment].append(hour)
        sums = {
            segment: total(profiles, replace(_empty(self.total), segment=segment))
            for segment, profiles in by_segment.items()
        }
        within = list(Window(self.start, self.end).hours())
        share = sum(map(chosen, within)) / len(within)
        whole = sums.pop("")
        return replace(self, total=whole, hours=hours, segments=sums, part_of=self.id, share=share)


def _empty(profile: Profile) -> Profile:
    return Profile(
        profile.model,
        profile.version,
        profile.start,
        profile.end,
        profile.ruler,
        source=profile.source,
        segment=profile.segment,
    )
