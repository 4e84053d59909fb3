"""Events to Logstash's http input: acknowledged as soon as they are in its queue."""

from __future__ import annotations

import os
from collections.abc import Sequence

from elkmon.shipping.buffer import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable
from elkmon.shipping.transports.hosts import Login
from elkmon.shipping.transports.link import Link, excerpt


class LogstashHttpTransport:
    """
    Sends to Logstash. Delivered means: in Logstash's queue, which survives its restart only if it is persistent.

    Args:
        hosts: one URL or several; the next is asked when one does not answer.
        basic_auth: user name and password.
        ca_file: certificates to trust instead of the system's. Certificate and host name are always verified.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests.

    Raises:
        ShippingError: an argument cannot be used.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        basic_auth: tuple[str, str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float = 30.0,
        compress: bool = False,
    ) -> None:
        login = Login(basic_auth=basic_auth)
        self._link = Link(hosts, default_port=8080, login=login, ca_file=ca_file, timeout=timeout, compress=compress)

    def __repr__(self) -> str:
        return f"LogstashHttpTransport({str(self._link)!r})"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Post the entries as one JSON array; Logstash answers for all of them."""
        reply = self._link.post("/", b"[" + b",".join([line for line, _ in batch]) + b"]", "application/json")
        if reply.body.lstrip().startswith(b"<"):
            raise Unavailable(f"{reply.host} answered with a page, which Logstash does not: {excerpt(reply.body)}")
        return ARRIVED

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread end soon."""
        self._link.interrupt()

    def abandon(self) -> None:
        """Let go of the connection without touching it."""
        self._link.abandon()

    def close(self) -> None:
        """Close the connection."""
        self._link.close()
