"""
Requests over connections that stay open: several hosts with fail-over, TLS verified, nothing retried but a stale link.

Proxies named by the environment are not used: give the proxy's own URL as host where one is in the way.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from elkmon.shipping.transports import Unavailable
from elkmon.shipping.transports.hosts import Host

_REPLY_LIMIT = 32 * 1024 * 1024
_ELSEWHERE = frozenset({502, 503, 504})  # this host, not the service as a whole


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What a server answered.

    Attributes:
        host: which server.
        status: the HTTP status.
        body: all of it.
        retry_after: seconds it asks to wait; 0 for none.
    """

    host: Host
    status: int
    body: bytes
    retry_after: float


class HttpClient:
    """
    Talks to the first host that answers, and stays with it.

    Args:
        hosts: in the order of preference.
        headers: sent with every request.
        timeout: seconds for connecting, and for every wait for the server.
        make_context: makes the TLS context; asked once, when first needed.
    """

    def __init__(
        self,
        hosts: tuple[Host, ...],
        headers: dict[str, str],
        timeout: float,
        make_context: Callable[[], ssl.SSLContext],
    ) -> None:
        self._hosts = hosts
        self._headers = headers
        self._timeout = timeout
        self._make_context = make_context
        self._context: ssl.SSLContext | None = None
        self._current = 0
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request to the hosts in turn, until one answers that it is there. Raises Unavailable."""
        troubles = []
        unwilling: Reply | None = None
        for _ in self._hosts:
            host = self._hosts[self._current]
            try:
                reply = self._ask(host, path, body, {**self._headers, **headers})
            except (OSError, http.client.HTTPException) as error:
                troubles.append(f"{host}: {_said(error)}")
            else:
                if reply.status not in _ELSEWHERE:
                    return reply
                unwilling = reply
            self.close()
            self._current = (self._current + 1) % len(self._hosts)
        if unwilling is not None:
            return unwilling
        raise Unavailable("; ".join(troubles))

    def interrupt(self) -> None:
        """Make a request that another thread waits for fail."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """Close the connection in this process only, without a word to the server."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                os.close(connection.sock.detach())  # a TLS socket would say goodbye in the parent's name
            connection.sock = None

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, host: Host, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request; once more where an open connection turns out to be closed by the server meanwhile."""
        kept = self._connection is not None
        try:
            return self._exchange(host, path, body, headers)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if not kept:
                raise
        return self._exchange(host, path, body, headers)

    def _exchange(self, host: Host, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connected(host)
        connection.request("POST", host.path + path, body, headers)
        response = connection.getresponse()
        content = response.read(_REPLY_LIMIT)
        if response.length:  # it broke off, or is longer than any answer should be
            raise http.client.IncompleteRead(content, response.length)
        if response.will_close or not response.isclosed():
            self.close()
        return Reply(host, response.status, content, _seconds(response.getheader("Retry-After")))

    def _connected(self, host: Host) -> http.client.HTTPConnection:
        if not host.tls:
            return http.client.HTTPConnection(host.name, host.port, timeout=self._timeout)
        if self._context is None:
            self._context = self._make_context()
        return http.client.HTTPSConnection(host.name, host.port, timeout=self._timeout, context=self._context)


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
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, http.client.IncompleteRead):
        return "its answer broke off"
    return str(error) or type(error).__name__
