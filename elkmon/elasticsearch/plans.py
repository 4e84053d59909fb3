"""
How a ruler's questions are cut into requests, so that no answer has more buckets than Elasticsearch gives.

Hours are taken apart first, then fields, and segments only where one field alone would be too much for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from elkmon.rulers import JointScale, Ruler, Scale, Segmentation

MOST_BUCKETS = 50_000
"""Buckets of one answer; Elasticsearch refuses above 65,536."""

_MOST_HOURS = 168


@dataclass(frozen=True, slots=True)
class Plan:
    """
    How a ruler's questions are cut into requests: one for each part and group, for so many hours at a time.

    Attributes:
        groups: names of what is counted together; every place of the ruler is in one of them.
        parts: segmentations asked together, each by some of its levels; one part without any where there are no segments.
        hours: hours asked at a time.
        buckets: of one hour of one request, at most.
    """

    groups: tuple[tuple[str, ...], ...]
    parts: tuple[tuple[Segmentation, ...], ...]
    hours: int
    buckets: int

    @property
    def requests(self) -> int:
        """How many requests ask for the same hours."""
        return len(self.groups) * len(self.parts)


def planned(ruler: Ruler, most_buckets: int = MOST_BUCKETS) -> Plan:
    """
    Return a plan in which no answer has more than `most_buckets` buckets.

    All is counted once for all traffic and once more for each segment of a part.

    >>> from elkmon.rulers import NumericScale
    >>> planned(Ruler({"features.num.x": NumericScale((0.0,), (0.0, 0.0))}), most_buckets=12).hours
    2

    Raises:
        ValueError: when one field alone has more bins than a request may count.
    """
    costs = {name: _cost(place) for name, place in ruler.places().items()}
    fewest = 2 if ruler.segments else 1
    for name, cost in costs.items():
        if fewest * (cost + 1) > most_buckets:
            raise ValueError(f"{name} has {cost} bins; one request counts at most {most_buckets // fewest}")
    widest = max(costs.values(), default=0) + 1
    parts = tuple(_parts(ruler.segmentations, max(1, most_buckets // widest - 1))) or ((),)
    times = 1 + max(sum(len(each.levels) for each in part) for part in parts)
    groups = _grouped(costs, most_buckets // times)
    heaviest = times * max(1 + sum(costs[name] for name in group) for group in groups)
    return Plan(groups, parts, min(_MOST_HOURS, max(1, most_buckets // heaviest)), heaviest)


def _cost(place: Scale | JointScale) -> int:
    """Return the buckets of one place: of two together also those of the left one; else one each for what has no bin."""
    if isinstance(place, JointScale):
        return place.size + place.left.size
    return place.size + 3  # known levels, rejected and unindexed values


def _parts(segmentations: Sequence[Segmentation], most: int) -> Iterator[tuple[Segmentation, ...]]:
    """Yield the segmentations so that no part has more than `most` levels."""
    pairs = [(each.field, level) for each in segmentations for level in each.levels]
    for start in range(0, len(pairs), most):
        levels: dict[str, list[str]] = {}
        for name, level in pairs[start : start + most]:
            levels.setdefault(name, []).append(level)
        yield tuple(Segmentation(name, tuple(some)) for name, some in levels.items())


def _grouped(costs: Mapping[str, int], most: int) -> tuple[tuple[str, ...], ...]:
    """Return the names so that no group costs more than `most`, with the bucket that holds it."""
    groups: list[list[str]] = [[]]
    taken = 1
    for name, cost in costs.items():
        if taken + cost > most:
            groups.append([])
            taken = 1
        groups[-1].append(name)
        taken += cost
    return tuple(map(tuple, groups))
