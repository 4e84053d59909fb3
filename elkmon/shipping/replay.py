"""
Events on disk sent by hand: the journals a dead service has left, dead letters whose cause was mended, files of events.

Journals are cleared away as their events arrive. Files stay as they are: sent again, their events are recognised.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from elkmon.errors import ShippingError
from elkmon.shipping.accounting import Account, Stats
from elkmon.shipping.buffer import Buffer, Limits
from elkmon.shipping.dead_letters import DeadLetters, NotKept
from elkmon.shipping.delivery import Delivery
from elkmon.shipping.encoding import dumps, id_of
from elkmon.shipping.entries import Bequest
from elkmon.shipping.journal.backlog import Backlog
from elkmon.shipping.journal.journal import Shelf
from elkmon.shipping.journal.ownership import processes, take_over
from elkmon.shipping.transports import Transport
from elkmon.shipping.trouble import Teller

_BATCH_COUNT = 1000
_BATCH_OCTETS = 4 * 1024 * 1024
_BEGINNING = b'{"@timestamp":"'
_CHUNK_OCTETS = 8 * 1024 * 1024

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    What became of what was on disk.

    Attributes:
        delivered: events that have arrived, now or before.
        rejected: events the other end refuses for good.
        rejected_to: the file that holds these now; empty where they stay where they were.
        damaged: lines that are no events.
        left: events, or journals, that are still to be sent: the other end was away for too long, the refused could not
            be written down, or a journal could not be read.
        owned: journals left alone, for their services live and send them themselves.
        unreadable: of `left`, journals nobody owns that could not be read, or not be cleared away.
        trouble: why something is left; empty where the other end was away.
    """

    delivered: int
    rejected: int = 0
    rejected_to: str = ""
    damaged: int = 0
    left: int = 0
    owned: int = 0
    unreadable: int = 0
    trouble: str = ""


def replay(
    path: Path, transport: Transport, *, patience: float, progress: Progress, rejected: Path | None = None
) -> Replayed:
    """
    Send what is in a directory of journals, or in a file of dead letters or events.

    Args:
        path: the directory or the file.
        transport: where to.
        patience: seconds without any success after which it gives up; what is left can be replayed again.
        progress: hears what is being sent, how many bytes of it are done, and of how many.
        rejected: the file for what is refused of journals; None for one beside their directory.

    Raises:
        ShippingError: there is nothing of the kind, or that file cannot be written.
    """
    try:
        if path.is_dir():
            path = path.resolve()
            beside = path.with_name(f"{path.name}.rejected.ndjson")
            return _Replay(transport, patience, progress).journals(path, rejected or beside)
        if path.is_file():
            if rejected is not None:
                raise ShippingError(f"--rejected is for journals: what is refused of {path} stays in it")
            return _Replay(transport, patience, progress).file(path)
    except OSError as error:
        raise ShippingError(f"{path} cannot be read: {error.strerror or error}") from error
    finally:
        transport.close()
    raise ShippingError(f"{path} does not exist: name a journal's directory, or a file of dead letters or events")


class _Replay:
    def __init__(self, transport: Transport, patience: float, progress: Progress) -> None:
        self._transport = transport
        self._teller = Teller(None)
        self._patience = patience
        self._progress = progress
        self._give_up_at = math.inf
        self._settled = 0
        self._buffer = Buffer(Limits())

    def journals(self, directory: Path, rejected_to: Path) -> Replayed:
        found = sum(1 for _ in processes(str(directory)))
        if not found:
            raise ShippingError(f"{directory} holds no journal; name what the service was given as journal=")
        dead_letters = _checked(rejected_to)
        shelf = Shelf(str(directory), 0)
        backlog = Backlog(shelf, os.urandom(8).hex(), _nobody)
        buffer = Buffer(Limits(), backlog)
        delivery = self._delivery(buffer, dead_letters)
        total, trouble = _octets(directory), ""
        try:
            while batch := backlog.inherit(_BATCH_COUNT, _BATCH_OCTETS):
                self._begin_waiting()
                delivery.deliver(batch, math.inf)
                if buffer.pending:
                    break
                backlog.settle()
                self._progress("journal", max(0, total - _octets(directory)), total)
        except NotKept as error:
            trouble = f"what is refused cannot be written down, {error}; name another file with --rejected"
        finally:
            left = buffer.pending
            backlog.close()
        stats = buffer.stats()
        rejected = sum(stats.dropped.values())
        owned, unreadable, why = (0, 0, "") if left else _others(directory)
        return Replayed(
            stats.delivered,
            rejected,
            str(rejected_to) if rejected else "",
            backlog.damaged,
            left + unreadable,
            owned,
            unreadable,
            trouble or why or (backlog.trouble if unreadable else ""),
        )

    def file(self, path: Path) -> Replayed:
        buffer = Buffer(Limits(_CHUNK_OCTETS, 2 * _CHUNK_OCTETS))
        delivery = self._delivery(buffer, None)
        bequests = _Bequests(buffer.open_account())
        total, done, damaged = path.stat().st_size, 0, 0
        with path.open("rb") as file:
            while lines := file.readlines(_CHUNK_OCTETS):
                damaged += _offer(lines, buffer, bequests)
                while batch := buffer.take(_BATCH_COUNT, _BATCH_OCTETS):
                    self._begin_waiting()
                    delivery.deliver(batch, math.inf)
                    if buffer.stats().pending and self._ended():
                        left = buffer.pending + sum(1 for _ in file)
                        return _of_file(buffer.stats(), damaged, left)
                done += sum(map(len, lines))
                self._progress(path.name, done, total)
        return _of_file(buffer.stats(), damaged, 0)

    def _delivery(self, buffer: Buffer, dead_letters: DeadLetters | None) -> Delivery:
        self._buffer = buffer
        return Delivery(buffer, self._transport, self._teller, dead_letters, self._pause, self._ended)

    def _begin_waiting(self) -> None:
        self._give_up_at = time.monotonic() + self._patience

    def _pause(self, seconds: float) -> None:
        self._renew()
        time.sleep(max(0.0, min(seconds, self._give_up_at - time.monotonic())))

    def _ended(self) -> bool:
        self._renew()
        return time.monotonic() >= self._give_up_at

    def _renew(self) -> None:
        """Begin waiting anew where the other end has taken, or refused, something meanwhile."""
        stats = self._buffer.stats()
        settled = stats.delivered + sum(stats.dropped.values())
        if settled > self._settled:
            self._settled = settled
            self._begin_waiting()


def _checked(path: Path) -> DeadLetters:
    try:
        dead_letters = DeadLetters(path, required=True)
        dead_letters.check()
    except (OSError, ShippingError) as error:
        why = getattr(error, "strerror", None) or error
        raise ShippingError(
            f"{path}, for what is refused, cannot be written: {why}; name another file with --rejected"
        ) from error
    return dead_letters


def _others(directory: Path) -> tuple[int, int, str]:
    """Count the journals the living own, and those that nobody owns and were left nevertheless; say why, if known."""
    owned, unreadable, why = 0, 0, ""
    for process in processes(str(directory)):
        try:
            claimed = take_over(str(directory), process)
        except OSError as error:
            why = str(error)
            unreadable += 1
        else:
            if claimed is None:
                owned += 1
            else:
                claimed.release(done=False)
                unreadable += 1
    return owned, unreadable, why


class _Bequests(dict[str, Bequest]):
    """Where events go, one for each data stream."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account

    def __missing__(self, index: str) -> Bequest:
        made = self[index] = Bequest(index, self._account)
        return made


def _offer(lines: list[bytes], buffer: Buffer, bequests: _Bequests) -> int:
    """Queue the events among the lines of a file; return the number of the others."""
    damaged = 0
    for line, index in map(_event, lines):
        if index:
            buffer.offer(line, bequests[index])
        elif line:
            damaged += 1
    return damaged


def _event(line: bytes) -> tuple[bytes, str]:
    """Return an event's line and where it goes: of a dead letter the document in it. No place where it is no event."""
    line = line.strip()
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        document: Any = json.loads(line)
        letter = "document" in document
        document = document["document"] if letter else document
        if letter or not line.startswith(_BEGINNING):  # or somebody has written it with blanks
            line = dumps(document)
        stream = document["data_stream"]
        if document["event"]["id"].encode() == id_of(line):
            return line, f"{stream['type']}-{stream['dataset']}-{stream['namespace']}"
    return line, ""


def _of_file(stats: Stats, damaged: int, left: int) -> Replayed:
    return Replayed(stats.delivered, sum(stats.dropped.values()), "", damaged, left)


def _nobody(_: object) -> NoReturn:
    raise AssertionError  # who replays has no events of its own


def _octets(directory: Path) -> int:
    total = 0
    for file in directory.glob("*.ndjson"):
        with suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def sentences(found: Replayed) -> Iterator[str]:
    """Say what became of it, in lines for people."""
    yield f"{found.delivered} events have arrived"
    if found.rejected:
        where = f"; they are in {found.rejected_to}" if found.rejected_to else ""
        yield f"{found.rejected} events are refused for good{where}"
    if found.damaged:
        yield f"{found.damaged} lines are no events"
    if found.owned:
        yield f"{found.owned} journals were left alone: their services live, and send them themselves"
    if found.unreadable:
        why = f": {found.trouble}" if found.trouble else ""
        yield f"{found.unreadable} journals are left that could not be read or cleared away{why}"
    elif found.left:
        why = found.trouble or "replay them again when the other end is there"
        yield f"{found.left} events or more are left; {why}"
