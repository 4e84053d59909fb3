"""What the transports over HTTP share: checked arguments at once, the connection and its heavy imports when first needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from elkmon.errors import ShippingError
from elkmon.shipping.transports import Indigestible, Unavailable
from elkmon.shipping.transports.hosts import Login, as_hosts, tls_context

if TYPE_CHECKING:
    from elkmon.shipping.transports.http import HttpClient, Reply

_DETAIL = 300


class Link:
    """
    Hosts, and how to talk to them.

    Args:
        hosts: one URL or several.
        default_port: where a URL names none.
        login: how to prove who we are.
        ca_file: certificates to trust instead of the system's.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        default_port: int,
        login: Login,
        ca_file: str | os.PathLike[str] | None,
        timeout: float,
        compress: bool,
    ) -> None:
        self._hosts = as_hosts(hosts, default_port)
        self._login = login
        self._ca_file = ca_file
        self._timeout = as_timeout(timeout)
        self._compress = compress
        self._client: HttpClient | None = None
        if ca_file is not None:
            tls_context(ca_file)  # a wrong file is told now, not at the first event

    def __str__(self) -> str:
        return ", ".join(map(str, self._hosts))

    def post(self, path: str, body: bytes, content_type: str) -> Reply:
        """Send a request and return the answer, if it is a success. Raises Unavailable or Indigestible."""
        headers = {"Content-Type": content_type}
        if self._compress:
            import gzip

            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        reply = self._connected().post(path, body, headers)
        if 200 <= reply.status < 300:
            return reply
        detail = f"{reply.host} answered {reply.status}: {excerpt(reply.body)}"
        if reply.status == 413:
            raise Indigestible("too_large", detail)
        raise Unavailable(detail, retry_after=reply.retry_after, refused=reply.status in (401, 403))

    def interrupt(self) -> None:
        """Make a request that another thread waits for fail."""
        if self._client is not None:
            self._client.interrupt()

    def abandon(self) -> None:
        """Let go of the connection without touching it."""
        if self._client is not None:
            self._client.abandon()

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> HttpClient:
        if self._client is None:
            from elkmon.shipping.transports.http import HttpClient

            self._client = HttpClient(
                self._hosts, self._login.headers(), self._timeout, lambda: tls_context(self._ca_file)
            )
        return self._client


def as_timeout(timeout: object) -> float:
    """Check a number of seconds. Raises ShippingError."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 600:
        raise ShippingError(f"timeout={timeout!r}: must be a number of seconds, more than 0 and at most 600")
    return float(timeout)


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer, for people."""
    return " ".join(body[:_DETAIL].decode("utf-8", "replace").split())
