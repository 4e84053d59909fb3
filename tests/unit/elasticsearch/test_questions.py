"""Questions of several steps, asked together: who gets which answers, and in which order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from elkmon.elasticsearch.multi_search import Search
from elkmon.elasticsearch.questions import Question, every_bucket, together


def search(name: str) -> Search:
    return Search.of(name, {}, {})


def run(question: Question[Any], answered: Callable[[Sequence[Search]], Iterator[Mapping[str, Any]]]) -> Any:
    """Return what is found when each step is `answered`."""
    try:
        step = next(question)
        while True:
            step = question.send(answered(step))
    except StopIteration as end:
        return end.value


def by_name(question: Question[Any]) -> tuple[Any, list[list[str]]]:
    """Answer each search with its own name; return what is found, and the names asked for in each step."""
    steps: list[list[str]] = []

    def answered(step: Sequence[Search]) -> Iterator[Mapping[str, Any]]:
        steps.append([each.index for each in step])
        return iter([{"name": each.index} for each in step])

    return run(question, answered), steps


def asking(*steps: Sequence[str]) -> Question[list[str]]:
    """Ask for the names of each step, and find all of them."""
    found: list[str] = []
    for names in steps:
        answered = yield [search(name) for name in names]
        found += [answer["name"] for answer in answered]
    return found


def test_questions_of_different_length_share_their_steps() -> None:
    """Each gets the answers to its own searches, step by step, and what is found comes in the order of the questions."""
    question = together(asking(["a1", "b1"], ["c1"], ["d1"]), asking(), asking(["a2"], ["b2", "c2"]), asking(["a3"]))
    assert by_name(question) == (
        (["a1", "b1", "c1", "d1"], [], ["a2", "b2", "c2"], ["a3"]),
        [["a1", "b1", "a2", "a3"], ["c1", "b2", "c2"], ["d1"]],
    )


def test_questions_nest() -> None:
    """Questions asked together are a question that can be asked together with others."""
    question = together(together(asking(["a"], ["b"]), asking(["c"])), asking(["d"]))
    assert by_name(question) == (((["a", "b"], ["c"]), ["d"]), [["a", "c", "d"], ["b"]])


def test_nothing_asked_is_nothing_found() -> None:
    """No questions take no step."""
    assert by_name(together()) == ((), [])


def test_answers_that_are_not_read_are_nobody_elses() -> None:
    """A question that stops reading leaves the answers of those behind it alone."""

    def reading_one() -> Question[str]:
        answered = yield [search("first"), search("second")]
        return str(next(answered)["name"])

    assert by_name(together(reading_one(), asking(["third"]))) == (("first", ["third"]), [["first", "second", "third"]])


def test_an_answer_that_cannot_be_had_ends_all_of_them() -> None:
    """An error in place of an answer is not swallowed."""

    def broken() -> Iterator[Mapping[str, Any]]:
        yield {"name": "a"}
        raise RuntimeError("no answer")

    question = together(asking(["a"]), asking(["b"]))
    next(question)
    with pytest.raises(RuntimeError, match="no answer"):
        question.send(broken())


def test_buckets_come_page_by_page() -> None:
    """A full page is followed by another that begins behind it, until one is not full."""
    numbers = list(range(10_700))
    asked: list[Search] = []

    def answered(step: Sequence[Search]) -> Iterator[Mapping[str, Any]]:
        start = sum(each.buckets // 2 for each in asked)
        asked.extend(step)
        some = numbers[start : start + step[0].buckets // 2]
        return iter([{"page": {"buckets": some, "after_key": {"n": some[-1]}}}])

    assert run(every_bucket("i", {}, [], each=2), answered) == numbers
    assert [each.buckets for each in asked] == [2 * 500, 2 * 10_000, 2 * 10_000]
    assert b'"after":{"n":499}' in asked[1].line
