"""Servers with good certificates and bad ones."""

import ssl

import pytest

import elkmon
from support.shipping import Store, balanced_handlers, certificate, log


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.5) as make:
        yield make


@pytest.fixture
def serve_tls(tmp_path):
    """Start servers with a certificate of their own."""
    servers = []

    def serve(name, host, **options):
        path = certificate(tmp_path, name, host, **options)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        servers.append(Store(context).start())
        return servers[-1], path

    yield serve
    for server in servers:
        server.stop()


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
def test_tls_with_an_own_authority(serve_tls, make_handler, transport):
    """A server whose certificate is in the given file is trusted."""
    server, path = serve_tls("good", "localhost")
    handler = make_handler(transport(server.url, ca_file=path))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(server.documents) == sorted(ids)


@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("elsewhere.example", 1, True, "localhost"),
        ("localhost", -1, True, "expired"),
        ("localhost", 1, False, "self-signed|self signed"),
    ],
    ids=["wrong host", "expired", "unknown authority"],
)
def test_tls_is_verified(serve_tls, make_handler, host, days, trusted, said):
    """A certificate of another host, expired, or of an unknown authority gets nothing, and the reason is told."""
    server, path = serve_tls("bad", host, days=days)
    told = []
    handler = make_handler(
        elkmon.ElasticsearchTransport(server.url, ca_file=path if trusted else None), on_trouble=told.append
    )
    log(handler)
    assert not handler.flush(0.5)
    handler.close(timeout=0.2)
    assert handler.stats().dropped == {"exit_timeout": 10}
    assert not server.requests
    assert told[0].cause == "unavailable"
    assert any(word in told[0].detail for word in said.split("|"))
