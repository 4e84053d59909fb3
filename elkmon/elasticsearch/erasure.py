"""
A subject's events, outcomes and waiting truth removed, and what was counted of them counted again.

The order makes a second run finish what a killed one began. First the hours to be counted again are noted, since nobody could
tell them once the events are gone. Then goes what is found by the ids of the subject's predictions: truth before outcomes, so
that no join makes these again. Last go the events that carry the label, as only they say which ids are the subject's. At the
end the hours are counted, and the note of them is deleted. Nobody checks meanwhile: the lease of the namespace is held.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import of_models
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.documents import found
from elkmon.elasticsearch.erased_hours import ErasedHours, Kept, Recounted
from elkmon.elasticsearch.erasure_notes import Amounts, Place
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.ledger import LEDGER
from elkmon.elasticsearch.outcome_documents import one_value
from elkmon.elasticsearch.templates import require_setup
from elkmon.errors import ConfigurationError
from elkmon.identity import identity
from elkmon.ports import Claim, EventLog, HourCounts, Journal, Turn
from elkmon.schema import Document
from elkmon.windows import hour_of

Json = Mapping[str, Any]

_PAGE = 1_000
_IDS_A_QUERY = 1_000
_READ = (
    fields.TIMESTAMP,
    fields.MODEL_NAME,
    fields.MODEL_VERSION,
    fields.PREDICTION_ID,
    fields.OUTCOME_CORRECTIONS,
)
_BY_ID = (
    Document.FEEDBACK,
    Document.PENDING,
    Document.OUTCOME,
    Document.ERROR,
    Document.LOG,
    Document.PREDICTION,
)
_LOGGED = tuple(each for each in _BY_ID if each not in {Document.PENDING, Document.OUTCOME})


@dataclass(frozen=True, slots=True)
class Subject:
    """
    Whose events are meant: those of one prediction's id, or those that carry the value of a label, with all of their ids.

    Attributes:
        prediction: the id; empty when it is a label.
        label: its name and value.
        model: only of this model; of all that have such events, when empty.

    Raises:
        ConfigurationError: when it is neither, or both.
    """

    prediction: str = ""
    label: tuple[str, str] | None = None
    model: str = ""

    def __post_init__(self) -> None:
        if bool(self.prediction) == (self.label is not None):
            raise ConfigurationError("give either the id of a prediction or a label with its value")
        if self.label is not None and not all(self.label):
            raise ConfigurationError(f"the label {'='.join(self.label)!r} needs a name and a value: NAME=VALUE")


@dataclass(frozen=True, slots=True)
class Amount:
    """How many documents of a kind there are of one model; the model is empty where they name none."""

    model: str
    kind: Document
    documents: int


@dataclass(frozen=True, slots=True)
class Erased:
    """
    What was removed of a subject, or would be.

    Attributes:
        claim: BUSY when `holder` checks at this moment and nothing was touched.
        removed: documents per model and kind.
        counted: hours that were counted again, with what they hold now, per ruler.
        kept: hours whose counts hold the subject still, and why.
    """

    claim: Claim = Claim.HELD
    holder: str = ""
    notes: tuple[str, ...] = ()
    removed: tuple[Amount, ...] = ()
    counted: tuple[HourCounts, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(slots=True)
class _Found:
    """Documents in the order in which they are to go, and what they take from the counts."""

    places: list[tuple[str, str]] = field(default_factory=list)
    amounts: Counter[tuple[str, Document]] = field(default_factory=Counter)
    counted: dict[Place, Amounts] = field(default_factory=lambda: defaultdict(Amounts))
    feedback: Counter[tuple[str, datetime]] = field(default_factory=Counter)

    def add(self, kind: Document, hit: Json) -> None:
        model = one_value(hit, fields.MODEL_NAME) or ""
        at = datetime.fromisoformat(one_value(hit, fields.TIMESTAMP))
        self.places.append((hit["_index"], hit["_id"]))
        self.amounts[model, kind] += 1
        if kind is Document.FEEDBACK:
            self.feedback[model, hour_of(at)] += 1
        counted = _counted(kind, hit)
        if counted is not None:
            self.counted[Place(model, one_value(hit, fields.MODEL_VERSION), hour_of(at))] += counted

    def append(self, others: _Found) -> None:
        self.places += others.places
        self.amounts += others.amounts
        self.feedback += others.feedback
        for place, amounts in others.counted.items():
            self.counted[place] += amounts

    def removed(self) -> tuple[Amount, ...]:
        return tuple(Amount(model, kind, many) for (model, kind), many in sorted(self.amounts.items()))


class Eraser:
    """
    Erases from one namespace; `owner` is this process's name in its lease.

    Every method raises `StoreUnreachable`, `StoreRefused` or `PartialAnswer` when Elasticsearch does not answer in full; what was
    removed until then stays removed, and doing it again finishes it.
    """

    def __init__(self, client: Client, namespace: str, event_log: EventLog, journal: Journal, owner: str) -> None:
        self._cluster = Cluster(client)
        self._indices = Indices(namespace)
        self._journal = journal
        self._owner = owner
        self._hours = ErasedHours(self._cluster, self._indices, event_log, journal)

    def find(self, subject: Subject) -> Erased:
        """Return what there is of `subject`; nothing is changed."""
        require_setup(self._cluster, self._indices)
        return Erased(removed=self._find(subject).removed())

    def erase(self, subject: Subject) -> Erased:
        """Remove what there is of `subject`, unless somebody checks at this moment; finish what was interrupted before."""
        require_setup(self._cluster, self._indices)
        # One share of one: whatever shares the models are divided into, no check of any of them runs meanwhile.
        with self._journal.hold(self._owner, Turn()) as hold:
            if hold.claim is not Claim.HELD:
                return Erased(hold.claim, hold.holder, hold.notes)
            before = self._hours.count()
            there = self._find(subject)
            kept: tuple[Kept, ...] = ()
            after = Recounted()
            if there.places:
                kept = self._hours.note(there.counted)
                self._hours.forget_totals()
                self._delete(there, hold.require)
                self._correct_ledger(there.feedback)
                after = self._hours.count()
            return Erased(
                hold.claim,
                hold.holder,
                hold.notes,
                there.removed(),
                tuple(dict.fromkeys((*before.counted, *after.counted))),
                tuple(dict.fromkeys((*before.kept, *kept, *after.kept))),
            )

    def _find(self, subject: Subject) -> _Found:
        self._cluster.refresh(self._indices.events, self._indices.outcomes, self._indices.pending)
        there = _Found()
        models = of_models([subject.model] if subject.model else [])
        if subject.label is None:
            mine: Json = {"bool": {"filter": [*models, {"term": {fields.PREDICTION_ID: subject.prediction}}]}}
            for kind in _BY_ID:
                for hit in self._hits(kind, mine):
                    there.add(kind, hit)
            return there
        name, value = subject.label
        carries: Json = {"term": {f"{fields.LABELS.path}.{name}": value}}
        labelled = _Found()
        ids: dict[str, set[str]] = defaultdict(set)
        for kind in _LOGGED:
            for hit in self._hits(kind, _all_of(*models, carries)):
                labelled.add(kind, hit)
                model, prediction = one_value(hit, fields.MODEL_NAME), one_value(hit, fields.PREDICTION_ID)
                if model and prediction:
                    ids[model].add(prediction)
        for kind in _BY_ID:
            for model, some in sorted(ids.items()):
                for chunk in _chunks(sorted(some)):
                    query = _all_of(*of_models([model]), {"terms": {fields.PREDICTION_ID: chunk}}, without=carries)
                    for hit in self._hits(kind, query):
                        there.add(kind, hit)
        there.append(labelled)
        return there

    def _hits(self, kind: Document, query: Json) -> Iterator[Json]:
        index = self._index(kind)
        for hits in self._cluster.pages(
            index, query, [fields.TIMESTAMP], _PAGE, source=False, docvalue_fields=list(_READ)
        ):
            yield from hits

    def _index(self, kind: Document) -> str:
        indices = self._indices
        return {
            Document.PREDICTION: indices.predictions,
            Document.FEEDBACK: indices.feedback,
            Document.ERROR: indices.errors,
            Document.LOG: f"logs-elkmon.log*-{indices.namespace}",
            Document.OUTCOME: indices.outcomes,
            Document.PENDING: indices.pending,
        }[kind]

    def _delete(self, there: _Found, require: Callable[[], None]) -> None:
        """Delete in order, from the indices behind the streams, as a stream takes no deletes by its own name."""
        for chunk in _chunks(there.places):
            require()
            self._cluster.write(Write(index, name, None) for index, name in chunk)
        if there.places:
            self._cluster.refresh(self._indices.events, self._indices.outcomes, self._indices.pending)

    def _correct_ledger(self, feedback: Mapping[tuple[str, datetime], int]) -> None:
        """
        Let the ledger say that hours of joined truth hold fewer documents, as they do, so that they are not joined again.

        Joined again, truth whose predictions retention has taken would wait for them in vain. An hour that had more truth than
        was joined has more still, and is joined.
        """
        names = {identity(LEDGER, model, hour.isoformat()): many for (model, hour), many in feedback.items()}
        for chunk in _chunks(sorted(names)):
            answer = self._cluster.call(self._cluster.client.mget, index=self._indices.state, ids=chunk)
            self._cluster.write(
                Write(self._indices.state, each["_id"], _with_fewer(each["_source"], names[each["_id"]]))
                for each in answer["docs"]
                if each.get("found")
            )
        if names:
            self._cluster.refresh(self._indices.state)


def _counted(kind: Document, hit: Json) -> Amounts | None:
    """Return what a document adds to the counts of its hour; None for a kind that is not counted."""
    if kind is Document.PREDICTION:
        return Amounts(predictions=1)
    if kind is Document.ERROR:
        return Amounts(errors=1)
    if kind is Document.OUTCOME:
        return Amounts(outcomes=1 + (one_value(hit, fields.OUTCOME_CORRECTIONS) or 0))
    return None


def _with_fewer(document: Json, many: int) -> Json:
    packed = found(document, fields.PACKED)
    own = {**document["elkmon"], "packed": {**packed, "documents": packed["documents"] - many}}
    return {**document, "elkmon": own}


def _all_of(*filters: Json, without: Json | None = None) -> Json:
    return {"bool": {"filter": list(filters), "must_not": [without] if without else []}}


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _IDS_A_QUERY):
        yield items[start : start + _IDS_A_QUERY]
