"""
Questions of several steps, many of them asked together: the searches of one step of all share their requests.

A question is a generator. It yields the searches of a step, is sent their answers as they come, and returns what it
found. It reads the answers of one step, in order, before it yields the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar, overload

from elkmon.elasticsearch.aggregations import by_hour
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.documents import from_milliseconds
from elkmon.elasticsearch.multi_search import AT_ONCE, Search, answers
from elkmon.elasticsearch.plans import MOST_BUCKETS

Json = Mapping[str, Any]

_Found = TypeVar("_Found")
_First = TypeVar("_First")
_Second = TypeVar("_Second")
_Third = TypeVar("_Third")
_Fourth = TypeVar("_Fourth")
_Item = TypeVar("_Item")

_FIRST_PAGE = 500
_PAGE = 10_000

Question = Generator[Sequence[Search], Iterator[Json], _Found]


def ask(cluster: Cluster, question: Question[_Found], at_once: int = AT_ONCE) -> _Found:
    """Return what `question` finds; raises what `Cluster.call` does."""
    try:
        step = next(question)
        while True:
            step = question.send(answers(cluster, step, at_once))
    except StopIteration as end:
        found: _Found = end.value
        return found


@overload
def together(first: Question[_First], second: Question[_Second], /) -> Question[tuple[_First, _Second]]: ...


@overload
def together(
    first: Question[_First], second: Question[_Second], third: Question[_Third], /
) -> Question[tuple[_First, _Second, _Third]]: ...


@overload
def together(
    first: Question[_First], second: Question[_Second], third: Question[_Third], fourth: Question[_Fourth], /
) -> Question[tuple[_First, _Second, _Third, _Fourth]]: ...


@overload
def together(*questions: Question[_Found]) -> Question[tuple[_Found, ...]]: ...


def together(*questions: Question[Any]) -> Question[tuple[Any, ...]]:
    """Ask `questions` as one: each step has the searches of all that are not done. Found is what they find, in order."""
    found: dict[int, Any] = {}

    def steps_after(sent: Iterable[tuple[int, Iterator[Json] | None]]) -> Iterator[tuple[int, Sequence[Search]]]:
        for place, answered in sent:
            question = questions[place]
            try:
                yield place, next(question) if answered is None else question.send(answered)
            except StopIteration as end:
                found[place] = end.value
            for _ in answered or ():  # what a question does not read is not the next one's
                pass

    steps = dict(steps_after((place, None) for place in range(len(questions))))
    while steps:
        answered = yield [search for step in steps.values() for search in step]
        steps = dict(steps_after((place, islice(answered, len(step))) for place, step in steps.items()))
    return tuple(found[place] for place in range(len(questions)))


def every_bucket(
    index: str, query: Json, sources: Sequence[Json], aggregations: Json | None = None, *, each: int = 1
) -> Question[list[Json]]:
    """
    Ask for every bucket of a composite aggregation; `each` is how many buckets one of them is with all that is in it.

    The first page is small, since most have few.
    """
    found: list[Json] = []
    size = _FIRST_PAGE
    after: dict[str, Json] = {}
    while True:
        composite = {"composite": {"size": size, "sources": list(sources), **after}}
        page = {"page": {**composite, "aggs": aggregations} if aggregations else composite}
        (answer,) = yield (Search.of(index, query, page, size * each),)
        answered = answer.get("page", {"buckets": []})
        found += answered["buckets"]
        if len(answered["buckets"]) < size:
            return found
        size, after = max(1, min(_PAGE, MOST_BUCKETS // each)), {"after": answered["after_key"]}


def by_hour_of(index: str, query: Json, questions: Json, buckets: int) -> Search:
    """Return the search for `questions` in each hour, which has at most so many `buckets` in all."""
    return Search.of(index, query, {"hours": by_hour(questions)}, buckets)


def hours_of(answer: Json) -> Iterator[tuple[datetime, Json]]:
    """Yield each hour with documents, and its bucket, from the answer to `by_hour_of`."""
    for bucket in answer.get("hours", {"buckets": []})["buckets"]:
        yield from_milliseconds(bucket["key"]), bucket


def batches(items: Iterable[_Item], cost: Callable[[_Item], int], most: int) -> Iterator[list[_Item]]:
    """
    Yield `items` in batches that cost at most `most`, or are one item.

    >>> list(batches([2, 3, 1, 9, 1], lambda item: item, most=5))
    [[2, 3], [1], [9], [1]]
    """
    batch: list[_Item] = []
    taken = 0
    for item in items:
        if batch and taken + cost(item) > most:
            yield batch
            batch, taken = [], 0
        batch.append(item)
        taken += cost(item)
    if batch:
        yield batch
