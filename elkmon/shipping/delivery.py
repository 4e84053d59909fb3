"""One batch brought to the other end: sent until each of its entries has arrived, or never will, or time is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from elkmon.shipping.backoff import Backoff
from elkmon.shipping.buffer import Buffer
from elkmon.shipping.dead_letters import DeadLetters, NotKept
from elkmon.shipping.entries import Entry
from elkmon.shipping.transports import Indigestible, Receipt, Transport, Unavailable
from elkmon.shipping.trouble import Teller

FAILING_ATTEMPTS = 10
FAILING_SECONDS = 60.0
"""
How often, and for how long, single events are sent that the other end breaks down over (500) while it has taken others
of their batch and stream. Then they count as rejected: they would hold up everything behind them for ever.
"""


class Delivery:
    """
    Judges what a transport says of every entry.

    Args:
        buffer: where entries are accounted for.
        transport: brings them to the other end.
        teller: hears of trouble.
        dead_letters: keeps what was rejected; None to keep nothing.
        pause: waits some seconds before the next attempt, or less.
        ended: tells whether time is up.

    Attributes:
        told: events that were dropped, by reason, as far as the teller has heard of them.
    """

    def __init__(
        self,
        buffer: Buffer,
        transport: Transport,
        teller: Teller,
        dead_letters: DeadLetters | None,
        pause: Callable[[float], None],
        ended: Callable[[], bool],
    ) -> None:
        self._buffer = buffer
        self._transport = transport
        self._teller = teller
        self._dead_letters = dead_letters
        self._pause = pause
        self._ended = ended
        self.told: dict[str, int] = {}

    def deliver(self, batch: list[Entry], tried_for: float = 0.0) -> None:
        """
        Send a batch; `tried_for` seconds ago that was done for the first time, perhaps with success.

        Raises:
            NotKept: dead letters are required, and could not be written; what is left stays pending.
        """
        backoff = Backoff()
        failures = _Failures()
        parts = [batch]
        began = monotonic()
        first = True
        while parts and not self._ended():
            part = parts.pop()
            try:
                receipt = self._transport.send(part, tried_for if first else tried_for + monotonic() - began)
            except Indigestible as error:
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                else:
                    self._reject(error.reason, [(part[0], str(error))])
                continue
            except Unavailable as error:
                parts.append(part)
                self._teller.tell("refused" if error.refused else "unavailable", str(error))
                self._pause(backoff.wait(error.retry_after))
                continue
            except Exception as error:  # noqa: BLE001  a bug in a transport must not cost an event
                parts.append(part)
                self._teller.tell("unavailable", f"{type(error).__name__}: {error}")
                self._pause(backoff.wait())
                continue
            finally:
                first = False
            again = self._settled(part, failures.judged(part, receipt))
            if again:
                parts.append(again)
                self._teller.tell("unavailable", receipt.detail)
                self._pause(backoff.wait(receipt.retry_after))
            else:
                backoff.reset()

    def _settled(self, part: list[Entry], receipt: Receipt) -> list[Entry]:
        """Account for what has arrived and what never will; return what is to be sent again."""
        unsettled = {*receipt.again, *(position for position, _ in receipt.rejected)}
        self._buffer.delivered(entry for position, entry in enumerate(part) if position not in unsettled)
        if receipt.rejected:
            self._reject("rejected", [(part[position], detail) for position, detail in receipt.rejected])
        return [part[position] for position in receipt.again]

    def _reject(self, reason: str, rejected: list[tuple[Entry, str]]) -> None:
        """Drop what the other end will never take, and keep it beside where that was asked for."""
        self._teller.tell(reason, rejected[0][1], len(rejected))
        if self._dead_letters is not None:
            try:
                self._dead_letters.append(reason, [(entry[0], detail) for entry, detail in rejected])
            except Exception as error:
                why = f"{self._dead_letters.path}: {getattr(error, 'strerror', None) or error}"
                self._teller.tell("dead_letters", why)
                if self._dead_letters.required:
                    raise NotKept(why) from error
        self.told[reason] = self.told.get(reason, 0) + len(rejected)
        self._buffer.dropped([entry for entry, _ in rejected], reason)


class _Failures:
    """Events of a batch the other end breaks down over, again and again, while it takes others of their stream."""

    def __init__(self) -> None:
        self._streams: set[str] = set()  # of which something was taken
        self._seen: dict[int, tuple[int, float]] = {}  # by entry: how often, and since when

    def judged(self, part: list[Entry], receipt: Receipt) -> Receipt:
        """Return a receipt by which those it is time to give up are rejected."""
        if not receipt.again:
            return receipt
        now = monotonic()
        unsettled = {*receipt.again, *(position for position, _ in receipt.rejected)}
        self._streams.update(channel.index for position, (_, channel) in enumerate(part) if position not in unsettled)
        seen, self._seen = self._seen, {}
        given_up: dict[int, str] = {}
        for position, detail in receipt.failing:
            entry = part[position]
            times, since = seen.get(id(entry), (0, now))
            self._seen[id(entry)] = times + 1, since
            if times + 1 >= FAILING_ATTEMPTS and now - since >= FAILING_SECONDS and entry[1].index in self._streams:
                given_up[position] = detail
        return replace(
            receipt,
            again=tuple(position for position in receipt.again if position not in given_up),
            rejected=(*receipt.rejected, *given_up.items()),
        )
