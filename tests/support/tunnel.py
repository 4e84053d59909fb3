"""A way to Elasticsearch that can be broken at a chosen request: nobody there any more, or nobody who answers."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE) \S+ HTTP/1\.1\r\n")
_LOOK = 0.02


class Break(StrEnum):
    """
    What becomes of a request and of all after it.

    GONE: it does not arrive, and connections are refused. MUTE: it arrives and is done, but no answer comes back.
    """

    GONE = "gone"
    MUTE = "mute"


class Tunnel:
    """Passes connections to the server of `url` on, and counts the requests in them."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._stopped = False
        self._broken: Break | None = None
        self._breaks: tuple[int, Break] | None = None
        self.requests = 0
        self._listen()

    @property
    def url(self) -> str:
        """Where to come in."""
        return f"http://127.0.0.1:{self._port}"

    def break_at(self, request: int, how: Break) -> None:
        """Break at the `request`-th request from now, which counts from 1."""
        with self._lock:
            self._breaks = self.requests + request, how

    def mend(self) -> None:
        """Pass everything on again."""
        with self._lock:
            gone, self._broken, self._breaks = self._broken is Break.GONE, None, None
        if gone:
            self._listening = socket.create_server(("127.0.0.1", self._port))
            self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _listen(self) -> None:
        self._listening.settimeout(_LOOK)
        self._start(threading.Thread(target=self._accept))

    def _start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped and self._broken is not Break.GONE:
            with contextlib.suppress(TimeoutError):
                client, _ = self._listening.accept()
                self._start(threading.Thread(target=self._serve, args=(client,)))
        self._listening.close()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._server) as server:
            while not self._stopped and self._broken is not Break.GONE:
                readable, _, _ = select.select([client, server], [], [], _LOOK)
                for one in readable:
                    piece = one.recv(65536)
                    if not piece:
                        return
                    if one is client and self._is_lost(piece):
                        return
                    if one is client:
                        server.sendall(piece)
                    elif self._broken is None:
                        client.sendall(piece)

    def _is_lost(self, piece: bytes) -> bool:
        """Count a request, and break where it is time to; return whether it does not arrive."""
        with self._lock:
            if _REQUEST.match(piece):
                self.requests += 1
                if self._breaks and self.requests >= self._breaks[0]:
                    self._broken = self._breaks[1]
            return self._broken is Break.GONE
