"""What the soak found, as a table, and whether the promise was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.soak.lives import Sample
from bench.soak.node import Stored

_SLACK = 1.2
_BYTES_AN_EVENT = 1_500  # of one that waits in memory, with all that belongs to it; generous


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The figures of a soak.

    Attributes:
        returned: calls that returned, by life of the service.
        stored: what is in Elasticsearch.
        final: the handler's own totals, of the last life.
        samples: memory and backlog over time.
        node_ends: how often the node was stopped, and how often killed.
        kills: how often the service was killed.
        drained: seconds from the last call to the last delivery.
    """

    returned: Mapping[str, int]
    stored: Stored
    final: Mapping[str, object]
    samples: Sequence[Sample]
    node_ends: tuple[int, int]
    kills: int
    drained: float

    @property
    def lost(self) -> int:
        """Events whose call returned and that are not stored."""
        return sum(max(0, count - self.stored.by_life[life]) for life, count in self.returned.items())

    @property
    def doubled(self) -> int:
        """Documents beyond one for each event."""
        return self.stored.documents - self.stored.distinct

    @property
    def balanced(self) -> bool:
        """Whether the handler's account of its last life agrees: nothing dropped, nothing pending."""
        settled = not self.final.get("dropped") and self.final.get("pending") == 0
        return settled and self.final.get("logged") == self.final.get("delivered")

    @property
    def kept(self) -> bool:
        """Whether nothing was lost or doubled, by Elasticsearch's count and by the handler's."""
        return self.lost == 0 and self.doubled == 0 and self.balanced

    def table(self) -> str:
        """Write it for a terminal."""
        first, last = self._third(0), self._third(2)
        explained = _BYTES_AN_EVENT * max(0, last.pending - first.pending)
        flat = last.resident <= _SLACK * first.resident + explained
        rows = [
            ("calls that returned", f"{sum(self.returned.values()):,}"),
            ("documents stored", f"{self.stored.documents:,}"),
            ("distinct events stored", f"{self.stored.distinct:,}"),
            ("lost", f"{self.lost:,}"),
            ("doubled", f"{self.doubled:,}"),
            ("handler's totals", ", ".join(f"{name} {self.final.get(name)}" for name in _TOTALS)),
            ("node stopped, killed", "{}, {} times".format(*self.node_ends)),
            ("service killed", f"{self.kills} times"),
            ("drained after the last call", f"{self.drained:.1f} s"),
            ("first third, at most", _shown(first)),
            ("last third, at most", _shown(last)),
            ("memory flat, less what waits", "yes" if flat else "NO"),
            ("promise kept", "yes" if self.kept else "NO"),
        ]
        return "\n".join(f"{what:30} {figure}" for what, figure in rows)

    def _third(self, number: int) -> Sample:
        end = self.samples[-1].at
        of_it = [each for each in self.samples if number * end / 3 <= each.at <= (number + 1) * end / 3]
        return Sample(
            0.0, max((each.resident for each in of_it), default=0), max((each.pending for each in of_it), default=0)
        )


_TOTALS = ("logged", "delivered", "pending", "dropped")


def _shown(most: Sample) -> str:
    return f"{most.resident / 1e6:,.0f} MB resident, {most.pending:,} events waiting"
