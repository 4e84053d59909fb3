"""
The other end, a process of its own: counts distinct events. It is told lines on its standard input.

It takes lines of JSON over TCP, or the http requests of `_bulk`, OTLP and Sentry's envelopes, and keeps only ids.
What it leaves unread is bounded by a window where one is given, so that a sink that is stopped soon takes no more.
Told `down` it refuses connections and has hung up on all of them, as when it was killed; told `up` it is back.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import socket
import sys
import threading
import time
import zlib
from dataclasses import dataclass, field

from bench.shipping.event import MARKER, MARKER_DIGITS

_OWN_ID = b'"event":{"id":"'
_ONCE = 1 << 20
_MOST = 2_000_000  # events; a sink that is sent more has met a fault of the bench


@dataclass(slots=True)
class Tally:
    """The ids that came, each with the moment it first did, and how often any came again."""

    own_ids: bool
    seen: dict[bytes, float] = field(default_factory=dict)
    again: int = 0
    octets: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, data: bytes, beside: int = 0) -> int:
        """
        Count the events in some whole lines, or in a whole body, of which some bytes are beside the events; say how many
        events those were.
        """
        pieces = data.split(_OWN_ID if self.own_ids else MARKER)
        now = time.monotonic()
        with self.lock:
            self.octets += len(data) - beside
            for piece in pieces[1:]:
                name = piece[: piece.find(b'"')] if self.own_ids else piece[:MARKER_DIGITS]
                if name in self.seen:
                    self.again += 1
                else:
                    self.seen[name] = now
            if len(self.seen) > _MOST:
                raise MemoryError("more events than any run of the bench logs")
        return len(pieces) - 1

    def report(self, until: int) -> dict[str, float]:
        """Say what came; `latest` is the moment the last of the first `until` events did."""
        with self.lock:
            first = [moment for name, moment in self.seen.items() if self._number(name) <= until]
            return {
                "distinct": len(self.seen),
                "again": self.again,
                "octets": self.octets,
                "last": max(self.seen.values(), default=0.0),
                "early": len(first),
                "latest": max(first, default=0.0),
            }

    def _number(self, name: bytes) -> int:
        return int(name.rpartition(b"-")[2], 16) if self.own_ids else int(name) + 1


class Sink:
    """Listens at one port, below those the system gives to connections: nobody else gets it while the sink is down."""

    def __init__(self, protocol: str, tally: Tally, window: int) -> None:
        self._serve = {"lines": self._take_lines, "http": self._answer_requests}[protocol]
        self._tally = tally
        self._window = window
        self._connections: set[socket.socket] = set()
        self.port = 0
        self._listener: socket.socket | None = None
        self.up()

    def up(self) -> None:
        """Listen, again at the same port."""
        while self._listener is None:
            port = self.port or random.randint(20_000, 30_000)
            try:
                self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
            except OSError:
                if self.port:
                    raise
                continue
            self.port = port
            if self._window:
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._window)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def down(self) -> None:
        """Stop listening and hang up."""
        listener, self._listener = self._listener, None
        for each in (listener, *list(self._connections)):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._connections.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._connections.add(connection)
                threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._serve(connection)
        self._connections.discard(connection)

    def _take_lines(self, connection: socket.socket) -> None:
        torn = b""
        while chunk := connection.recv(_ONCE):
            lines, newline, rest = chunk.rpartition(b"\n")
            if newline:
                self._tally.add(torn + lines)
                torn = rest
            else:
                torn += chunk

    def _answer_requests(self, connection: socket.socket) -> None:
        waiting = b""
        while True:
            while b"\r\n\r\n" not in waiting:
                chunk = connection.recv(_ONCE)
                if not chunk:
                    return
                waiting += chunk
            head, _, body = waiting.partition(b"\r\n\r\n")
            request, *lines = head.split(b"\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
            }
            length = int(headers.get(b"content-length", 0))
            parts = [body]
            missing = length - len(body)
            while missing > 0:
                chunk = connection.recv(min(missing, _ONCE))
                if not chunk:
                    return
                parts.append(chunk)
                missing -= len(chunk)
            whole = b"".join(parts)
            body, waiting = whole[:length], whole[length:]
            if headers.get(b"content-encoding") in {b"gzip", b"deflate"}:
                body = zlib.decompress(body, wbits=47)
            kind, reply = self._reply(request, body)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(reply), reply)
            )

    def _reply(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """Answer as Elasticsearch does: items for `_bulk`, what is there for `_search`, shards for `_refresh`."""
        if b"/_search" in request:
            asked = json.loads(body)["query"]["ids"]["values"]
            hits = [{"_id": name} for name in asked if name.encode() in self._tally.seen]
            return b"application/json", json.dumps({"_shards": {"failed": 0}, "hits": {"hits": hits}}).encode()
        if b"/_refresh" in request:
            return b"application/json", b'{"_shards":{"failed":0}}'
        bulk = b"/_bulk" in request
        count = self._tally.add(body, sum(map(len, body.split(b"\n")[::2])) if bulk else 0)
        if bulk:
            return b"application/json", b'{"items":[' + b",".join([b'{"create":{"status":201}}'] * count) + b"]}"
        return b"application/x-protobuf", b""


def main() -> None:
    """Serve until the standard input ends."""
    protocol, own_ids, window = sys.argv[1:]
    gc.disable()  # nothing here is cyclic, and the sink is not what is measured
    tally = Tally(own_ids == "own")
    sink = Sink(protocol, tally, int(window))
    print(json.dumps({"port": sink.port}), flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        answer: dict[str, float] = {}
        if command == "up":
            sink.up()
        elif command == "down":
            sink.down()
        elif command == "report":
            answer = tally.report(int(arguments[0]) if arguments else _MOST)
        print(json.dumps({**answer, "now": time.monotonic()}), flush=True)


if __name__ == "__main__":
    main()
