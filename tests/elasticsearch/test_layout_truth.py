"""Truth in indices of other conventions, on a real Elasticsearch: put in later, in an index of its own, and corrected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import LayoutEventLog, outcomes, setup
from elkmon.layouts import Layout, TruthLayout
from elkmon.ports import Joined, Wanted
from elkmon.rulers import CategoricalScale, Ruler
from elkmon.windows import DAY, HOUR, Window
from support import conventions
from support.scenario import MODEL, POSITIVE_LABELS, START, rows

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
A_DAY = Window(NOON - 12 * HOUR, NOON + 12 * HOUR)


def test_truth_put_into_a_prediction_later_is_joined(client: Elasticsearch, theirs: str) -> None:
    """A document that gets its truth opens its hour again, and nothing else does; unknown ids wait for nobody."""
    end = START + 2 * HOUR
    told = list(rows(START, end))
    conventions.index_flat(client, theirs, START, end, truth=False)
    event_log = LayoutEventLog(client, theirs, conventions.flat(theirs), [MODEL])

    def join() -> Joined:
        return event_log.join(end + DAY, Window(START, end + DAY), (), POSITIVE_LABELS, {})

    assert join() == Joined(0, 0, 0)
    conventions.tell_flat(client, theirs, told[:3])
    assert join() == Joined(3, 0, 1)
    assert join() == Joined(0, 0, 0)
    conventions.tell_flat(client, theirs, told)
    assert join().outcomes == len(told) - 3
    assert sum(each.outcomes for each in event_log.counts(Window(START, end), ())) == len(told) == 10


def test_truth_in_an_index_of_its_own_is_read_page_by_page(
    client: Elasticsearch, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, all are joined, by the ids of documents; truth without a prediction waits."""
    monkeypatch.setattr(outcomes, "_IDS_A_PAGE", 7)
    conventions.index_apart(client, theirs, START, START + DAY)
    conventions.write(client, f"labels-{theirs}", [("nobody", {"seen": int(START.timestamp()), "truth": "paid"})])
    event_log = LayoutEventLog(client, theirs, conventions.apart(theirs), [MODEL])

    joined = event_log.join(START + 2 * DAY, Window(START, START + 2 * DAY), (), POSITIVE_LABELS, {})

    assert (joined.outcomes, joined.waiting) == (120, 1)
    assert joined.pages >= 121 / 7


def test_a_corrected_truth_is_noticed_where_it_says_when_it_became_known(
    client: Elasticsearch, theirs: str, index: Callable[..., str]
) -> None:
    """A changed class with a new instant is joined again; without an instant, when its hour gets another truth."""
    name = index(
        {"a": {"@timestamp": NOON.isoformat(), "class": "x", "truth": "x", "known": (NOON + HOUR).isoformat()}},
        truth={"type": "keyword"},
        **{"@timestamp": {"type": "date"}, "known": {"type": "date"}, "class": {"type": "keyword"}},
    )
    timed = Layout("t", name, id="_id", label="class", truth=TruthLayout(label="truth", timestamp="known"))
    untimed = replace(timed, truth=TruthLayout(label="truth"))

    def confusion(layout: Layout, namespace: str) -> Mapping[tuple[str, str], int]:
        event_log = LayoutEventLog(client, namespace, layout, ["m"])
        event_log.join(NOON + DAY, A_DAY, (), {}, {})
        ruler = Ruler({"elkmon.prediction.label": CategoricalScale(("x", "y"))})
        (profile,) = event_log.profiles([Wanted("m", "", [NOON], ruler)])
        return profile.outcomes.confusion

    other = f"{theirs}u"
    setup(client, other)
    assert confusion(timed, theirs) == confusion(untimed, other) == {("x", "x"): 1}

    corrected = {"truth": "y", "known": (NOON + 2 * HOUR).isoformat()}
    client.update(index=name, id="a", doc=corrected, refresh=True)
    assert confusion(timed, theirs) == {("y", "x"): 1}
    assert confusion(untimed, other) == {("x", "x"): 1}

    conventions.write(client, name, [("b", {"@timestamp": NOON.isoformat(), "class": "y", "truth": "y"})])
    assert confusion(untimed, other) == {("y", "x"): 1, ("y", "y"): 1}
