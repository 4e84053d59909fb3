"""`elkmon run`: what is checked together, and what it says."""

from datetime import UTC, datetime, timedelta

import pytest

from elkmon.checks import ModelSettings
from elkmon.cli.lines import lines_of, told_line
from elkmon.cli.run import address, beginning_at, duties_of
from elkmon.config import Config, ModelEntry, MonitorSettings, Schedule
from elkmon.digests import Hindrance, Judging, Notice
from elkmon.errors import PartialAnswer, StoreUnreachable
from elkmon.monitor import CheckReport
from elkmon.monitor.outages import Told
from elkmon.monitor.watching import Attempt, Duty, Outcome, Standing
from elkmon.ports import Claim, Run, Share, Turn
from elkmon.schedule import Ticks

DAILY, OFTEN = Schedule(cron="0 6 * * *"), Schedule(cron="", every=timedelta(minutes=30))
DUE = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
DUTY = Duty(("a", "b"), Turn(Share(), "daily"))


def config_of(*entries, shares=1):
    return Config(
        models=tuple(ModelEntry(settings, schedule) for settings, schedule in entries),
        monitor=MonitorSettings(shares=shares),
    )


def test_models_that_are_due_together_are_one_check():
    """One schedule is one check, so what changed in several models is one mail; the most frequent comes first."""
    config = config_of(
        *((ModelSettings(name), schedule) for name, schedule in zip("abcd", (DAILY, OFTEN, DAILY, DAILY), strict=True))
    )

    duties = duties_of(config, ("a", "b", "c"))

    assert [(ticks, duty.models) for ticks, duty in duties] == [
        (Ticks(every=timedelta(minutes=30)), ("b",)),
        (Ticks("0 6 * * *"), ("a", "c")),
    ]


def test_each_model_is_in_one_share_and_an_empty_share_is_no_work():
    """A hundred models in seven shares are a hundred; one model in seven shares is one check."""
    names = [f"model-{number}" for number in range(100)]
    config = config_of(*((ModelSettings(name), DAILY) for name in names), shares=7)

    duties = duties_of(config, names)

    assert sorted(model for _, duty in duties for model in duty.models) == sorted(names)
    assert [duty.turn.share for _, duty in duties] == [Share(index, 7) for index in range(7)]
    assert len(duties_of(config, names[:1])) == 1


def test_a_turn_has_another_name_when_anything_is_configured_otherwise():
    """Two processes agree on it as long as they would do the same."""

    def name(*entries):
        return duties_of(config_of(*entries), ("a", "b"))[0][1].turn.name

    usual = name((ModelSettings("a"), DAILY))
    assert usual == name((ModelSettings("a"), DAILY))
    others = [
        name((ModelSettings("a", min_rows=7), DAILY)),
        name((ModelSettings("a"), OFTEN)),
        name((ModelSettings("a"), DAILY), (ModelSettings("b"), DAILY)),
    ]
    assert len({usual, *others}) == 4


def test_processes_go_over_the_same_shares_from_different_places():
    """Each goes over all of them, beginning at its own; within a share the order stays."""
    names = {
        f"{letter}-{number}": schedule for letter, schedule in (("d", DAILY), ("o", OFTEN)) for number in range(40)
    }
    config = config_of(*((ModelSettings(name), schedule) for name, schedule in names.items()), shares=8)
    duties = duties_of(config, [entry.settings.name for entry in config.models])

    walks = [[duty.turn.share.index for _, duty in beginning_at(f"host:{number}", duties)] for number in range(20)]

    for walk in walks:
        assert walk[::2] == walk[1::2] == [(walk[0] + step) % 8 for step in range(8)]
    assert len({walk[0] for walk in walks}) > 4
    assert beginning_at("host:1", duties) == beginning_at("host:1", duties)


def attempt(outcome, error=None, again=None, repeated=False, **report):
    made = None if error else CheckReport(Run("r", DUE, DUE, DUE), **report)
    standing = Standing(DUTY, DUE, DUE, outcome, holder=report.get("holder", ""))
    return Attempt(standing, again, made, error, repeated)


def test_trouble_is_a_line_that_says_when_it_is_tried_again():
    """Neither a store that is down nor a mistake of elkmon's is more; the line breaks of an error do not make it more."""
    pause = timedelta(seconds=12.3)
    down = attempt(Outcome.FAILED, StoreUnreachable("no answer\nfrom there"), pause)
    odd = attempt(Outcome.FAILED, ZeroDivisionError("division by zero"), pause)

    assert lines_of(down) == ["could not check a, b: no answer from there; tried again in 12 s"]
    assert lines_of(odd) == [
        "could not check a, b: unexpected ZeroDivisionError: division by zero; tried again in 12 s"
    ]


def test_what_others_do_is_a_line_and_waiting_for_them_is_not_repeated():
    """Who did it, or is at it, is named; what is to be said of clocks is said."""
    busy = attempt(
        Outcome.BUSY, again=timedelta(seconds=10), claim=Claim.BUSY, holder="host:7", notes=("clocks differ",)
    )
    again = attempt(Outcome.BUSY, again=timedelta(seconds=10), repeated=True, claim=Claim.BUSY, holder="host:7")
    there = attempt(Outcome.ELSEWHERE, claim=Claim.DONE, holder="host:7")

    assert lines_of(busy) == [
        "a, b: host:7 is checking at this moment; looked at again until it has",
        "note: clocks differ",
    ]
    assert lines_of(again) == []
    assert lines_of(there) == ["a, b: already checked by host:7 for 2026-03-02T06:00:00Z"]


def test_a_check_that_has_to_be_repeated_says_so():
    """What the store did not answer is not judged, and tried again."""
    troubled = attempt(
        Outcome.FAILED,
        again=timedelta(seconds=20),
        problems=("a: 1 of 2 shards",),
        trouble=(("a", PartialAnswer("1 of 2 shards")),),
    )

    first, second = lines_of(troubled)

    assert first.startswith("checked a, b: unjudged; ")
    assert first.endswith("; tried again in 20 s")
    assert second == "not judged: a: 1 of 2 shards"


def test_notices_are_said_too():
    """Who was told what, or why not."""
    notice = Notice(Judging.STOPPED, DUE, ("a",), Hindrance.UNREACHABLE, "x")

    assert told_line(Told("team", notice)) == "told team that nothing could be judged since 2026-03-02T06:00:00Z"
    assert told_line(Told("team", notice, "away")).endswith("2026-03-02T06:00:00Z: away; tried again")
    assert told_line(Told("team", notice, "no such user", permanent=True)).endswith("no such user; given up")


@pytest.mark.parametrize("text", ["", "localhost", "9108x", "localhost:", "127.0.0.1:70000"])
def test_an_address_needs_a_port(text):
    """What is none is refused by the parser."""
    with pytest.raises(Exception, match=r"is not an address such as 127\.0\.0\.1:9108"):
        address(text)
