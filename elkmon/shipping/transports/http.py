"""
Requests over a connection that stays open: several hosts with fail-over, nothing retried but a stale connection.

What an answer means is not known here.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from elkmon.shipping.transports import Unavailable
from elkmon.shipping.transports.hosts import Host
from elkmon.shipping.transports.routes import Route
from elkmon.shipping.transports.wire import Wire, said

_REPLY_LIMIT = 32 * 1024 * 1024
_ELSEWHERE = frozenset({502, 503, 504})  # this host, not the service as a whole
_STALE = (ConnectionError, http.client.BadStatusLine, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What a server answered.

    Attributes:
        host: which server.
        status: the HTTP status.
        body: all of it.
        retry_after: seconds it asks to wait; 0 for none.
        location: where it points to, in a redirect.
    """

    host: Host
    status: int
    body: bytes
    retry_after: float
    location: str


class _Connection(http.client.HTTPConnection):
    """Speaks HTTP over a wire."""

    def __init__(self, wire: Wire, route: Route) -> None:
        super().__init__(route.host.name, route.host.port)
        self.default_port = 443 if route.host.tls else 80
        self._wire = wire
        self._route = route

    def connect(self) -> None:
        self.sock = self._wire.open(self._route)


class HttpClient:
    """
    Talks to the first host that answers, and stays with it.

    Args:
        routes: the hosts and the ways there, in the order of preference.
        headers: sent with every request.
        timeout: seconds for every step of connecting, and for every wait for the server.
        make_context: makes the TLS context.
    """

    def __init__(
        self,
        routes: tuple[Route, ...],
        headers: dict[str, str],
        timeout: float,
        make_context: Callable[[], ssl.SSLContext],
    ) -> None:
        self._routes = routes
        self._headers = headers
        self._wire = Wire(timeout, make_context)
        self._current = 0
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request to the hosts in turn, until one answers that it is there. Raises Unavailable."""
        troubles = []
        unwilling: Reply | None = None
        for _ in self._routes:
            route = self._routes[self._current]
            try:
                reply = self._ask(route, path, body, {**self._headers, **headers})
            except (OSError, http.client.HTTPException) as error:
                self._wire.heed()
                troubles.append(f"{route}: {_said(error)}")
            else:
                if reply.status not in _ELSEWHERE:
                    return reply
                unwilling = reply
            self.close()
            self._current = (self._current + 1) % len(self._routes)
        if unwilling is not None:
            return unwilling
        raise Unavailable("; ".join(troubles))

    def interrupt(self) -> None:
        """Make a request that another thread waits for fail."""
        self._wire.interrupt()

    def abandon(self) -> None:
        """Close the connection in this process only, without a word to the server."""
        self._wire.abandon()
        self._connection = None

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._wire.close()

    def _ask(self, route: Route, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request; once more where an open connection turns out to be closed by the server meanwhile."""
        kept = self._connection is not None
        try:
            return self._exchange(route, path, body, headers)
        except _STALE:
            self._wire.heed()
            self.close()
            if not kept:
                raise
        return self._exchange(route, path, body, headers)

    def _exchange(self, route: Route, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = self._connection
        if connection is None:
            connection = self._connection = _Connection(self._wire, route)
        if route.proxy and not route.host.tls:
            target, headers = f"{route.host}{path}", {**headers, **route.proxy.headers}
        else:
            target = route.host.path + path
        cut_off: OSError | None = None
        try:
            connection.request("POST", target, body, headers)
        except (BrokenPipeError, ConnectionResetError) as error:
            cut_off = error  # perhaps with an answer: a server need not read to the end what is too large for it
        if cut_off is not None:
            with suppress(OSError, http.client.HTTPException):
                return self._answer(route.host, connection)
            raise cut_off
        return self._answer(route.host, connection)

    def _answer(self, host: Host, connection: http.client.HTTPConnection) -> Reply:
        response = connection.getresponse()
        content = response.read(_REPLY_LIMIT)
        if response.length:  # it broke off, or is longer than any answer should be
            raise http.client.IncompleteRead(content, response.length)
        if response.will_close or not response.isclosed():
            self.close()
        retry_after, location = response.getheader("Retry-After"), response.getheader("Location")
        return Reply(host, response.status, content, _seconds(retry_after), location or "")


def _seconds(retry_after: str | None) -> float:
    """Read the Retry-After header: seconds, or a date."""
    if not retry_after:
        return 0.0
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime
    from time import time

    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except ValueError:
        return 0.0


def _said(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "its answer broke off"
    return said(error)
