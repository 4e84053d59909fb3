"""
The hours whose events are erased, counted again: noted before the first event goes, done after the last one has gone.

Fewer events than were recorded look like retention, and such an hour would keep its counts for good. So what was recorded is
corrected in the same act, and what is noted is done by whoever erases next, should this one be killed in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.bookmark_documents import TALLY
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.documents import found
from elkmon.elasticsearch.erasure_notes import NOTE, Amounts, Noted, Place, note_document, note_id, noted_from
from elkmon.elasticsearch.feedback_changes import JOINED
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.profile_documents import profile_id, ruler_from
from elkmon.ports import Bookmark, EventLog, HourCounts, Journal, Wanted
from elkmon.profiles import ALL, Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]

_PAGE = 1_000
_PROFILES_A_SAVE = 500


class Why(StrEnum):
    """Why an hour keeps the counts it has."""

    EATEN = "retention has begun to delete its events"
    ROLLED_UP = "its month was rolled up to days"
    NO_RULER = "the ruler that counted it is gone"


@dataclass(frozen=True, slots=True)
class Kept:
    """An hour whose counts stay as they are, and why."""

    place: Place
    why: Why


@dataclass(frozen=True, slots=True)
class Recounted:
    """Hours that were counted again, with what they hold now, by ruler; and those that were not."""

    counted: tuple[HourCounts, ...] = ()
    kept: tuple[Kept, ...] = ()


class ErasedHours:
    """Notes and counts hours in one namespace. All of it happens under its lease."""

    def __init__(self, cluster: Cluster, indices: Indices, event_log: EventLog, journal: Journal) -> None:
        self._cluster = cluster
        self._indices = indices
        self._event_log = event_log
        self._journal = journal

    def note(self, removed: Mapping[Place, Amounts]) -> tuple[Kept, ...]:
        """
        Note which counts are to be made anew once `removed` has gone; return the hours that keep theirs.

        An hour that holds less than was recorded of it has lost events to retention: what was counted outlives them.
        """
        if not removed:
            return ()
        kept: list[Kept] = []
        rolled_up = self._rolled_up()
        for model in sorted({place.model for place in removed}):
            gone = {place: amounts for place, amounts in removed.items() if place.model == model}
            there = self._there(model, gone)
            noted: list[Noted] = []
            for (place, ruler), recorded in sorted(self._recorded(model, gone).items(), key=str):
                now = there.get(place, Amounts())
                if place.hour.strftime("%Y.%m") in rolled_up:
                    kept.append(Kept(place, Why.ROLLED_UP))
                elif any(now.lacks(each) for each in recorded):
                    kept.append(Kept(place, Why.EATEN))
                else:
                    late = any(each != now for each in recorded)
                    noted.append(Noted(place, ruler, now.without(gone[place]), late))
            if noted:
                self._cluster.write([Write(self._indices.state, note_id(model), note_document(model, noted))])
        self._cluster.refresh(self._indices.state)
        return tuple(dict.fromkeys(kept))

    def forget_totals(self) -> None:
        """
        Forget the totals that spare checks from looking at hours in which nothing has changed.

        An event that arrives in an hour which lost one would make its total the same again, and be missed. Without them the next
        check looks at every hour once.
        """
        query: Json = {"terms": {fields.STATE_KIND: [TALLY, JOINED]}}
        pages = self._cluster.pages(self._indices.state, query, [fields.TIMESTAMP], _PAGE, source=False)
        self._cluster.write(Write(self._indices.state, hit["_id"], None) for hits in pages for hit in hits)
        self._cluster.refresh(self._indices.state)

    def count(self) -> Recounted:
        """Do what is noted, whoever noted it, and forget the notes. Doing it twice does no more than once."""
        self._cluster.refresh(self._indices.state, self._indices.outcomes)
        counted: list[HourCounts] = []
        kept: list[Kept] = []
        for name, model, noted in list(self._notes()):
            some, others = self._count(model, noted)
            counted += some
            kept += others
            self._cluster.write([Write(self._indices.state, name, None)])
        self._cluster.refresh(self._indices.state)
        return Recounted(tuple(counted), tuple(kept))

    def _count(self, model: str, noted: Sequence[Noted]) -> tuple[list[HourCounts], list[Kept]]:
        there = self._there(model, {each.place: Amounts() for each in noted})
        rulers = self._rulers({each.ruler for each in noted if each.ruler})
        kept: list[Kept] = []
        anew: list[Noted] = []
        for each in noted:
            if there.get(each.place, Amounts()).lacks(each.expected):
                kept.append(Kept(each.place, Why.EATEN))
            elif each.ruler and each.ruler not in rulers:
                kept.append(Kept(each.place, Why.NO_RULER))
            else:
                anew.append(each)
        self._profile([each for each in anew if each.ruler], rulers)
        self._correct_bookmark(model, anew, there)
        return [_hour_counts(each, there.get(each.place, Amounts())) for each in anew if each.ruler], kept

    def _profile(self, noted: Iterable[Noted], rulers: Mapping[str, Ruler]) -> None:
        """Count the hours again and store it; what was counted of segments that have no rows any more is deleted."""
        hours: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
        for each in noted:
            hours[each.place.model, each.place.version, each.ruler].append(each.place.hour)
        wanted = [
            Wanted(model, version, sorted(starts), rulers[ruler]) for (model, version, ruler), starts in hours.items()
        ]
        unsaved: list[Profile] = []
        with_rows: set[str] = set()
        for profile in self._event_log.profiles(wanted):
            unsaved.append(profile)
            with_rows.add(profile.segment)
            if profile.segment != ALL:
                continue
            # The last one of its hour.
            month = self._indices.month(self._indices.profiles, profile.start)
            empty = [each for each in rulers[profile.ruler].segments if each not in with_rows]
            self._cluster.write(Write(month, profile_id(replace(profile, segment=each)), None) for each in empty)
            with_rows.clear()
            if len(unsaved) >= _PROFILES_A_SAVE:
                self._journal.save(unsaved)
                unsaved.clear()
        self._journal.save(unsaved)

    def _correct_bookmark(self, model: str, anew: Iterable[Noted], there: Mapping[Place, Amounts]) -> None:
        """
        Let the bookmark say what the hours hold now, so that no check takes them for eaten, nor judges them again.

        Of an hour that holds events which it had not counted it says that nothing was: that one is judged again.
        """
        bookmark = self._journal.stories([model]).bookmarks.get(model)
        if bookmark is None:
            return
        known = {(each.place, each.ruler): each for each in anew}
        counts: list[HourCounts] = []
        for each in bookmark.counts:
            noted = known.get((_place(each), each.ruler))
            if noted is None:
                counts.append(each)
                continue
            judged = not noted.late and there.get(noted.place, Amounts()) == noted.expected
            counts.append(_hour_counts(noted, noted.expected if judged else Amounts()))
        if tuple(counts) != bookmark.counts:
            corrected: Bookmark = replace(bookmark, counts=tuple(counts))
            self._journal.save([corrected])

    def _there(self, model: str, places: Iterable[Place]) -> dict[Place, Amounts]:
        hours = sorted({place.hour for place in places})
        if not hours:
            return {}
        counts = self._event_log.counts(_span(hours), [model], hours)
        return {_place(each): Amounts.of(each) for each in counts}

    def _recorded(self, model: str, places: Mapping[Place, Amounts]) -> dict[tuple[Place, str], list[Amounts]]:
        """Return per place and ruler what stored profiles and the bookmark recorded."""
        span = _span([place.hour for place in places])
        bookmark = self._journal.stories([model]).bookmarks.get(model)
        recorded: dict[tuple[Place, str], list[Amounts]] = defaultdict(list)
        for each in (*self._journal.profiled(span, [model]), *(bookmark.counts if bookmark else ())):
            if _place(each) in places:
                recorded[_place(each), each.ruler].append(Amounts.of(each))
        return recorded

    def _rolled_up(self) -> set[str]:
        """Return the months whose hours were made days, as their indices name them."""
        prefix = self._indices.profiles.removesuffix("*")
        there = self._cluster.call(self._cluster.client.indices.get_alias, index=self._indices.profiles)
        return {alias.removeprefix(prefix) for each in there.values() for alias in each["aliases"]}

    def _rulers(self, ids: set[str]) -> dict[str, Ruler]:
        if not ids:
            return {}
        answer = self._cluster.call(self._cluster.client.mget, index=self._indices.rulers, ids=sorted(ids))
        return {each["_id"]: ruler_from(each["_source"]) for each in answer["docs"] if each.get("found")}

    def _notes(self) -> Iterator[tuple[str, str, list[Noted]]]:
        query: Json = {"term": {fields.STATE_KIND: NOTE}}
        for hits in self._cluster.pages(self._indices.state, query, [fields.MODEL_NAME], _PAGE):
            for hit in hits:
                model = found(hit["_source"], fields.MODEL_NAME)
                yield hit["_id"], model, noted_from(model, found(hit["_source"], fields.PACKED)["hours"])


def _place(counts: HourCounts) -> Place:
    return Place(counts.model, counts.version, counts.hour)


def _hour_counts(noted: Noted, amounts: Amounts) -> HourCounts:
    place = noted.place
    return HourCounts(
        place.model, place.version, place.hour, amounts.predictions, amounts.errors, amounts.outcomes, noted.ruler
    )


def _span(hours: Sequence[datetime]) -> Window:
    return Window(min(hours), max(hours) + HOUR)
