"""
Asks Elasticsearch by plain HTTP. The client is not used: it may be what does not fit, and its errors say less about why.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

from elkmon.config import StoreSettings
from elkmon.errors import StoreUnreachable

_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code, headers in small letters, and the body: as JSON (None when it is not) and as the beginning of its text."""

    status: int
    body: object = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it did what was asked, in JSON."""
        return self.status == http.HTTPStatus.OK and self.body is not None

    def at(self, *path: str | int) -> object:
        """Return what lies at `path` in the body; None where nothing does."""
        value = self.body
        for key in path:
            if isinstance(value, dict) and isinstance(key, str):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return None
        return value


class Probe:
    """Asks one host with the login of `settings`. Raises `StoreUnreachable` when the certificates cannot be read."""

    def __init__(self, host: str, settings: StoreSettings) -> None:
        self._host = host
        self._timeout = min(settings.timeout, 10.0)
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if settings.api_key is not None:
            self._headers["Authorization"] = f"ApiKey {settings.api_key.reveal()}"
        elif settings.password is not None:
            login = f"{settings.username}:{settings.password.reveal()}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(login).decode('ascii')}"
        try:
            context = ssl.create_default_context(cafile=settings.ca_certs and str(settings.ca_certs))
        except OSError as error:
            raise StoreUnreachable(f"store.ca_certs: {settings.ca_certs} holds no certificates ({error})") from error
        # The client knows no proxies from the environment either.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Answer:
        """
        Return the answer to GET `path`, with `query` as its body, whatever its status.

        Raises:
            StoreUnreachable: when there is none; its message is what was in the way and what to do.
        """
        data = None if query is None else json.dumps(query).encode()
        request = urllib.request.Request(  # noqa: S310 - the configuration takes http and https only
            f"{self._host}/{path}", data=data, headers=self._headers, method="GET"
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _answer(response.status, response.headers.items(), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers.items(), error.read())
        except (OSError, http.client.HTTPException) as error:
            raise StoreUnreachable(_obstacle(error)) from error
        except ValueError:
            # Its message would show the secret.
            raise StoreUnreachable("the login holds characters that HTTP does not allow; is it pasted whole?") from None


def _answer(status: int, headers: object, content: bytes) -> Answer:
    text = content.decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    pairs = {str(name).lower(): str(value) for name, value in headers} if hasattr(headers, "__iter__") else {}
    return Answer(status, body, text[:_MOST_SHOWN], pairs)


def _obstacle(error: Exception) -> str:
    """Return what was in the way, in plain words."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message}); name its authority in store.ca_certs"
    if isinstance(reason, ssl.SSLError):
        return f"TLS failed ({reason.reason}); does it speak https at all?"
    if isinstance(reason, ConnectionRefusedError):
        return "nothing listens there; is it running, and is the port right?"
    if isinstance(reason, socket.gaierror):
        return "the host's name is not known; is it spelt right?"
    if isinstance(reason, TimeoutError):
        return "no answer in time; is a firewall in between?"
    if isinstance(reason, http.client.HTTPException | ConnectionError):
        return f"it does not answer in HTTP ({type(reason).__name__}); is it https rather than http?"
    return str(reason)
