"""
Answers GET on a few fixed paths, for probes and scrapers. What a page says is made when it is asked for, by who knows.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Self

from elkmon.errors import ConfigurationError

MOST_AT_A_TIME = 8
"""Connections beyond it are closed unanswered."""

PATIENCE = 5.0
"""Seconds in which a client must have said what it wants, and taken the answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its HTTP status, the type of its content, and the content."""

    status: int
    content_type: str
    body: bytes


class Server:
    """
    Serves `pages`, by path, on `host` and `port` for as long as its context lasts, from daemon threads.

    `port` is the one it got, where 0 was asked for.

    Raises:
        ConfigurationError: when nothing can be served there.
    """

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Page]]) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._server = _Bounded(family, (host, port), _handler(pages))
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="elkmon-health", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Bounded(ThreadingHTTPServer):
    """A server with so many threads at most; what goes wrong with one client concerns nobody else."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, family: socket.AddressFamily, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]
    ) -> None:
        self.address_family = family
        self._room = threading.BoundedSemaphore(MOST_AT_A_TIME)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # http.server would look up the host's name, which may take as long as a name server that does not answer.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: object, client_address: object) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)  # type: ignore[arg-type]  # a socket, as of every TCP server
            return
        super().process_request(request, client_address)  # type: ignore[arg-type]  # likewise

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]  # likewise
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is no trouble of the monitor's."""


def _handler(pages: Mapping[str, Callable[[], Page]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version = "elkmon"
        sys_version = ""

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            make = pages.get(self.path.partition("?")[0])
            page = make() if make else Page(404, "text/plain", f"there is: {', '.join(sorted(pages))}\n".encode())
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if with_body:
                self.wfile.write(page.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name for it
            """Write no line for each probe."""

    return Handler
