"""
Events to Logstash's tcp input with the json_lines codec: simple, and without any acknowledgement.

What can be known without one is known: see `LogstashTcpTransport` for what that promises and what it cannot. Where every
event matters, use http.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic, sleep
from typing import TYPE_CHECKING

from elkmon.errors import ShippingError
from elkmon.shipping.entries import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable
from elkmon.shipping.transports.link import as_timeout

if TYPE_CHECKING:
    from socket import socket

    from elkmon.shipping.transports.hosts import Host
    from elkmon.shipping.transports.wire import Wire

_PIECE = 256 * 1024  # each has the timeout for itself: a slow connection is not a dead one
_GLANCES = (0.0001, 0.01)  # seconds between looks at what is confirmed: the first pause, and the longest
_VERDICT_SECONDS = 0.5


class LogstashTcpTransport:
    """
    Sends to Logstash, best effort. Delivered means: confirmed by the kernel of Logstash's machine (on other systems
    than Linux: handed to our own), on a connection that was still whole then.

    - A batch that is not confirmed, or whose connection breaks first, is sent again as a whole over a new connection.
      Up to a batch may so arrive twice for each time the connection breaks or stalls; both have the same `event.id`.
    - What the kernel had confirmed and Logstash had not read when it died is lost, and nobody can know: at most what
      its receive buffer held, plus whatever Logstash kept in memory. A Logstash that only stands still loses nothing.
    - A line is never joined to another one. Of a connection that breaks, Logstash may see the last line torn.
    - A peer that vanished is noticed within `timeout`. Proxies, those of the environment too, are not used.

    Args:
        host: host name or IP address.
        port: TCP port.
        tls: whether to speak TLS. Certificate and host name are always verified.
        ca_file: certificates to trust instead of the system's; means TLS.
        client_cert: our own certificate (PEM, perhaps with its key), where the server wants one; means TLS.
        client_key: its key, where that has a file of its own.
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
        client_cert: str | os.PathLike[str] | None = None,
        client_key: str | os.PathLike[str] | None = None,
        timeout: float = 10.0,
    ) -> None:
        from elkmon.shipping.transports.certificates import Certificates
        from elkmon.shipping.transports.routes import Route

        self._certificates = Certificates(ca_file, client_cert, client_key)
        self._route = Route(_host(host, port, tls=tls or self._certificates.given))
        self._timeout = as_timeout(timeout)
        self._wire: Wire | None = None

    def __repr__(self) -> str:
        return f"LogstashTcpTransport{(self._route.host.name, self._route.host.port)!r}"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Write a line for each entry, and wait until the other end's kernel has them."""
        wire = self._connected()
        try:
            connection = wire.socket
            if connection is None or _hung_up(connection, self._timeout):
                connection = wire.open(self._route)
                _await_verdict(connection, self._timeout)
            lines = memoryview(b"".join([line + b"\n" for line, _ in batch]))
            for start in range(0, len(lines), _PIECE):
                connection.sendall(lines[start : start + _PIECE])
            self._wait_until_confirmed(connection)
        except OSError as error:
            from elkmon.shipping.transports.wire import said

            wire.close()  # a new connection, so that no torn line runs into the next
            wire.heed()
            raise Unavailable(f"{self._route.host.authority}: {said(error)}") from error
        return ARRIVED

    def prepare(self) -> None:
        """Import what `send` needs."""
        import encodings.idna  # noqa: F401  what host names are looked up by

        self._connected()

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread fail."""
        if self._wire is not None:
            self._wire.interrupt()

    def abandon(self) -> None:
        """Close the connection in this process only, without a word to the server."""
        if self._wire is not None:
            self._wire.abandon()

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    def _connected(self) -> Wire:
        if self._wire is None:
            from elkmon.shipping.transports.wire import Wire

            self._wire = Wire(self._timeout, self._certificates.context)
        return self._wire

    def _wait_until_confirmed(self, connection: socket) -> None:
        """Wait while bytes are on their way; for as long as they become fewer."""
        pause, longest = _GLANCES
        left = _unconfirmed(connection)
        deadline = monotonic() + self._timeout
        while left:
            if _hung_up(connection, self._timeout):
                raise ConnectionResetError("closed before it had taken everything")
            if monotonic() >= deadline:
                raise TimeoutError(f"nothing confirmed for {self._timeout:g} s")
            sleep(pause)
            pause = min(2 * pause, longest)
            before, left = left, _unconfirmed(connection)
            if left < before:
                deadline = monotonic() + self._timeout
        if _hung_up(connection, self._timeout):
            raise ConnectionResetError("closed while it was sent to")


def _unconfirmed(connection: socket) -> int:
    """Return how many bytes the peer's kernel has not confirmed; 0 where ours does not tell."""
    import sys

    if sys.platform != "linux":
        return 0
    from fcntl import ioctl
    from termios import TIOCOUTQ

    return int.from_bytes(ioctl(connection, TIOCOUTQ, bytes(4)), sys.byteorder)


def _hung_up(connection: socket, timeout: float) -> bool:
    """Look whether the server has closed: it never sends, so there is nothing to read but the end."""
    connection.settimeout(0)
    try:
        said = connection.recv(1)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError as error:
        if type(error).__name__ == "SSLWantReadError":
            return False
        raise
    finally:
        connection.settimeout(timeout)
    if said:
        raise ConnectionAbortedError("it answers, which Logstash's tcp input does not; is it the right port?")
    return True


def _await_verdict(connection: socket, timeout: float) -> None:
    """
    Give the server a moment to refuse our certificate, or the lack of one.

    In TLS 1.3 that comes after the handshake, when the first batch would be gone already. One that accepts us usually
    says something then, too.
    """
    version = getattr(connection, "version", None)
    if version is None or version() != "TLSv1.3":
        return
    import select

    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    if waiting.poll(1000 * min(timeout, _VERDICT_SECONDS)) and _hung_up(connection, timeout):
        raise ConnectionResetError("closed after the handshake; does it want a client_cert?")


def _host(host: object, port: object, *, tls: bool) -> Host:
    if not isinstance(host, str) or not host or "/" in host:
        raise ShippingError(f"host={host!r}: give a host name or an IP address, without a scheme")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise ShippingError(f"port={port!r}: must be a number from 1 to 65535")
    from elkmon.shipping.transports.hosts import Host

    return Host(host, port, tls)
