"""Findings as text."""

from dataclasses import replace
from datetime import UTC, datetime

from elkmon.alerts import Alert, Change, Transition
from elkmon.cli.findings import print_findings, print_transitions
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.windows import Window

DAY = Window(datetime(2013, 8, 5, tzinfo=UTC), datetime(2013, 8, 6, tzinfo=UTC))


def finding(name: str, status: Status, **others) -> Finding:
    subject = Subject(Family.DRIFT, Kind.FEATURE, name, f"features.num.{name}")
    numbers = {"measure": "wasserstein", "unit": "SD", "value": 0.62, "limit": 0.31, "rows": 2300, **others}
    return Finding("flight-delay", "3", DAY, subject, status, datetime(2013, 8, 6, tzinfo=UTC), **numbers)


FOUND = (
    finding("temp", Status.OK),
    finding("wind", Status.WARNING),
    finding("distance", Status.CRITICAL),
    finding("humid", Status.UNKNOWN, reason="12 rows, 200 are needed"),
    finding("dewp", Status.UNKNOWN, reason="12 rows, 200 are needed"),
)


def test_the_worst_comes_first_and_what_is_fine_is_counted(capsys):
    """A reader sees what asks for attention, and how much there was beside it."""
    print_findings(FOUND)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("flight-delay 3 · 2013-08-05 · 1 critical, 1 warning, 2 not judged, 1 within limits")
    assert lines[2].split()[:2] == ["critical", "distance"]
    assert lines[3].split()[:2] == ["warning", "wind"]
    assert not any("temp" in line for line in lines)


def test_what_could_not_be_judged_is_listed_with_its_reason(capsys):
    """Subjects with the same reason are one line."""
    print_findings(FOUND)

    assert "  not judged: dewp and humid: 12 rows, 200 are needed" in capsys.readouterr().out.splitlines()


def test_everything_is_listed_when_asked_for(capsys):
    """With --all nothing is left out."""
    print_findings(FOUND, everything=True)

    out = capsys.readouterr().out
    assert all(each.subject.name in out for each in FOUND)


def test_models_and_versions_stand_apart(capsys):
    """Each model version and window has its own table."""
    print_findings((FOUND[2], replace(FOUND[2], version="4"), replace(FOUND[2], model="churn\x1b[2J")))

    out = capsys.readouterr().out
    assert len([line for line in out.splitlines() if "·" in line]) == 3
    assert "\x1b" not in out


def test_changes_say_whose_they_are(capsys):
    """A change names model and subject, not a hash."""
    alert = Alert("flight-delay", FOUND[2].subject)
    transition = Transition(Change.OPENED, alert.fingerprint, 1, DAY.end, Status.CRITICAL)

    print_transitions((transition,), {alert.fingerprint: alert})

    assert "  2013-08-06  opened     flight-delay: distance (critical)" in capsys.readouterr().out.splitlines()


def test_among_equals_the_larger_comes_first(capsys):
    """Within a verdict the order is how many times the limit is reached, not the name."""
    print_findings((finding("a", Status.WARNING, value=0.4), finding("b", Status.WARNING, value=0.9)))

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[2:4]] == ["b", "a"]


def test_cautions_stand_above_the_table(capsys):
    """That events are missing, and that the baseline is provisional, is said once of the window."""
    print_findings(tuple(replace(each, completeness=0.988, provisional=True, segment="carrier=UA") for each in FOUND))

    out = capsys.readouterr().out
    assert out.count("1.2 % of this window's events did not arrive, so these figures are of those that did") == 1
    assert out.count("Compared with a provisional baseline, made from the first days of production") == 1
    assert "distance for carrier=UA" in out
    assert "not judged: dewp for carrier=UA and humid for carrier=UA" in out
