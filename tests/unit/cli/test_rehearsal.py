"""A rehearsed past as text."""

from datetime import UTC, datetime

from elkmon.cli.rehearsal import print_rehearsal
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.monitor.rehearsal import Flagged, Rehearsed, Story
from elkmon.windows import DAY, Window

SPAN = Window(datetime(2013, 8, 1, tzinfo=UTC), datetime(2013, 8, 31, tzinfo=UTC))
SUBJECT = Subject(Family.DRIFT, Kind.FEATURE, "distance", "features.num.distance")
WORST = Finding(
    "flight-delay", "3", Window(SPAN.start + 9 * DAY, SPAN.start + 10 * DAY), SUBJECT, Status.CRITICAL, SPAN.end,
    measure="wasserstein", unit="SD", value=0.62, limit=0.31,
)  # fmt: skip


def told(segment: str = "") -> Rehearsed:
    story = Story(SUBJECT, segment, SPAN.start + 7 * DAY, SPAN.start + 9 * DAY, None, Status.CRITICAL, WORST)
    return Rehearsed("flight-delay", 30, 30, (story,), (Flagged(SUBJECT, segment, 23, 30),), 2)


def test_stories_and_flags_are_listed(capsys):
    """A reader sees when a story would have opened, how bad it got, how often its subject was flagged, and the mails."""
    print_rehearsal(told(), SPAN)

    out = capsys.readouterr().out
    assert "30 of 30 windows could be judged; one alert, two mails" in out
    (story,) = (line.split() for line in out.splitlines() if "2013-08-08" in line)
    assert story == ["2013-08-08", "2013-08-10", "still", "open", "critical", "distance", "0.62", "SD", "0.31", "SD"]
    (flagged,) = (line.split() for line in out.splitlines() if line.split()[:2] == ["23", "30"])
    assert flagged == ["23", "30", "distance", "drift,", "feature"]
    assert "SEGMENT" not in out


def test_segments_have_a_column_where_there_are_any(capsys):
    """Whose story it is, where it is not that of all traffic."""
    print_rehearsal(told("carrier=UA\x1b[2J"), SPAN)

    out = capsys.readouterr().out
    assert out.count("SEGMENT") == 2
    assert "carrier=UA" in out
    assert "\x1b" not in out


def test_quiet_past_is_one_line(capsys):
    """Where nothing would have been said, no table is printed."""
    print_rehearsal(Rehearsed("flight-delay", 30, 30, (), (), 0), SPAN)

    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        "flight-delay · 2013-08-01 – 2013-08-30 · 30 of 30 windows could be judged; nothing would have been told"
    ]
