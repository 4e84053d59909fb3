"""
One connection at a time: opened step by step (name, socket, proxy, TLS), each of which can be ended from another thread.

Only the look-up of a name cannot: the operating system's resolver knows no interruption.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from elkmon.shipping.transports import Unavailable
from elkmon.shipping.transports.hosts import Host
from elkmon.shipping.transports.routes import Proxy, Route

_KEEPALIVE_SECONDS = 60

CONTEXT_SECONDS = 60.0
"""For new connections after this, the files of certificates are read again: they are renewed while a service runs."""


class Wire:
    """
    Opens connections and lets go of them.

    Args:
        timeout: seconds for each step of opening; what is sent must be confirmed within them.
        make_context: makes the TLS context; asked when first needed, and again from time to time.
    """

    def __init__(self, timeout: float, make_context: Callable[[], ssl.SSLContext]) -> None:
        self._timeout = timeout
        self._make_context = make_context
        self._context: ssl.SSLContext | None = None
        self._context_until = 0.0
        self._interrupted = False
        self.socket: socket.socket | None = None

    def open(self, route: Route) -> socket.socket:
        """Connect in place of what was connected before. Raises OSError, HTTPException or Unavailable."""
        self.heed()
        self.close()
        try:
            connection = self._reach(route.proxy.host if route.proxy else route.host)
            if route.host.tls:
                if route.proxy:
                    _ask_to_connect(connection, route.host, route.proxy)
                connection = self._secure(connection, route.host.name)
        except BaseException:
            self.close()
            raise
        return connection

    def heed(self) -> None:
        """Raise Unavailable, once, where `interrupt` was called since."""
        if self._interrupted:
            self._interrupted = False
            self.close()
            raise Unavailable("time was up before the other end had answered")

    def interrupt(self) -> None:
        """Make whoever waits for the connection, on another thread, fail."""
        self._interrupted = True
        connection = self.socket
        if connection is not None:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # a TLS socket's own would stop encrypting first

    def abandon(self) -> None:
        """Close the connection in this process only, without a word to the server."""
        self._interrupted = False
        connection, self.socket = self.socket, None
        if connection is not None:
            with suppress(OSError):
                os.close(connection.detach())  # a TLS socket would say goodbye in the parent's name

    def close(self) -> None:
        """Close the connection."""
        connection, self.socket = self.socket, None
        if connection is not None:
            connection.close()

    def _reach(self, host: Host) -> socket.socket:
        """Try the addresses of a host in turn."""
        trouble = OSError(f"{host.name} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM):
            try:
                connection = self.socket = socket.socket(family, kind, protocol)
                self.heed()
                connection.settimeout(self._timeout)
                self._watch(connection)
                connection.connect(address)
            except OSError as error:
                trouble = error
                self.close()
                self.heed()
            else:
                return connection
        raise trouble

    def _watch(self, connection: socket.socket) -> None:
        """Have the kernel notice a peer that vanished, instead of writing to it for minutes."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._timeout * 1000))

    def _secure(self, connection: socket.socket, name: str) -> socket.socket:
        if self._context is None or monotonic() >= self._context_until:
            self._context = self._make_context()
            self._context_until = monotonic() + CONTEXT_SECONDS
        # The handshake comes after, so that `interrupt` finds the socket it is on.
        secured = self._context.wrap_socket(connection, server_hostname=name, do_handshake_on_connect=False)
        self.socket = secured
        secured.do_handshake()
        return secured


def said(error: Exception) -> str:
    """Say, for people, what went wrong with a connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return str(error) or type(error).__name__


def _ask_to_connect(connection: socket.socket, host: Host, proxy: Proxy) -> None:
    """Have a proxy connect us with `host`; behind its answer the line is ours."""
    from http.client import HTTPResponse

    headers = {"Host": host.authority, **proxy.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"CONNECT {host.authority} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
    response = HTTPResponse(connection, method="CONNECT")
    try:
        response.begin()
        if response.status == 407:
            raise Unavailable(f"the proxy {proxy} wants user and password in its URL: it answered 407", refused=True)
        if response.status != 200:
            raise OSError(f"it does not connect us: it answered {response.status} {response.reason}")
    finally:
        response.close()
