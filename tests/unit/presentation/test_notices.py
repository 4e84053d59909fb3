"""The mails about the monitor itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from elkmon.digests import Hindrance, Judging, Notice
from elkmon.presentation.notices import notice_letter, notice_subject
from support.pages import HOSTILE

SINCE = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
STOPPED = Notice(
    Judging.STOPPED, SINCE, ("flight-delay", "shop"), Hindrance.UNREACHABLE, "http://es:9200: connection refused"
)
RESUMED = replace(
    STOPPED, judging=Judging.RESUMED, until=SINCE + timedelta(minutes=95), windows=3, changes=1, follows="f"
)


def text_of(notice, at):
    return " ".join(notice_letter(notice, at, "you asked for it").text.split())


@pytest.mark.parametrize(
    ("hindrance", "words"),
    [
        (Hindrance.UNREACHABLE, "Elasticsearch unreachable"),
        (Hindrance.REFUSED, "Elasticsearch refused"),
        (Hindrance.PARTIAL, "Elasticsearch answered in part"),
        (Hindrance.UNEXPECTED, "an unexpected error"),
    ],
)
def test_the_subject_of_the_first_says_since_when_and_what_is_in_the_way(hindrance, words):
    """On the day itself the hour says enough, later the day is named."""
    notice = replace(STOPPED, hindrance=hindrance)

    assert notice_subject(notice, SINCE + timedelta(minutes=15)) == f"elkmon: could not check since 14:05 UTC ({words})"
    later = notice_subject(notice, SINCE + timedelta(days=1))
    assert later == f"elkmon: could not check since 2 March 2026, 14:05 UTC ({words})"


def test_the_subject_of_the_second_says_for_how_long():
    """It is the all-clear."""
    assert (
        notice_subject(RESUMED, SINCE + timedelta(minutes=96))
        == "elkmon: checks again since 15:40 UTC, after 1 h 35 min"
    )


def test_the_first_says_what_is_not_known_and_what_happens_next():
    """Which models, since when, the error's own words, and that one more mail will come."""
    text = text_of(STOPPED, SINCE)

    assert (
        "Since 2 March 2026, 14:05 UTC elkmon could not judge flight-delay and shop: Elasticsearch could not be" in text
    )
    assert "one more mail says so" in text
    assert "elkmon doctor" in text
    assert "The last error: http://es:9200: connection refused" in text
    assert "because you asked for it" in text


def test_the_second_says_what_was_caught_up():
    """How many windows were judged, what that brought, and what another monitor did."""
    text = text_of(replace(RESUMED, elsewhere=("shop",)), SINCE)

    assert "From 2 March 2026, 14:05 UTC to 2 March 2026, 15:40 UTC, for 1 h 35 min, it could not" in text
    assert "three windows judged, which brought one change" in text
    assert "Another monitor has caught up shop" in text
    assert "windows judged" not in text_of(replace(RESUMED, elsewhere=RESUMED.models), SINCE)
    assert "Another monitor" not in text_of(RESUMED, SINCE)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_a_name_or_an_error_becomes_markup_or_a_second_line(name):
    """The error comes from a server, names from a configuration: both are shown as text."""
    letter = notice_letter(replace(STOPPED, models=(name,), reason=name), SINCE, "you asked for it")

    assert "\n" not in letter.subject
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert "\x1b" not in letter.text + letter.html
    assert all(len(line) <= 998 for line in letter.text.splitlines())
