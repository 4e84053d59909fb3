from datetime import UTC, datetime, timedelta
from pathlib import Path

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.demo.ending import closing_text
from elkmon.demo.flights import FAULT_START, PRODUCTION_START
from elkmon.demo.mailbox import Mail
from elkmon.demo.weeks import Week
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.monitor import CheckReport
from elkmon.ports import Run
from elkmon.windows import WEEK, Window

TOLD = datetime(2013, 8, 19, tzinfo=UTC)


def alert(
    name: str, *changes: tuple[Change, datetime], family: Family = Family.DRIFT, kind: Kind = Kind.FEATURE
) -> Alert:
    """Return a story with these changes."""
    timeline = tuple(Transition(change, "f", 1, at, Status.WARNING) for change, at in changes)
    state = State.OPEN if changes and changes[-1][0] is not Change.RESOLVED else State.RESOLVED
    return Alert("flight-delay", Subject(family, kind, name), state=state, timeline=timeline)


def ending(count: int, *alerts: Alert, mails: tuple[str, ...] = ()) -> str:
    """Return the closing text after `count` weeks, the last of which brought `mails`."""
    weeks = []
    for number in range(count):
        window = Window(PRODUCTION_START + number * WEEK, PRODUCTION_START + (number + 1) * WEEK)
        at = window.end + timedelta(hours=12)
        weeks.append(Week(window, 2300, 2200, CheckReport(Run("r", at, at, at)), ()))
    kept = tuple(Mail(subject, Path(f"{number}.eml"), Path(f"{number}.html")) for number, subject in enumerate(mails))
    last = weeks[-1]
    weeks[-1] = Week(last.window, 2300, 2200, last.report, kept)
    return closing_text(weeks, alerts, 1718, Path("out"), Path("out/report.html"), 99.4)


def test_a_planted_fault_that_was_found_is_said_with_its_delay():
    """From the fault to the check that told of it."""
    text = ending(26, alert("distance", (Change.OPENED, TOLD)), mails=("distance drifted",))
    assert "From 5 August the distance of flights out of EWR arrived in kilometres" in text
    assert "Found: distance, told with the check of 19 August, after 14 days;" in text
    assert "0.html   a mail: distance drifted" in text
    assert "nothing was found" in text.split("What is real")[1]


def test_a_planted_fault_that_was_not_found_is_said_not_to_have_been():
    """The text knows only what this run found."""
    assert "Not found in the weeks up to 30 September." in ending(26)
    assert "These weeks end before that." in ending(4)


def test_the_same_feature_before_the_fault_is_real():
    """What opened before anything was planted cannot be the planted fault."""
    before = alert("distance", (Change.OPENED, FAULT_START - WEEK), (Change.RESOLVED, FAULT_START))
    planted, real = ending(26, before).split("What is real")
    assert "Not found" in planted
    assert "distance                           from 29 July, until 5 August" in real


def test_every_occurrence_of_a_story_is_told():
    """Twice open, once over."""
    june, july, august = (datetime(2013, month, 3, tzinfo=UTC) for month in (6, 7, 8))
    auc = alert(
        "roc_auc",
        (Change.OPENED, june),
        (Change.WORSENED, june + WEEK),
        (Change.RESOLVED, july),
        (Change.OPENED, august),
        family=Family.PERFORMANCE,
        kind=Kind.METRIC,
    )
    text = ending(26, auc)
    assert "from 3 June, until 3 July  (performance)" in text
    assert "from 3 August, still open  (performance)" in text


def test_what_could_not_be_known_follows_from_what_happened():
    """Cancelled flights always; the summer only where the warmth was seen; the autumn only after the fault."""
    warm = alert("temperature", (Change.OPENED, TOLD))
    assert "1,718 flights that were cancelled or diverted" in ending(2)
    assert "not that summer came" in ending(26, warm)
    assert "not that summer came" not in ending(26)
    assert "the autumn came" not in ending(10)
    assert "26 weeks, 0 mails, 26 weeks without one, 99 s. All is in out." in ending(26)
