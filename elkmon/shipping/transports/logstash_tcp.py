"""
Events to Logstash's tcp input with the json_lines codec: simple, and without any acknowledgement.

What the operating system has taken when Logstash dies is lost, and nobody can know. Where that matters, use http.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from elkmon.errors import ShippingError
from elkmon.shipping.buffer import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable
from elkmon.shipping.transports.hosts import tls_context
from elkmon.shipping.transports.link import as_timeout

if TYPE_CHECKING:
    from socket import socket


class LogstashTcpTransport:
    """
    Sends to Logstash, best effort. Delivered means: handed to the operating system.

    Args:
        host: host name or IP address.
        port: TCP port.
        tls: whether to speak TLS. Certificate and host name are always verified.
        ca_file: certificates to trust instead of the system's.
        timeout: seconds to wait for a connection, for room to send, and for the peer to confirm what was sent.

    Raises:
        ShippingError: an argument cannot be used.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool = False,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._address = _address(host, port)
        self._tls = tls or ca_file is not None
        self._ca_file = ca_file
        self._timeout = as_timeout(timeout)
        self._socket: socket | None = None
        if ca_file is not None:
            tls_context(ca_file)  # a wrong file is told now, not at the first event

    def __repr__(self) -> str:
        return f"LogstashTcpTransport{self._address!r}"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Write a line for each entry."""
        try:
            if self._socket is not None and self._hung_up(self._socket):
                self.close()
            if self._socket is None:
                self._socket = self._connected()
            self._socket.sendall(b"".join([line + b"\n" for line, _ in batch]))
        except OSError as error:
            self.close()  # a new connection, so that no torn line runs into the next
            host, port = self._address
            raise Unavailable(f"{host}:{port}: {error}") from error
        return ARRIVED

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread fail."""
        from socket import SHUT_RDWR

        connection = self._socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def abandon(self) -> None:
        """Close the connection in this process only, without a word to the server."""
        connection, self._socket = self._socket, None
        if connection is not None:
            os.close(connection.detach())

    def close(self) -> None:
        """Close the connection."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _connected(self) -> socket:
        import socket

        connection = socket.create_connection(self._address, self._timeout)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that vanished is noticed, not written to for minutes
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._timeout * 1000))
        if not self._tls:
            return connection
        try:
            return tls_context(self._ca_file).wrap_socket(connection, server_hostname=self._address[0])
        except BaseException:
            connection.close()
            raise

    def _hung_up(self, connection: socket) -> bool:
        """Look whether the server has closed: it never sends, so there is nothing to read but the end."""
        connection.settimeout(0)
        try:
            return connection.recv(1) == b""
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            return type(error).__name__ != "SSLWantReadError"
        finally:
            connection.settimeout(self._timeout)


def _address(host: object, port: object) -> tuple[str, int]:
    if not isinstance(host, str) or not host or "/" in host:
        raise ShippingError(f"host={host!r}: give a host name or an IP address, without a scheme")
    if not isinstance(port, int) or not 0 < port < 65536:
        raise ShippingError(f"port={port!r}: must be a number from 1 to 65535")
    return host, port
