"""Values as documents: nesting, and what comes back."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from elkmon.elasticsearch.documents import found, from_milliseconds, known_instant, milliseconds, nested, text_of
from elkmon.elasticsearch.finding_documents import finding_document, finding_from
from elkmon.elasticsearch.profile_documents import profile_document, profile_from
from elkmon.fields import FEATURES_NUMERIC, MODEL_NAME, MODEL_VERSION
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.windows import HOUR, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
instants = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))
counts = st.lists(st.integers(0, 2**40), min_size=1, max_size=4).map(tuple)
finite = st.floats(allow_nan=False, allow_infinity=False)


def test_fields_are_nested_under_their_dotted_names() -> None:
    """A document is nested; None is left out, empty text is not, and an open map lies under its path."""
    document = nested({MODEL_NAME: "m", MODEL_VERSION: "", FEATURES_NUMERIC: {"a.b": 1}})
    assert document == {"elkmon": {"model": {"name": "m", "version": ""}}, "features": {"num": {"a.b": 1}}}
    assert found(document, MODEL_VERSION, "none") == ""
    assert found(nested({MODEL_NAME: None}), MODEL_NAME, "none") == "none"


@given(instants)
def test_instants_come_back_to_the_microsecond(instant: datetime) -> None:
    """What was stored is what is read; Elasticsearch's milliseconds are as near as they can be."""
    assert known_instant(text_of(instant) or "") == instant
    assert abs((from_milliseconds(milliseconds(instant)) - instant).total_seconds()) <= 0.001


@given(
    st.text(),
    st.dictionaries(
        st.text(), st.builds(Counts, counts, st.integers(0), st.integers(0), st.integers(0), st.integers(0))
    ),
    st.dictionaries(st.tuples(st.text(), st.text()), st.integers(0)),
    st.dictionaries(st.text(), counts),
    st.dictionaries(st.text(), finite),
)
def test_any_profile_comes_back(
    model: str,
    subjects: dict[str, Counts],
    confusion: dict[tuple[str, str], int],
    scores: dict[str, tuple[int, ...]],
    sums: dict[str, float],
) -> None:
    """A profile survives JSON, whatever its names are."""
    outcomes = Outcomes(3, confusion, scores, (1,), (), sums)
    profile = Profile(model, "", START, START + HOUR, "r", 5, 1, subjects, outcomes, "b", "s")
    assert profile_from(json.loads(json.dumps(profile_document(profile)))) == profile


optional = st.none() | st.floats(allow_nan=False)


@given(
    st.text(),
    st.sampled_from(Status),
    st.lists(optional, min_size=9, max_size=9),
    st.dictionaries(st.text(), st.floats(allow_nan=False)),
    instants,
    st.none() | st.sampled_from(Status),
)
def test_any_finding_comes_back(
    name: str,
    status: Status,
    numbers: list[float | None],
    beside: dict[str, float],
    judged_at: datetime,
    previous: Status | None,
) -> None:
    """A finding survives JSON, infinities included, and its indexed numbers are all finite."""
    value, baseline_value, limit, critical_limit, p_value, q_value, lower, upper, coverage = numbers
    finding = Finding(
        model=name,
        version=name,
        window=Window(START, START + HOUR),
        subject=Subject(Family.QUALITY, Kind.UNSEEN, name, name),
        status=status,
        judged_at=judged_at,
        value=value,
        baseline_value=baseline_value,
        limit=limit,
        critical_limit=critical_limit,
        p_value=p_value,
        q_value=q_value,
        lower=lower,
        upper=upper,
        coverage=coverage,
        direction=Direction.LOWER,
        beside=beside,
        previous=previous,
    )
    assert finding_from(json.loads(json.dumps(finding_document(finding), allow_nan=False))) == finding
