"""What nobody could be told: found among the deliveries, and said in words."""

from dataclasses import replace
from datetime import UTC, datetime

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.digests import Report, Untold
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.ports import Delivery, DeliveryState, Stories
from elkmon.presentation.report import page
from elkmon.presentation.untold import sentence
from elkmon.windows import DAY, Window

NOW = datetime(2026, 3, 20, tzinfo=UTC)
SUBJECT = Subject(Family.DRIFT, Kind.FEATURE, "amount")
STORY = Alert("lending", SUBJECT, episode=1, state=State.OPEN)
OPENED = Transition(Change.OPENED, STORY.fingerprint, 1, NOW, Status.CRITICAL)
TOLD = replace(STORY, timeline=(OPENED,))
WAITING = Delivery("team", (OPENED.id,), NOW - 2 * DAY, DeliveryState.PENDING, 3, "cannot be reached")
REFUSED = replace(WAITING, state=DeliveryState.FAILED, created_at=NOW - 3 * DAY, last_error="no such user")
WAITS = Untold("team", False, WAITING.created_at, 3, "cannot be reached", ((TOLD, OPENED),))


def stories(*deliveries: Delivery) -> Stories:
    """Return what is remembered of one story and these deliveries."""
    return Stories((TOLD,), deliveries)


def test_what_waits_and_what_was_refused_is_listed_with_what_it_would_have_told():
    """Oldest first; what was delivered is not."""
    found = stories(WAITING, REFUSED, replace(WAITING, state=DeliveryState.DONE)).untold({"team"}, NOW - 35 * DAY)
    refused = Untold("team", True, REFUSED.created_at, 3, "no such user", ((TOLD, OPENED),))
    assert found == (refused, WAITS)


def test_what_was_refused_is_forgotten_with_its_events():
    """After a while it is nobody's task any more; what waits is, however long."""
    assert stories(WAITING, REFUSED).untold({"team"}, NOW) == (WAITS,)


def test_a_notifier_that_is_not_configured_any_more_is_owed_nothing():
    """Else its deliveries would wait for good."""
    assert stories(replace(WAITING, notifier="old")).untold({"team"}, NOW - 35 * DAY) == ()


def test_the_page_says_what_could_not_be_told():
    """With the notifier, the reason and what it was about, before anything else."""
    words = sentence(WAITS)
    assert words == (
        "The notifier team could not be told what happened on 18 March 2026 (lending: amount opened); waits after three "
        "attempts: cannot be reached."
    )
    shown = page(Report(NOW, Window(NOW - DAY, NOW), (), (replace(WAITS, error="<script>alert(1)</script>"),)))
    assert "lending: amount opened" in shown
    assert "<script>" not in shown
