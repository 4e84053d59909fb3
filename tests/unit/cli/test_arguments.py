"""Arguments that commands share."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from elkmon.checks import ModelSettings
from elkmon.cli.arguments import chosen_models, instant, last, length, span
from elkmon.config import Config, ModelEntry
from elkmon.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-04-01", datetime(2013, 4, 1, tzinfo=UTC)),
        ("2013-04-01T06:00", datetime(2013, 4, 1, 6, tzinfo=UTC)),
        ("2013-04-01T06:00+02:00", datetime(2013, 4, 1, 4, tzinfo=UTC)),
        ("2013-04-01T06:00Z", datetime(2013, 4, 1, 6, tzinfo=UTC)),
    ],
)
def test_a_time_without_zone_is_utc(text, expected):
    """ISO times are taken with their zone, and as UTC without one."""
    assert instant(text) == expected
    assert instant(text).utcoffset() == timedelta(0)


def test_what_is_no_time_or_length_is_refused_with_an_example():
    """The message shows how it is written."""
    with pytest.raises(argparse.ArgumentTypeError, match=r"'soon' is not a time; .* such as 2013-04-01"):
        instant("soon")
    with pytest.raises(argparse.ArgumentTypeError, match="'28' is not a length of time"):
        length("28")


@pytest.mark.parametrize("text", ["0001-01-01", "1969-12-31T23:00", "9999-12-31"])
def test_a_time_beyond_the_years_of_events_is_refused(text):
    """No window before or after it could be named."""
    with pytest.raises(argparse.ArgumentTypeError, match="outside the years 1970 to 9998"):
        instant(text)


def test_a_span_on_half_hours_or_backwards_is_refused():
    """Windows are whole hours and end after they begin."""
    with pytest.raises(ConfigurationError, match="whole UTC hour"):
        span(datetime(2013, 4, 1, 0, 30, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))
    with pytest.raises(ConfigurationError, match="ends after it begins"):
        span(datetime(2013, 4, 2, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC))


def test_the_last_days_hold_the_present_hour():
    """What was judged a minute ago is in the period."""
    now = datetime(2013, 4, 29, 10, 20, tzinfo=UTC)

    period = last(timedelta(days=28), now)

    assert now in period
    assert period.length == timedelta(days=28)


def test_a_misspelt_model_is_answered_with_the_one_that_was_meant():
    """Every model that is not configured is named, with the nearest that is."""
    config = Config(models=(ModelEntry(ModelSettings("flight-delay")), ModelEntry(ModelSettings("churn"))))

    with pytest.raises(ConfigurationError) as raised:
        chosen_models(config, ["flight-dely", "nothing-like-it"])

    assert len(raised.value.problems) == 2
    assert "did you mean flight-delay?" in raised.value.problems[0]
    assert chosen_models(config, []) == ("flight-delay", "churn")
    with pytest.raises(ConfigurationError, match="no model is configured"):
        chosen_models(Config(), [])
