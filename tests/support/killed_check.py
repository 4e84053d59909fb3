"""
Checks in processes of their own that kill themselves with SIGKILL at a step of which the world takes notice:

    python -m support.killed_check URL

Each line on standard input is an order (`Order` as JSON), each on standard output says what became of it (`Ended`). Every
check but the first runs in a process forked from this one, which is warm then, and keeps nothing open.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from elkmon.digests import Digest
from elkmon.elasticsearch import Client, ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.errors import StoreError
from elkmon.monitor import Monitor
from elkmon.notifiers.mail import Mail
from elkmon.ports import Notifier
from elkmon.presentation import charts, letters, rendering  # noqa: F401 imported once, for all that are forked
from support import killed_story as story
from support.mail_server import free_port
from support.restored import Contents, contents

UNDISTURBED = 0
BEFORE, WITHIN, AFTER = "before", "within", "after"

_ASKING = {"_search", "_msearch", "_count", "_mget", "_pit", "_refresh", "_field_caps"}


@dataclass(frozen=True, slots=True)
class Order:
    """
    One check of `namespace` as of `now`, so many `minutes` later by the machine's clock, to be killed at a step, or not.

    The step is the `fatal`-th; `moment` says on which side of it. `folder` is where the recorder writes, `timeout` how many
    seconds are waited for each answer of Elasticsearch.
    """

    namespace: str
    now: str
    mail_port: int
    folder: str
    minutes: int = 0
    fatal: int = UNDISTURBED
    moment: str = BEFORE
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a check ended: killed, or with its steps (`divisible` are those that can be done by half) and what went wrong."""

    killed: bool = False
    steps: list[str] = field(default_factory=list)
    divisible: list[int] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


class Mortality:
    """Counts the steps of one process and ends it at the one that is fatal."""

    def __init__(self, fatal: int, moment: str) -> None:
        self._fatal = fatal
        self._moment = moment
        self._lock = threading.Lock()
        self.steps: list[str] = []
        self.divisible: list[int] = []

    def take(self, what: str, step: Callable[[], Any], half: Callable[[], object] | None = None) -> Any:
        """Take one step, unless death comes before; `half` takes half of it, where it can be halved."""
        with self._lock:
            self.steps.append(what)
            number = len(self.steps)
            if half:
                self.divisible.append(number)
        if number == self._fatal and self._moment == BEFORE:
            _die()
        if number == self._fatal and self._moment == WITHIN and half:
            half()
            _die()
        result = step()
        if number == self._fatal:
            _die()
        return result


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives this")


class MortalTransport:
    """Stands in the client's transport, through which every request leaves."""

    def __init__(self, perform: Callable[..., Any], mortality: Mortality) -> None:
        self._perform = perform
        self._mortality = mortality

    def __call__(self, method: str, target: str, *, body: Any = None, **more: Any) -> Any:
        """Send a request; one that changes the world is a step."""

        def sent(body: Any) -> Any:
            return self._perform(method, target, body=body, **more)

        path = urlsplit(target).path
        last = path.rsplit("/", 1)[-1]
        if method in {"GET", "HEAD"} or last in _ASKING:
            return sent(body)
        half = _half(body) if last == "_bulk" else None
        return self._mortality.take(f"{method} {path}", lambda: sent(body), half and (lambda: sent(half)))


def _half(lines: Iterable[bytes]) -> list[bytes] | None:
    """Return the lines of the first half of the documents of a bulk request; None of a single one."""
    rest = iter(lines)
    documents = [[action] if action.startswith(b'{"delete"') else [action, next(rest)] for action in rest]
    return [line for each in documents[: len(documents) // 2] for line in each] or None


class MortalNotifier:
    """A notifier whose telling is a step."""

    def __init__(self, notifier: Notifier, mortality: Mortality) -> None:
        self._notifier = notifier
        self._mortality = mortality

    @property
    def name(self) -> str:
        """The name of the real one."""
        return self._notifier.name

    def notify(self, digest: Digest) -> None:
        """Tell, unless death comes first."""
        self._mortality.take(f"tell {self.name}", lambda: self._notifier.notify(digest))


class Recorder:
    """A counterpart that deduplicates: what it is told under an id it has is not told again. It lies in a folder."""

    name = "recorder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def notify(self, digest: Digest) -> None:
        """Keep the digest, numbered as it came, unless it is there."""
        transitions = "\n".join(item.transition.id for item in digest.items)
        number = len(list(self._folder.iterdir()))
        if not list(self._folder.glob(f"*-{digest.id}")):
            (self._folder / f"{number:04}-{digest.id}").write_text(transitions, encoding="utf-8")

    @staticmethod
    def told(folder: Path) -> list[tuple[str, list[str]]]:
        """Return what it was told, in order: the id of each digest and the transitions in it."""
        return [(path.name, path.read_text(encoding="utf-8").splitlines()) for path in sorted(folder.iterdir())]


def monitor_of(url: str, order: Order, mortality: Mortality) -> Monitor:
    """Return a monitor all of whose steps are counted."""
    store = connect([url], timeout=order.timeout)
    store.transport.perform_request = MortalTransport(store.transport.perform_request, mortality)
    recipient = f"{order.namespace}@example.org"
    mail = Mail("team", "127.0.0.1", order.mail_port, "elkmon@example.org", [recipient], security="none")
    # The lease is not renewed in the time a check takes, and has run out for who comes minutes later.
    journal = ElasticsearchJournal(
        store, order.namespace, clock=lambda: datetime.now(UTC) + timedelta(minutes=order.minutes)
    )
    return Monitor(
        ElasticsearchEventLog(store, order.namespace),
        journal,
        [MortalNotifier(mail, mortality), MortalNotifier(Recorder(Path(order.folder)), mortality)],
        [story.SETTINGS],
        owner=f"pid {os.getpid()}",
    )


def checked(url: str, order: Order) -> Ended:
    """Check once."""
    mortality = Mortality(order.fatal, order.moment)
    try:
        report = monitor_of(url, order, mortality).check(datetime.fromisoformat(order.now), explicit=True)
    except StoreError as error:
        return Ended(steps=mortality.steps, divisible=mortality.divisible, trouble=[str(error)])
    trouble = [*report.problems, *(f"{each.notifier}: {each.error}" for each in report.undelivered)]
    return Ended(steps=mortality.steps, divisible=mortality.divisible, trouble=trouble)


def forked(url: str, order: Order) -> Ended:
    """Check in a process of its own, and return how that ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            ended = checked(url, order)
        except Exception:  # noqa: BLE001 whatever it is, the test shows it
            ended = Ended(trouble=[traceback.format_exc()])
        os.write(writing, json.dumps(asdict(ended)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return Ended(killed=True) if os.waitstatus_to_exitcode(status) == -signal.SIGKILL else Ended(**json.loads(said))


def prepared(client: Client, url: str, namespace: str, folder: Path) -> Contents:
    """Tell the first half of the story, check while no mail can be sent, tell the rest; return what is there then."""
    setup(client, namespace)
    story.send(url, namespace, first=True)
    story.make_baseline(client, namespace)
    ended = checked(url, Order(namespace, story.FIRST.isoformat(), free_port(), str(folder)))
    assert len(ended.trouble) == 1, ended
    assert "cannot be reached" in ended.trouble[0]
    story.send(url, namespace, first=False)
    return contents(client, namespace, events=True)


def orders() -> Iterator[Order]:
    """Yield what is asked for on standard input."""
    for line in sys.stdin:
        yield Order(**json.loads(line))


def main(url: str) -> None:
    """Do what is ordered, one after the other: the first here, so that what is made once is made for all who come after."""
    for number, order in enumerate(orders()):
        ended = forked(url, order) if number else checked(url, order)
        gc.freeze()
        print(json.dumps(asdict(ended)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
