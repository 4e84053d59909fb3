from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from elkmon.errors import ConfigurationError
from elkmon.findings import Status
from elkmon.presentation.links import checked, events_behind

KIBANA = "https://kibana.example.com/s/ml"


def parts(address):
    """Take an address apart as Kibana does: base, global state, application state."""
    split = urlsplit(address)
    assert split.fragment.startswith("/?")
    state = parse_qs(split.fragment.removeprefix("/?"), strict_parsing=True)
    return f"{split.scheme}://{split.netloc}{split.path}", state["_g"][0], state["_a"][0]


def test_discover_opens_with_window_model_and_the_values_that_stand_out(flights):
    """The address holds the time range and a query for exactly the rows the sentence speaks of."""
    evidence = flights.Evidence(("below 10", "10 to 20", "20 and above"), (50, 46, 4), (50, 32, 18), (10.0, 20.0))
    finding = flights.finding(flights.DISTANCE, Status.WARNING, evidence=evidence)
    base, time, state = parts(events_behind(KIBANA, finding))
    assert base == "https://kibana.example.com/s/ml/app/discover"
    assert time == "(time:(from:'2013-08-05T00:00:00+00:00',to:'2013-08-12T00:00:00+00:00'))"
    assert state == (
        '(dataSource:(type:esql),query:(esql:\'FROM logs-elkmon.prediction* | WHERE `elkmon.model.name` == "flight-delay" '
        'AND `elkmon.model.version` == "3" AND `features.num.distance` >= 20.0\'))'
    )


def test_names_cannot_leave_their_quotes(flights):
    """Quotes, back ticks, exclamation marks, line breaks and ampersands in names stay inside their string."""
    name = "a'b\"c`d!e\\f\n&_a=x#%27"
    finding = flights.carriers().finding
    levels = replace(
        finding.evidence, labels=(name, *finding.evidence.labels[1:]), current=(2000, *finding.evidence.current[1:])
    )
    subject = replace(finding.subject, field=f"features.cat.{name}")
    _, _, state = parts(events_behind(KIBANA, replace(finding, model=name, subject=subject, evidence=levels)))
    inside = state.removeprefix("(dataSource:(type:esql),query:(esql:'").removesuffix("'))")
    query = inside.replace("!'", "'").replace("!!", "!")
    literal = '"a\'b\\"c`d!e\\\\f\\n&_a=x#%27"'
    assert query == (
        f'FROM logs-elkmon.prediction* | WHERE `elkmon.model.name` == {literal} AND `elkmon.model.version` == "3" '
        f"AND `features.cat.a'b\"c``d!e\\f\n&_a=x#%27` == {literal}"
    )


def test_missing_values_and_failed_calls_are_found_where_they_are(flights):
    """Rows without a value are asked for as such; failed calls stand in another stream."""
    missing = parts(events_behind(KIBANA, flights.finding(flights.MISSING, Status.WARNING)))[2]
    assert "`features.num.wind_gust` IS NULL" in missing
    errors = parts(events_behind(KIBANA, flights.finding(flights.ERRORS, Status.WARNING)))[2]
    assert "FROM logs-elkmon.error* |" in errors


def test_what_vanished_is_not_asked_for(flights):
    """A level that is gone has no rows to look at: the whole window is shown instead."""
    assert "carrier" not in parts(events_behind(KIBANA, flights.carriers().finding))[2]


def test_without_kibana_there_is_no_link(flights):
    """No address is made up."""
    assert events_behind(None, flights.drifted().finding) == ""


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "kibana.example.com",
        "https://",
        "https://k/#x",
        "https://k/?a=b",
        "https://k/a b",
        "ftp://k",
    ],
)
def test_odd_addresses_are_refused(address):
    """Only http and https addresses become links."""
    with pytest.raises(ConfigurationError, match="is not an address such as"):
        checked(address)


def test_plain_addresses_are_taken():
    """A slash at the end does not matter, nor does leaving it out altogether."""
    assert checked("http://localhost:5601/") == "http://localhost:5601"
    assert checked("") is checked(None) is None
