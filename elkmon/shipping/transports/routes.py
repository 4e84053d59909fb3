"""
How each host is reached: directly, or through the proxy that was named or that the environment names.

Read once, when a transport is made. Only proxies that speak plain HTTP are used: by CONNECT for https, which they
cannot look into, and by whole URLs for http.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from elkmon.errors import ShippingError
from elkmon.shipping.transports.hosts import Host, basic, is_header

_DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    A proxy.

    Attributes:
        host: its address.
        authorization: what proves to it who we are; nobody else gets it, and it is never shown.
    """

    host: Host
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        return str(self.host)

    @property
    def headers(self) -> dict[str, str]:
        """What it is told beside the request."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}


@dataclass(frozen=True, slots=True)
class Route:
    """
    A host, and the way there.

    Attributes:
        host: who is meant.
        proxy: who is asked to bring it there; None for nobody.
    """

    host: Host
    proxy: Proxy | None = None

    def __str__(self) -> str:
        return f"{self.host} through the proxy {self.proxy}" if self.proxy else str(self.host)


def as_routes(hosts: tuple[Host, ...], proxy: str | bool | None) -> tuple[Route, ...]:
    """
    Find the way to each host: through the proxy with the URL `proxy`; for None through what the environment names; for
    False through none. Raises ShippingError.
    """
    if isinstance(proxy, str):
        named = _proxy("proxy", proxy)
        return tuple(Route(host, named) for host in hosts)
    if proxy not in (None, False):
        raise ShippingError(
            f"proxy={proxy!r}: give the URL of a proxy, None for what the environment names, or False for none"
        )
    if proxy is False or not _environment_names_any():
        return tuple(map(Route, hosts))
    return tuple(Route(host, _named_by_environment(host)) for host in hosts)


def _environment_names_any() -> bool:
    return any(value and name.lower().endswith("_proxy") for name, value in os.environ.items())


def _named_by_environment(host: Host) -> Proxy | None:
    """Ask for HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, and NO_PROXY, in either case; this machine needs no proxy."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    scheme = "https" if host.tls else "http"
    kind = scheme if scheme in proxies else "all"
    url = proxies.get(kind)
    if not url or host.loopback or proxy_bypass(host.authority):
        return None
    return _proxy(f"{kind.upper()}_PROXY", url)


def _proxy(source: str, url: str) -> Proxy:
    """Read a proxy's URL, which may hold its user and password; no message repeats those."""
    from urllib.parse import unquote, urlsplit

    advice = "expected something like http://proxy:3128 or http://user:password@proxy:3128; proxy=False uses none"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise ShippingError(f"{source} names no proxy that can be used; {advice}") from error
    if parts.scheme != "http":
        raise ShippingError(f"{source} names a proxy that speaks {parts.scheme}, and only http is known; {advice}")
    if not name or not is_header(name) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ShippingError(f"{source} names no proxy that can be used; {advice}")
    authorization = ""
    if parts.username is not None:
        authorization = basic(unquote(parts.username), unquote(parts.password or ""))
    return Proxy(Host(name, port or _DEFAULT_PORT, tls=False), authorization)
