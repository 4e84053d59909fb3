"""A monitor killed with SIGKILL at every step of a check of which the world takes notice, and started again."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from support import killed_story as story
from support.killed_check import AFTER, BEFORE, UNDISTURBED, WITHIN, Ended, Order, Recorder, prepared
from support.mail_server import Mailbox, mail_server
from support.restored import Contents, Document, Stage, contents, of_each_run, remembered

STAGES = 3
_LATER = 2
"""Minutes after which a monitor that was killed is started again: its lease has run out."""


class Mortals:
    """The process whose children check, and may be killed."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.killed_check", url],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def check(self, order: Order) -> Ended:
        """Have one check done, and return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(order)), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()
        assert self._process.returncode == 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a check is killed: the number of its step and on which side of it."""

    step: int = UNDISTURBED
    moment: str = BEFORE


@dataclass(frozen=True, slots=True)
class Life:
    """
    What a namespace holds and the world was told, when a check was killed at a place, another one done, and one more.

    Attributes:
        first: how the first check ended; `later` how those after it did.
        remembered: what is in Elasticsearch of findings, alerts, profiles, outcomes and the rest, lease and runs apart.
        mails: their Message-IDs, one after the other the same counted once.
        recorded: what the counterpart that deduplicates was told.
        disturbed: documents that the last check changed, though there was nothing to do.
    """

    first: Ended
    later: tuple[Ended, Ended]
    remembered: dict[str, str]
    mails: list[str]
    recorded: list[tuple[str, list[str]]]
    disturbed: list[str]


@dataclass(slots=True)
class Theatre:
    """Stages and those who die on them."""

    client: Elasticsearch
    folder: Path
    box: Mailbox
    port: int
    free: queue.SimpleQueue[tuple[Stage, Mortals]]
    now: str

    def live(self, place: Place) -> Life:
        """Put a stage back, have a check killed at `place`, and two more done."""
        stage, mortals = self.free.get()
        try:
            stage.restore()
            return self._live(place, stage.namespace, mortals)
        finally:
            self.free.put((stage, mortals))

    def _live(self, place: Place, namespace: str, mortals: Mortals) -> Life:
        folder = self.folder / f"{place.step}-{place.moment}"
        folder.mkdir()
        recipient = f"{namespace}@example.org"
        self.box.mails = [mail for mail in self.box.mails if mail["To"] != recipient]

        def check(minutes: int, step: int = UNDISTURBED) -> Ended:
            order = Order(namespace, self.now, self.port, str(folder), minutes, step, place.moment)
            return mortals.check(order)

        first = check(0, place.step)
        self.client.indices.refresh(
            index=f"elkmon-*-{namespace}*"
        )  # as Elasticsearch has long done when it is minutes later
        second = check(_LATER)
        between = contents(self.client, namespace)
        third = check(2 * _LATER)
        end = contents(self.client, namespace)
        mails = [str(mail["Message-ID"]) for mail in self.box.mails if mail["To"] == recipient]
        return Life(
            first,
            (second, third),
            remembered(end),
            [name for name, _ in groupby(mails)],
            Recorder.told(folder),
            [name for name in end if _is_disturbed(end[name], between.get(name))],
        )


def _is_disturbed(now: Document, before: Document | None) -> bool:
    """Whether a document is new or another than before; what was judged is not even written again."""
    if of_each_run(now):
        return False
    again = before is not None and now.content == before.content and now.index.startswith("elkmon-state")
    return not again and (before is None or now.written != before.written)


@contextmanager
def theatre(client: Elasticsearch, url: str, namespace: str, folder: Path, documents: Contents) -> Iterator[Theatre]:
    """Lay down the documents on each stage, where checks are done as of the story's end."""
    box = Mailbox()
    with ExitStack() as stack:
        port = stack.enter_context(mail_server(box)).port
        free: queue.SimpleQueue[tuple[Stage, Mortals]] = queue.SimpleQueue()
        for number in range(STAGES):
            mortals = Mortals(url)
            stack.callback(mortals.close)
            stage = Stage(client, f"{namespace}s{number}", documents)
            warming = Order(stage.namespace, story.END.isoformat(), port, str(folder / "first"))
            assert mortals.check(warming).trouble == []
            free.put((stage, mortals))
        yield Theatre(client, folder, box, port, free, story.END.isoformat())


def differences(lives: dict[Place, Life], expected: Life) -> dict[Place, list[str]]:
    """Return in what the namespaces and what the world was told differ from an undisturbed one, where they do."""
    found: dict[Place, list[str]] = {}
    for place, life in lives.items():
        differing = [
            *(name for name in life.remembered if life.remembered[name] != expected.remembered.get(name)),
            *(f"no {name}" for name in expected.remembered if name not in life.remembered),
            *(f"changed without need: {name}" for name in life.disturbed),
            *(f"{each.trouble}" for each in life.later if each.trouble),
        ]
        if life.mails != expected.mails:
            differing.append(f"mails {life.mails}, not {expected.mails}")
        if life.recorded != expected.recorded:
            differing.append(f"recorded {life.recorded}, not {expected.recorded}")
        if differing:
            found[place] = differing
    return found


@pytest.mark.timeout(600)
def test_killed_at_every_step_it_ends_in_the_same_place(
    client: Elasticsearch, elasticsearch_url: str, namespace: str, tmp_path: Path
) -> None:
    """Killed before, within and after each request that writes and each telling, it ends with the same and told the same."""
    (tmp_path / "first").mkdir()
    documents = prepared(client, elasticsearch_url, namespace, tmp_path / "first")
    with theatre(client, elasticsearch_url, namespace, tmp_path, documents) as stages:
        expected = stages.live(Place())
        steps = range(1, len(expected.first.steps) + 1)
        halves = [Place(step, WITHIN) for step in expected.first.divisible]
        places = [Place(step, moment) for step in steps for moment in (BEFORE, AFTER)] + halves
        with ThreadPoolExecutor(STAGES) as lives:
            lived = dict(zip(places, lives.map(stages.live, places), strict=True))

    survived = [place for place, life in lived.items() if not life.first.killed]
    assert survived == []
    assert len(lived) == 2 * len(steps) + len(halves)
    assert differences(lived, expected) == {}
    assert_worth_killing(expected)


def assert_worth_killing(expected: Life) -> None:
    """The undisturbed check writes, sends what an earlier one could not, and then what is new."""
    assert expected.first.trouble == []
    assert expected.disturbed == []
    assert (len(expected.mails), len(expected.recorded)) == (2, 1)
    told = [transition for _, transitions in expected.recorded for transition in transitions]
    assert len(told) == len(set(told)) >= 2
    kinds: Sequence[str] = [name.split("-<")[0] for name in expected.remembered]
    assert {"elkmon-outcomes", "elkmon-profiles", "elkmon-findings", "elkmon-alerts", "elkmon-state"} <= set(kinds)
