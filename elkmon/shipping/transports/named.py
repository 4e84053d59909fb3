"""Transports as configuration files name them: by a URL, or by a mapping with the class and its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from elkmon.errors import ShippingError
from elkmon.shipping.transports import Transport
from elkmon.shipping.transports.elasticsearch import ElasticsearchTransport
from elkmon.shipping.transports.file import FileTransport
from elkmon.shipping.transports.logstash_http import LogstashHttpTransport
from elkmon.shipping.transports.logstash_tcp import LogstashTcpTransport

_CLASSES: dict[str, Any] = {
    "ElasticsearchTransport": ElasticsearchTransport,
    "FileTransport": FileTransport,
    "LogstashHttpTransport": LogstashHttpTransport,
    "LogstashTcpTransport": LogstashTcpTransport,
}


def as_transport(given: Transport | str | Mapping[str, Any]) -> Transport:
    """Return the transport that is `given` or named. Raises ShippingError."""
    if isinstance(given, str):
        if given.startswith(("http://", "https://")):
            return ElasticsearchTransport(given)
        raise ShippingError(
            f"transport={given!r}: give the URL of an Elasticsearch (http:// or https://), "
            f"or one of {', '.join(_CLASSES)}, such as FileTransport('events.ndjson')"
        )
    if isinstance(given, Mapping):
        return _made({str(key): given[key] for key in given})  # asked one by one, dictConfig resolves ext:// and cfg://
    if not all(hasattr(given, method) for method in ("send", "interrupt", "abandon", "close")):
        raise ShippingError(f"transport={given!r} is no transport: give one of {', '.join(_CLASSES)}")
    return given


def _made(arguments: dict[str, Any]) -> Transport:
    name = str(arguments.pop("()", "")).removeprefix("elkmon.")
    if name not in _CLASSES:
        from difflib import get_close_matches

        near = get_close_matches(name, _CLASSES, n=1)
        meant = f"; did you mean elkmon.{near[0]}?" if near else ""
        raise ShippingError(f'transport: "()" is {name!r}, which must be one of {", ".join(_CLASSES)}{meant}')
    try:
        return cast("Transport", _CLASSES[name](**arguments))
    except TypeError as error:
        raise ShippingError(f"transport {name}: {error}") from error
