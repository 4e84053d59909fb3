"""`elkmon alerts`: what could not be told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.cli.alerts import Untold, untold
from elkmon.config import Config, MailSettings
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.ports import Delivery, DeliveryState

NOW = datetime(2026, 3, 20, tzinfo=UTC)
CONFIG = Config(notifiers=(MailSettings("team", "localhost", "a@example.com", ("b@example.com",)),))
SUBJECT = Subject(Family.DRIFT, Kind.FEATURE, "amount")
STORY = Alert("lending", SUBJECT, episode=1, state=State.OPEN)
OPENED = Transition(Change.OPENED, STORY.fingerprint, 1, NOW, Status.CRITICAL)
STORIES = (replace(STORY, timeline=(OPENED,)),)
WAITING = Delivery("team", (OPENED.id,), NOW - timedelta(days=2), DeliveryState.PENDING, 3, "cannot be reached")
REFUSED = replace(WAITING, state=DeliveryState.FAILED, created_at=NOW - timedelta(days=3), last_error="no such user")


def test_what_waits_and_what_was_refused_is_listed_with_what_it_would_have_told():
    """Oldest first; what was delivered is not."""
    found = untold([WAITING, REFUSED, replace(WAITING, state=DeliveryState.DONE)], STORIES, CONFIG, NOW)

    what = ("lending: amount opened",)
    assert found == (
        Untold("team", DeliveryState.FAILED, REFUSED.created_at, 3, "no such user", what),
        Untold("team", DeliveryState.PENDING, WAITING.created_at, 3, "cannot be reached", what),
    )


def test_what_was_refused_is_forgotten_with_its_events():
    """After the horizon it is nobody's task any more; what waits is, however long."""
    later = NOW + CONFIG.horizon

    assert [each.state for each in untold([WAITING, REFUSED], STORIES, CONFIG, later)] == [DeliveryState.PENDING]


def test_a_notifier_that_is_not_configured_any_more_is_owed_nothing():
    """Else its deliveries would wait for good."""
    assert untold([replace(WAITING, notifier="old")], STORIES, CONFIG, NOW) == ()
