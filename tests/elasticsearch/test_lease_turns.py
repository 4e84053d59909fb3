"""Turns of a schedule: what one monitor completed, no other monitor of the namespace does again."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch

from elkmon.ports import Claim, Share, Turn
from elkmon.windows import HOUR
from support.leases import NOON, NOW, Clock, Start, looked, starting


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(client: Elasticsearch, ready: str, clock: Clock) -> Start:
    """Another monitor of the same namespace, by the same clock or by one of its own."""
    return starting(client, ready, clock)


class TestTurns:
    def test_a_turn_is_done_once(self, monitor: Start, clock: Clock) -> None:
        """What one monitor completed, the others find done, and learn by whom; the next turn is anybody's."""
        first, second = monitor(), monitor()
        with first.hold("first", NOON) as hold:
            assert hold.claim is Claim.HELD
            hold.complete()
        hold = looked(second, "second", NOON)
        assert (hold.claim, hold.holder) == (Claim.DONE, "first")
        assert looked(first, "first", NOON).claim is Claim.DONE
        assert looked(second, "second", replace(NOON, due=NOW)).claim is Claim.DONE  # and so is one before it
        clock.go(HOUR)
        assert looked(second, "second", replace(NOON, due=clock.now)).claim is Claim.HELD

    def test_a_turn_that_was_not_completed_is_not_done(self, monitor: Start) -> None:
        """Cut short, it is left to whoever comes next."""
        looked(monitor(), "first", NOON)
        assert looked(monitor(), "second", NOON).claim is Claim.HELD

    def test_only_the_same_schedule_and_share_are_done(self, monitor: Start) -> None:
        """Another schedule, another share, and whoever asks without a schedule, are not served by it."""
        journal = monitor()
        turn = replace(NOON, share=Share(0, 2))
        with journal.hold("first", turn) as hold:
            hold.complete()
        for other in (replace(turn, name="daily"), replace(turn, share=Share(1, 2)), Turn(Share(0, 2), "hourly")):
            assert looked(journal, "second", other).claim is Claim.HELD
        assert looked(journal, "second", turn).claim is Claim.DONE

    def test_while_a_later_turn_is_done_an_earlier_one_stays_done(self, monitor: Start, clock: Clock) -> None:
        """Who comes late for a turn is told that it was done, not to wait for the one in progress."""
        first = monitor()
        with first.hold("first", NOON) as hold:
            hold.complete()
        clock.go(HOUR)
        with first.hold("first", replace(NOON, due=clock.now)):
            assert looked(monitor(), "second", NOON).claim is Claim.DONE

    def test_schedules_that_ended_are_forgotten_after_ninety_days(
        self, client: Elasticsearch, ready: str, monitor: Start, clock: Clock
    ) -> None:
        """A lease's document keeps no more names than are in use."""

        def do(name: str) -> None:
            with journal.hold("m", Turn(name=name, due=clock.now)) as hold:
                hold.complete()

        journal = monitor()
        do("old")
        clock.go(timedelta(days=89))
        do("young")
        document = client.get(index=f"elkmon-state-{ready}", id="lease")["_source"]
        assert [each["name"] for each in document["elkmon"]["packed"]["turns"]] == ["old", "young"]
        clock.go(timedelta(days=1))
        do("new")
        document = client.get(index=f"elkmon-state-{ready}", id="lease")["_source"]
        assert [each["name"] for each in document["elkmon"]["packed"]["turns"]] == ["young", "new"]

    def test_a_turn_done_by_a_wrong_clock_does_not_silence_the_schedule(self, monitor: Start) -> None:
        """What is said to be done of the next year is done again when it is due, with a note on the clocks."""
        ahead = Clock(wrong=timedelta(days=365))
        with monitor(ahead).hold("ahead", replace(NOON, due=ahead.now)) as hold:
            hold.complete()
        with monitor().hold("right", NOON) as hold:
            assert hold.claim is Claim.HELD
            assert "ahead says it did the turn 'hourly' of 2027-01-01 12:00:00 UTC" in hold.notes[-1]
            hold.complete()
        assert looked(monitor(), "third", NOON).holder == "right"

    def test_a_turn_done_in_another_process_is_done(self, elasticsearch_url: str, ready: str, monitor: Start) -> None:
        """What is done is remembered in Elasticsearch, so a monitor that starts afterwards knows."""
        program = """if True:
            import sys
            from datetime import datetime
            from elkmon.elasticsearch import ElasticsearchJournal, connect
            from elkmon.ports import Turn

            journal = ElasticsearchJournal(connect([sys.argv[1]]), sys.argv[2])
            with journal.hold("another process", Turn(name="hourly", due=datetime.fromisoformat(sys.argv[3]))) as hold:
                hold.complete()
            print(hold.claim)
        """
        assert NOON.due is not None
        arguments = [sys.executable, "-c", program, elasticsearch_url, ready, NOON.due.isoformat()]
        done = [subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True) for _ in range(2)]
        assert [each.stdout.strip() for each in done] == ["held", "done"]
        assert looked(monitor(), "this one", NOON).holder == "another process"
