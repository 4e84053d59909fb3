"""How long what is kept, as it is configured."""

from pathlib import Path

import pytest

from elkmon.config import parse
from elkmon.errors import ConfigurationError


def test_results_have_times_of_their_own():
    """Profiles and findings are kept longer than events, unless somebody says otherwise."""
    default = parse("", Path()).store
    chosen = parse("[store]\nresults_retention_days = 800\nroll_up_after_days = 60", Path()).store

    assert (default.retention_days, default.results_retention_days, default.roll_up_after_days) == (90, 400, 90)
    assert (chosen.results_retention_days, chosen.roll_up_after_days) == (800, 60)


@pytest.mark.parametrize("key", ["results_retention_days", "roll_up_after_days"])
def test_results_are_kept_while_they_may_be_judged_again(key):
    """A time shorter than the horizon is refused with what would do; a longer horizon alone is none of the user's mistakes."""
    with pytest.raises(ConfigurationError) as refused:
        parse(f'horizon = "36h"\n[store]\n{key} = 1', Path())

    (problem,) = refused.value.problems
    assert problem.startswith(f'store.{key} = 1 is shorter than the horizon of "36h"')
    assert "make it 2 or more" in problem
    assert parse(f'horizon = "36h"\n[store]\n{key} = 2', Path())
    assert parse('horizon = "100w"', Path())
