"""What the transports over HTTP share: checked arguments at once, the connection and its heavy imports when first needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from elkmon.errors import ShippingError
from elkmon.shipping.transports import Indigestible, Unavailable

if TYPE_CHECKING:
    from elkmon.shipping.transports.http import HttpClient, Reply

_DETAIL = 300
_REFUSALS = frozenset({401, 403, 407})
_WORTH_COMPRESSING = 1024  # bytes; shrinks to a fifth from some events on, hardly below one


class Answered(Unavailable):
    """A server answered, but not with a success."""

    def __init__(self, reply: Reply, detail: str) -> None:
        self.reply = reply
        super().__init__(detail, retry_after=reply.retry_after, refused=reply.status in _REFUSALS)


class Link:
    """
    Hosts, and how to talk to them.

    Args:
        hosts: one URL or several.
        default_port: where a URL names none.
        api_key, basic_auth: how to log in; one of them at most.
        ca_file, client_cert, client_key: whom to trust, and who we are, over https.
        proxy: the URL of a proxy; None for what the environment names, False for none.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests; None for: unless all hosts are this machine.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        default_port: int,
        api_key: str | None = None,
        basic_auth: tuple[str, str] | None,
        ca_file: str | os.PathLike[str] | None,
        client_cert: str | os.PathLike[str] | None,
        client_key: str | os.PathLike[str] | None,
        proxy: str | bool | None,
        timeout: float,
        compress: bool | None,
    ) -> None:
        # Imported here, as is the client below: who ships to a file, or not yet, need not wait for what this takes.
        from elkmon.shipping.transports.certificates import Certificates
        from elkmon.shipping.transports.hosts import Login, as_hosts
        from elkmon.shipping.transports.routes import as_routes

        known = as_hosts(hosts, default_port)
        self._login = Login(api_key, basic_auth)
        self._certificates = Certificates(ca_file, client_cert, client_key)
        self._routes = as_routes(known, proxy)
        self._timeout = as_timeout(timeout)
        if compress not in (None, True, False):
            raise ShippingError(f"compress={compress!r}: must be True, False, or None for what the hosts suggest")
        remote = not all(host.loopback for host in known)
        self._compress = remote if compress is None else compress
        self._client: HttpClient | None = None
        if client_cert is not None and not any(host.tls for host in known):
            raise ShippingError("client_cert is given, but nobody to show it to: no host's URL begins with https://")

    def __str__(self) -> str:
        return ", ".join(map(str, self._routes))

    def post(self, path: str, body: bytes, content_type: str) -> Reply:
        """Send a request and return the answer, if it is a success. Raises Unavailable (Answered) or Indigestible."""
        headers = {"Content-Type": content_type}
        if self._compress and len(body) >= _WORTH_COMPRESSING:
            import zlib

            body = zlib.compress(body, level=1, wbits=31)  # as gzip
            headers["Content-Encoding"] = "gzip"
        reply = self._connected().post(path, body, headers)
        if 200 <= reply.status < 300:
            return reply
        detail = f"{reply.host} answered {reply.status}: {excerpt(reply.body)}"
        if reply.status == 413:
            raise Indigestible("too_large", detail)
        if reply.location:
            detail += f" (it points to {excerpt(reply.location.encode())}; redirects are not followed, name that host)"
        raise Answered(reply, detail)

    def prepare(self) -> None:
        """Import what `post` needs."""
        import encodings.idna  # noqa: F401  what host names are looked up by
        import zlib  # noqa: F401  neither is used by name here

        self._connected()

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

            self._client = HttpClient(self._routes, self._login.headers(), self._timeout, self._certificates.context)
        return self._client


def as_timeout(timeout: object) -> float:
    """Check a number of seconds. Raises ShippingError."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 600:
        raise ShippingError(f"timeout={timeout!r}: must be a number of seconds, more than 0 and at most 600")
    return float(timeout)


def excerpt(body: bytes) -> str:
    """Return the beginning of an answer, for people."""
    return " ".join(body[:_DETAIL].decode("utf-8", "replace").split())
