import re
from dataclasses import replace
from datetime import timedelta

import pytest

from elkmon.digests import Chapter, Point, Report
from elkmon.errors import ConfigurationError
from elkmon.findings import Status
from elkmon.presentation.report import page, rows, table
from elkmon.presentation.strips import bar, strip
from elkmon.windows import DAY, Window
from support.pages import HOSTILE, Page


def test_the_page_says_the_worst_first_and_in_words(report):
    """A reader who stops after the second sentence knows how things stand and what to look at."""
    words = Page(page(report)).words()
    assert (
        "Of 11 things watched, two critical, one at warning level, six within limits, one not to be judged and one waiting"
        in words
    )
    assert (
        "Most in need of a look: temp (beyond its limit in 21 of 26 windows), distance (beyond its limit in 8 of 26"
        in words
    )


def test_the_page_needs_nothing_else(report):
    """No script, style sheet, image or font is fetched; links lead to Kibana only."""
    html = page(report, "https://kibana.example.com")
    parsed = Page(html)
    assert not {"script", "link", "iframe", "img", "object"} & set(parsed.elements)
    assert "@import" not in html
    assert "url(" not in re.sub(r"url\(#\w+\)", "", html)
    addresses = {value for _, name, value in parsed.attributes if name in {"href", "src"}}
    assert all(value.startswith(("#", "https://kibana.example.com/app/discover#")) for value in addresses)


def test_what_could_not_be_judged_is_listed_with_its_reason(report):
    """UNKNOWN and PENDING are neither hidden nor counted as fine."""
    words = Page(page(report)).words()
    listed = words[words.index("What could not be judged, and why") :]
    assert "dest: new levels : the reference had more names than can be known" in listed.replace("levels:", "levels :")
    assert "ROC AUC: the truth of 9 % of predictions is known" in listed


def test_performance_comes_with_interval_and_coverage(report):
    """A metric is not shown without how sure it is and how many labels it rests on."""
    assert "truth known for 92 % of predictions; 95 % interval 0.461 to 0.495" in Page(page(report)).words()


def test_alerts_are_told_over_time(report):
    """Each story with its dates and a bar in its place."""
    html = page(report)
    assert "Reported 17 June 2013, back within limits 15 July 2013" in html
    assert "open, critical" in html
    span = report.span
    left = 100 * (report.chapters[0].alerts[3].opened_at - span.start) / span.length
    assert f'class="ok" style="left:{round(left, 2)}%' in html


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_stay_inert(report, name):
    """Model, feature, level, reason and baseline names do nothing in page or table."""
    chapter = report.chapters[0]
    histories = []
    for history in chapter.histories:
        finding = history.latest
        evidence = finding.evidence
        if evidence is not None and not evidence.edges:
            evidence = replace(evidence, labels=(name, *evidence.labels[1:]))
        finding = replace(
            finding,
            model=name,
            version=name,
            reason=name,
            subject=replace(finding.subject, name=name),
            evidence=evidence,
        )
        histories.append(replace(history, version=name, latest=finding))
    alerts = tuple(replace(alert, model=name, subject=replace(alert.subject, name=name)) for alert in chapter.alerts)
    hostile = replace(report, chapters=(Chapter(name, name, chapter.windows, tuple(histories), alerts),))
    html = page(hostile)
    parsed = Page(html)
    html.encode()
    assert not {"script", "img"} & set(parsed.elements)
    assert not [attribute for _, attribute, _ in parsed.attributes if attribute.startswith("on")]
    text = table(hostile)
    assert len(text.splitlines()) == len(histories) + 1
    assert not set(text) & {"\x00", "\x1b", "\u202e", "\u2066", "\r"}


def test_the_table_is_aligned_and_says_the_same(report):
    """One line per subject under one heading, columns in line."""
    lines = table(report).splitlines()
    assert len(lines) == 1 + sum(len(chapter.histories) for chapter in report.chapters)
    at = lines[0].index("verdict")
    assert [line[at : at + 14].strip() for line in lines[1:4]] == ["critical", "critical", "labels not due"]


def test_rows_are_plain_values(report):
    """Programs get numbers, not words, and how often each subject was beyond its limit."""
    row = rows(report)[1]
    assert (row.model, row.subject, row.status, row.value, row.limit) == (
        "flight-delay",
        "distance",
        "critical",
        0.61,
        0.31,
    )
    assert (row.windows_beyond, row.windows_judged) == (8, 26)
    assert row.words.startswith("distance moved by 0.61 SD")


def test_an_empty_period_is_not_called_fine(report):
    """No verdicts is no good news, and says so."""
    empty = Report(report.at, report.span, (Chapter("flight-delay", "", (), ()),))
    assert "Nothing was judged" in table(empty)
    html = page(empty)
    assert "That does not mean that all is well" in html
    assert "within limits</span>" not in html
    assert "No model was asked for" in page(Report(report.at, report.span, ()))


def test_an_odd_kibana_address_is_refused(report):
    """It would become links."""
    with pytest.raises(ConfigurationError):
        page(report, "javascript:alert(1)")


def test_a_strip_shows_verdicts_by_height(flights):
    """Critical stands highest, within limits low, and what was not judged is a line, not a good window."""
    windows = flights.WEEKS[:4]
    finding = flights.finding(flights.DISTANCE, Status.CRITICAL, window=windows[3], unit="SD", value=0.7)
    points = (
        Point(windows[0].end, 0.1, 0.3, Status.OK),
        Point(windows[1].end, 0.4, 0.3, Status.WARNING),
        Point(windows[2].end, 0.2, 0.3, Status.UNKNOWN),
        Point(windows[3].end, 0.7, 0.3, Status.WARNING),
    )
    drawn = strip(windows, points, finding)
    assert [(mark.tone, mark.left) for mark in drawn.marks] == [
        ("warning", pytest.approx(1.1)), ("unknown", pytest.approx(2.1)), ("critical", pytest.approx(3.1)),
    ]  # fmt: skip
    assert [mark.height for mark in drawn.marks] == sorted(
        [mark.height for mark in drawn.marks], key=[6.5, 0.8, 10.0].index
    )
    assert drawn.calm.count("M") == 1
    assert drawn.words == "beyond its limit in 2 of four windows, not judged in 1"


def test_a_bar_is_cut_to_the_period(flights):
    """A story that began before the period starts at its left edge."""
    span = Window(flights.FIRST, flights.FIRST + 10 * DAY)
    assert bar(flights.FIRST - DAY, flights.FIRST + 5 * DAY, span) == (0.0, 50.0)
    assert bar(flights.FIRST + 9 * DAY, flights.FIRST + 30 * DAY, span) == (90.0, 10.0)


def test_a_long_period_of_many_subjects_stays_small(flights, report):
    """Half a year of days with 120 subjects is a page below two megabytes."""
    days = tuple(Window(flights.FIRST + index * DAY, flights.FIRST + (index + 1) * DAY) for index in range(180))
    template = report.chapters[0].histories[1]
    histories = []
    for number in range(120):
        latest = replace(
            template.latest, window=days[-1], subject=replace(template.latest.subject, name=f"feature {number}")
        )
        points = tuple(
            Point(day.end, 0.1 + 0.5 * (index % 9 == 0), 0.31, Status.OK if index % 9 else Status.WARNING)
            for index, day in enumerate(days)
        )
        histories.append(replace(template, latest=latest, points=points))
    span = Window(days[0].start, days[-1].end)
    html = page(Report(span.end + timedelta(hours=1), span, (Chapter("flight-delay", "", days, tuple(histories)),)))
    assert len(html) < 2_000_000
