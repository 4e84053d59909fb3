"""Addresses of the other end, and how to log in there; checked when a transport is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elkmon.errors import ShippingError


@dataclass(frozen=True, slots=True)
class Host:
    """
    One address.

    Attributes:
        name: host name or IP address.
        port: TCP port.
        tls: whether to speak TLS, verified with the host's name.
        path: what precedes every request's path, without a slash at its end.
    """

    name: str
    port: int
    tls: bool
    path: str = ""

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """Name and port, as URLs and proxies write them."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, by its name or address."""
        return self.name in {"localhost", "::1"} or self.name.startswith("127.")


@dataclass(frozen=True, slots=True)
class Login:
    """
    How to prove who we are; at most one of the two. Never part of a message or a `repr`.

    Attributes:
        api_key: an Elasticsearch API key as it was given out, base64 of `id:key`.
        basic_auth: user name and password.
    """

    api_key: str | None = None
    basic_auth: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.api_key is not None and self.basic_auth is not None:
            raise ShippingError("api_key and basic_auth are both given; one is enough")
        if self.api_key is not None and not is_header(self.api_key):
            raise ShippingError("api_key must be a text of printable ASCII characters, as Elasticsearch gave it out")
        if self.basic_auth is not None and not _is_pair(self.basic_auth):
            raise ShippingError("basic_auth must be a pair of texts: (user name, password)")

    def __repr__(self) -> str:
        return "Login(…)"

    def headers(self) -> dict[str, str]:
        """Return the header that says it."""
        if self.api_key is not None:
            return {"Authorization": f"ApiKey {self.api_key}"}
        if self.basic_auth is not None:
            return {"Authorization": basic(*self.basic_auth)}
        return {}


def basic(user: str, password: str) -> str:
    """Return what a header of basic authentication says."""
    from base64 import b64encode

    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode('ascii')}"


def as_hosts(given: str | Sequence[str], default_port: int) -> tuple[Host, ...]:
    """Read URLs. Raises ShippingError."""
    urls = [given] if isinstance(given, str) else list(given)
    if not urls:
        raise ShippingError("hosts is empty: give at least one URL, such as https://localhost:9200")
    return tuple(_host(url, default_port) for url in urls)


def _host(url: object, default_port: int) -> Host:
    from urllib.parse import urlsplit

    example = f"https://localhost:{default_port}"
    if not isinstance(url, str) or not is_header(url):
        raise ShippingError(f"{url!r} is no URL; expected something like {example}")
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise ShippingError(f"{url!r} is no URL ({error}); expected something like {example}") from error
    if parts.username is not None or parts.password is not None:
        raise ShippingError("a URL with a password in it ends up in logs: give basic_auth=(user name, password)")
    if parts.scheme not in ("http", "https") or not name or parts.query or parts.fragment:
        raise ShippingError(f"{url!r} is no URL of a server; expected something like {example}")
    return Host(name, port or default_port, parts.scheme == "https", parts.path.rstrip("/"))


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple | list) and len(given) == 2 and all(isinstance(part, str) for part in given)


def is_header(text: object) -> bool:
    """Say whether something is a text that a request's head can hold as one word."""
    return isinstance(text, str) and text.isascii() and text.isprintable() and " " not in text and text != ""
