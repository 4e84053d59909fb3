"""What is told, when, and in which order, while a notifier fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.errors import DeliveryError, StaleWriter
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.identity import identity
from elkmon.monitor.telling import TRIED_FOR, Undelivered, deliver
from elkmon.ports import Delivery, DeliveryState
from elkmon.windows import DAY, Window
from support.scenario import END, MODEL, SETTINGS, START
from support.whole_line import Line, Recorder

SPAN = Window(START, END)
FRESH = Alert(MODEL, Subject(Family.DRIFT, Kind.FEATURE, "amount"), episode=1, state=State.OPEN, last_window=END)


def change(kind: Change, day: int) -> Transition:
    """Return a change that the window ending with a day of the scenario brought."""
    return Transition(kind, FRESH.fingerprint, 1, START + day * DAY, Status.WARNING, said_at=START + day * DAY)


OPENED, WORSENED, CORRECTED = change(Change.OPENED, 3), change(Change.WORSENED, 4), change(Change.CORRECTED, 5)


def told(line: Line, now: datetime, *timeline: Transition) -> tuple[Undelivered, ...]:
    """Tell the line's recorder of a story with this timeline; return what failed."""
    line.journal.save([replace(FRESH, timeline=timeline)])
    return deliver(line.journal, [line.recorder], [SETTINGS], now, SPAN, line.journal.stories(), lambda: None)[0]


def ids(recorder: Recorder) -> list[str]:
    """Return what it was told, by the ids of the digests."""
    return [each.id for each in recorder.told]


def id_of(*transitions: Transition) -> str:
    """Return the id of the digest that tells these."""
    return Delivery("recorder", tuple(each.id for each in transitions), END).id


def test_nothing_is_told_before_what_waits(line: Line) -> None:
    """While the first digest fails, the second is fixed and waits; both come in their order, under the ids of their content."""
    line.recorder.refusing = True
    (first,) = told(line, START + 3 * DAY, OPENED)
    (second,) = told(line, START + 4 * DAY, OPENED, WORSENED)
    assert (first.permanent, second.permanent) == (False, False)
    attempts = {each.id: each.attempts for each in line.journal.stories().deliveries}
    assert attempts == {id_of(OPENED): 2, id_of(WORSENED): 0}

    line.recorder.refusing = False
    assert told(line, START + 5 * DAY, OPENED, WORSENED) == ()
    assert ids(line.recorder) == [id_of(OPENED), id_of(WORSENED)]


def test_after_a_week_it_is_given_up_and_said(line: Line) -> None:
    """The failure is final then, and what waited behind it is told."""
    line.recorder.refusing = True
    told(line, START + 3 * DAY, OPENED)
    told(line, START + 4 * DAY, OPENED, WORSENED)
    failed = told(line, START + 3 * DAY + TRIED_FOR, OPENED, WORSENED)
    assert [each.permanent for each in failed] == [True, False]
    states = {each.id: each.state for each in line.journal.stories().deliveries}
    assert states == {id_of(OPENED): DeliveryState.FAILED, id_of(WORSENED): DeliveryState.PENDING}


def test_a_correction_goes_with_the_next_news(line: Line) -> None:
    """Alone it is no reason to write; with something new both are one digest, and neither is told again."""
    told(line, START + 3 * DAY, OPENED)
    told(line, START + 5 * DAY, OPENED, CORRECTED)
    assert ids(line.recorder) == [id_of(OPENED)]
    resolved = change(Change.RESOLVED, 8)
    for _ in range(2):
        told(line, START + 8 * DAY, OPENED, CORRECTED, resolved)
    assert ids(line.recorder) == [id_of(OPENED), id_of(CORRECTED, resolved)]


def test_who_was_overtaken_tells_nobody(line: Line) -> None:
    """The lease is asked for right before anybody is told; the delivery stays for the successor."""

    def overtaken() -> None:
        raise StaleWriter("another monitor has taken over")

    stories = replace(line.journal.stories(), alerts=(replace(FRESH, timeline=(OPENED,)),))
    with pytest.raises(StaleWriter):
        deliver(line.journal, [line.recorder], [SETTINGS], END, SPAN, stories, overtaken)
    assert line.recorder.told == []
    assert [each.state for each in line.journal.stories().deliveries] == [DeliveryState.PENDING]


def test_one_that_fails_stops_no_other(line: Line) -> None:
    """Each notifier has its own deliveries."""
    broken = Recorder("broken")
    broken.refusing = True
    stories = replace(line.journal.stories(), alerts=(replace(FRESH, timeline=(OPENED,)),))
    failed, _ = deliver(line.journal, [broken, line.recorder], [SETTINGS], END, SPAN, stories, lambda: None)
    assert [each.notifier for each in failed] == ["broken"]
    assert str(DeliveryError("the line is dead")) == failed[0].error
    assert ids(line.recorder) == [identity("recorder", OPENED.id)]
