"""How a process that checks by the clock says that it stands."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from elkmon.digests import Hindrance, Judging, Notice
from elkmon.health import examine, health_page, json_of
from elkmon.monitor.outages import Told
from elkmon.monitor.telling import Undelivered
from elkmon.monitor.watching import Duty, Outcome, Standing, State
from elkmon.ports import RunStatus, Share, Turn
from elkmon.schedule import Ticks

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
TICK = START + timedelta(hours=3, minutes=10)
MINUTE = timedelta(minutes=1)
DUTY = Duty(("a", "b"), Turn(Share(1, 4), "hourly"))
TICKS = {DUTY: Ticks("10 * * * *")}
CHECKED = Standing(DUTY, TICK, TICK, Outcome.CHECKED, done=TICK, status=RunStatus.ALERTING)


def status(standing=CHECKED, now=TICK + 10 * MINUTE, **state):
    return examine(State(START, (standing,), **state), TICKS, "host:7", 7, now)


def test_all_is_well_after_a_check_whatever_it_found():
    """A model that drifted is no trouble of the monitor's."""
    found = status()

    assert (found.healthy, found.reasons) == (True, ())
    (check,) = found.checks
    assert (check.share, check.schedule, check.found) == ("2 of 4", "cron 10 * * * * UTC", "alerting")
    assert check.next_due == TICK + timedelta(hours=1)
    assert health_page(found).status == 200


def test_what_was_done_or_is_being_done_elsewhere_is_well_too():
    """Of several monitors one does a turn."""
    assert status(replace(CHECKED, outcome=Outcome.ELSEWHERE, holder="other")).healthy
    busy = replace(CHECKED, outcome=Outcome.BUSY, done=TICK - timedelta(hours=1), holder="other")
    assert status(busy).healthy


@pytest.mark.parametrize(
    ("standing", "state", "minutes", "reason"),
    [
        (
            replace(CHECKED, outcome=Outcome.FAILED, error="nobody there"),
            {},
            1,
            "a, b: could not be checked: nobody there",
        ),
        (
            replace(CHECKED, outcome=Outcome.UNDELIVERED, undelivered=(Undelivered("team", "busy", permanent=False),)),
            {},
            1,
            "a, b: team could not be told: busy",
        ),
        (
            replace(CHECKED, outcome=Outcome.BUSY, done=TICK - timedelta(hours=1), holder="other"),
            {},
            16,
            "a, b: due at 2026-03-02T17:10:00Z and not checked yet; other is at it",
        ),
        (Standing(DUTY), {}, 16, "a, b: due at 2026-03-02T17:10:00Z and not checked yet"),
        (
            replace(CHECKED, done=None),
            {"checking": DUTY, "checking_since": TICK},
            61,
            "a, b: one check is at work since 2026-03-02T17:10:00Z",
        ),
        (
            CHECKED,
            {"waiting": (Told("team", Notice(Judging.STOPPED, TICK, ("a",), Hindrance.PARTIAL, "x"), "away"),)},
            1,
            "team could not be told of an outage yet: away",
        ),
    ],
)
def test_what_is_not_well_is_named(standing, state, minutes, reason):
    """A check that failed, hangs, is overdue or could not be told is a reason, and the answer is 503."""
    now = TICK + minutes * MINUTE
    found = status(standing, min(now, TICK + 59 * MINUTE) if minutes < 60 else now, **state)

    assert reason in found.reasons
    assert health_page(found).status == 503


def test_a_check_at_work_is_not_overdue():
    """A long one has an hour."""
    found = status(
        replace(CHECKED, done=TICK - timedelta(hours=1)), TICK + 50 * MINUTE, checking=DUTY, checking_since=TICK
    )

    assert found.healthy
    assert found.checking == ("a", "b")


def test_a_process_that_has_just_started_is_not_late_for_what_was_due_before():
    """A weekly check is not overdue by days because the monitor was restarted."""
    weekly = {DUTY: Ticks("0 6 * * 1")}
    now = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)

    assert examine(State(now - 14 * MINUTE, (Standing(DUTY),)), weekly, "o", 1, now).healthy
    assert not examine(State(now - 16 * MINUTE, (Standing(DUTY),)), weekly, "o", 1, now).healthy


def test_it_is_json():
    """Instants are in ISO form, and every attribute is there."""
    read = json.loads(json_of(status()))

    assert (read["pid"], read["owner"]) == (7, "host:7")
    assert read["started_at"] == "2026-03-02T14:00:00+00:00"
    assert read["alive_at"] == "2026-03-02T17:20:00+00:00"
    assert read["unjudged_since"] is None
    assert read["checks"][0]["models"] == ["a", "b"]
    assert read["checks"][0]["outcome"] == "checked"
