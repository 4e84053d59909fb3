"""Events to Logstash's http input: acknowledged as soon as they are in its queue."""

from __future__ import annotations

import os
from collections.abc import Sequence

from elkmon.shipping.entries import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable
from elkmon.shipping.transports.link import Link, excerpt


class LogstashHttpTransport:
    """
    Sends to Logstash. Delivered means: in Logstash's queue, which survives its restart only if it is persistent.

    An answer that is lost makes Logstash get its batch twice; both have the same `event.id`, which the output can use
    as the document's.

    Args:
        hosts: one URL or several; the next is asked when one does not answer.
        basic_auth: user name and password.
        ca_file: certificates to trust instead of the system's. Certificate and host name are always verified.
        client_cert: our own certificate (PEM, perhaps with its key), where the server wants one.
        client_key: its key, where that has a file of its own.
        proxy: the URL of an HTTP proxy; None for what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, which
            never takes this machine's own addresses through one; False for none.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests (of 1 KB and more, to about a fifth); None for: unless all hosts are this
            machine, where it costs more than it saves.

    Raises:
        ShippingError: an argument cannot be used.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        basic_auth: tuple[str, str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        client_cert: str | os.PathLike[str] | None = None,
        client_key: str | os.PathLike[str] | None = None,
        proxy: str | bool | None = None,
        timeout: float = 30.0,
        compress: bool | None = None,
    ) -> None:
        self._link = Link(
            hosts,
            default_port=8080,
            basic_auth=basic_auth,
            ca_file=ca_file,
            client_cert=client_cert,
            client_key=client_key,
            proxy=proxy,
            timeout=timeout,
            compress=compress,
        )

    def __repr__(self) -> str:
        return f"LogstashHttpTransport({str(self._link)!r})"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Post the entries as one JSON array; Logstash answers `ok` for all of them."""
        reply = self._link.post("/", b"[" + b",".join([line for line, _ in batch]) + b"]", "application/json")
        if reply.status != 204 and reply.body.strip() != b"ok":
            raise Unavailable(
                f"{reply.host} does not answer `ok`, as Logstash does: {excerpt(reply.body) or 'nothing'}"
            )
        return ARRIVED

    def prepare(self) -> None:
        """Import what `send` needs."""
        self._link.prepare()

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread end soon."""
        self._link.interrupt()

    def abandon(self) -> None:
        """Let go of the connection without touching it."""
        self._link.abandon()

    def close(self) -> None:
        """Close the connection."""
        self._link.close()
