"""`elkmon run`: what is checked together, and what survives."""

from datetime import timedelta

import pytest

from elkmon.checks import ModelSettings
from elkmon.cli.run import Check, _by_schedule
from elkmon.cli.signals import Ended
from elkmon.config import Config, ModelEntry, Schedule
from elkmon.errors import StoreUnreachable


def test_models_that_are_due_together_are_one_check():
    """One schedule is one check, so what changed in several models is one mail."""
    daily, often = Schedule(cron="0 6 * * *"), Schedule(cron="", every=timedelta(minutes=30))
    config = Config(
        models=tuple(
            ModelEntry(ModelSettings(name), schedule)
            for name, schedule in (("a", daily), ("b", often), ("c", daily), ("d", daily))
        )
    )

    assert _by_schedule(config, ("a", "b", "c")) == {daily: ("a", "c"), often: ("b",)}


class Failing:
    """Stands for a monitor whose check ends in `error`."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def check(self, *_, **__):
        """Fail."""
        raise self._error


def test_trouble_is_a_line_and_the_next_check_comes(capsys, monkeypatch):
    """Neither a store that is down nor a mistake of elkmon's ends the monitor; the line breaks of an error do not either."""
    monkeypatch.delenv("ELKMON_DEBUG", raising=False)

    Check(Failing(StoreUnreachable("no answer\nfrom there")), ("a", "b"))()
    Check(Failing(ZeroDivisionError("division by zero")), ("a",))()

    down, odd = capsys.readouterr().out.splitlines()
    assert down.endswith("could not check a, b: no answer from there; tried again when it is next due")
    assert odd.endswith("could not check a: unexpected ZeroDivisionError: division by zero")


def test_a_signal_is_not_survived():
    """What asks for the end of the process ends it, also in the middle of a check."""
    with pytest.raises(Ended):
        Check(Failing(Ended("SIGTERM")), ("a",))()
