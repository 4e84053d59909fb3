"""How the client of Elasticsearch is made. What is asked through it, and what becomes of its errors, is in `calls`."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from elasticsearch import Elasticsearch

from elkmon.elasticsearch.encoding import fast_serializers
from elkmon.elasticsearch.metering import MeteredNode
from elkmon.errors import ConfigurationError

Client = Elasticsearch


def connect(
    hosts: Sequence[str],
    *,
    api_key: str | None = None,
    basic_auth: tuple[str, str] | None = None,
    ca_certs: str | None = None,
    verify: bool = True,
    timeout: float = 30.0,
) -> Client:
    """
    Return a client of the cluster behind `hosts`; nothing is sent yet.

    Args:
        hosts: URLs such as `https://es:9200`; the next one is tried where one does not answer.
        api_key: an encoded API key. Not together with `basic_auth`.
        basic_auth: user and password.
        ca_certs: file with the certificates that the server's must be signed by; None takes the system's.
        verify: False accepts any certificate.
        timeout: seconds to wait for each answer.

    Raises:
        ConfigurationError: with everything that is wrong with these arguments.
    """
    problems = [problem for host in hosts for problem in _problems_of_host(host)]
    if not hosts:
        problems.append("no Elasticsearch host is given; give at least one URL such as http://127.0.0.1:9200")
    if api_key is not None and basic_auth is not None:
        problems.append("both an API key and a user with password are given for Elasticsearch; give one of them")
    if timeout <= 0:
        problems.append(f"a timeout of {timeout:g} seconds for Elasticsearch is not possible; give more than 0")
    options: dict[str, Any] = {}
    if any(host.startswith("https:") for host in hosts):
        options["verify_certs"] = verify
        options["ssl_show_warn"] = False
        if ca_certs is not None and verify:
            options["ca_certs"] = ca_certs
            problems += _problems_of_certificates(ca_certs)
    if problems:
        raise ConfigurationError(problems)
    return Elasticsearch(
        list(hosts),
        api_key=api_key,
        basic_auth=basic_auth,
        request_timeout=timeout,
        # Another node is tried at once; waiting and trying again is decided in `calls`.
        max_retries=max(1, len(hosts) - 1),
        retry_on_status=(),
        retry_on_timeout=False,
        node_class=MeteredNode,
        serializers=fast_serializers(),
        **options,
    )


def _problems_of_host(host: str) -> list[str]:
    example = "write it as https://es.example.org:9200"
    try:
        parts = urlsplit(host)
        port = parts.port
    except ValueError as error:
        return [f"Elasticsearch host {host!r} is not a URL ({error}); {example}"]
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return [f"Elasticsearch host {host!r} is not an http or https URL; {example}"]
    if port is None:
        return [f"Elasticsearch host {host!r} names no port; {example}"]
    if parts.username or parts.password:
        return [f"Elasticsearch host {parts.hostname!r} carries a user or password in its URL; give basic_auth instead"]
    return []


def _problems_of_certificates(path: str) -> list[str]:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        return [f"the certificates for Elasticsearch in {path!r} cannot be read: {error}"]
    return []
