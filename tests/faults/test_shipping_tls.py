"""Servers with good certificates and bad ones, servers that want to see ours, and servers that are slow to show theirs."""

import socket
import ssl
import threading
import time

import pytest
from cryptography.hazmat.primitives import serialization

import elkmon
from support.lines import Lines
from support.shipping import Store, balanced_handlers, certificate, log

SENDERS = ("elasticsearch", "logstash http", "logstash tcp")


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.1) as make:
        yield make


@pytest.fixture
def serve_tls(tmp_path):
    """Start servers with a certificate of their own; `clients` is the file of certificates a client must have."""
    servers = []

    def serve(sender, *, name="server", host="localhost", days=1, clients=None):
        path = certificate(tmp_path, name, host, days=days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if clients is not None:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_REQUIRED
        servers.append(Lines(context=context) if sender == "logstash tcp" else Store(context).start())
        return servers[-1], path

    yield serve
    for server in servers:
        server.stop()


def transport_to(sender, port, **options):
    if sender == "logstash tcp":
        return elkmon.LogstashTcpTransport("localhost", port, tls=True, **options)
    classes = {"elasticsearch": elkmon.ElasticsearchTransport, "logstash http": elkmon.LogstashHttpTransport}
    return classes[sender](f"https://localhost:{port}", **options)


def port_of(server):
    return server.port if isinstance(server, Lines) else server.server_address[1]


def arrived(server, count):
    """Wait for a number of events; return their ids."""
    if isinstance(server, Lines):
        return [document["event"]["id"] for document in server.wait(count)]
    return list(server.documents)


@pytest.mark.parametrize("sender", SENDERS)
def test_tls_with_an_own_authority(serve_tls, make_handler, sender):
    """A server whose certificate is in the given file is trusted."""
    server, path = serve_tls(sender)
    handler = make_handler(transport_to(sender, port_of(server), ca_file=path))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(arrived(server, 10)) == sorted(ids)
    handler.close()


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("elsewhere.example", 1, True, "localhost"),
        ("localhost", -1, True, "expired"),
        ("localhost", 1, False, "self-signed|self signed"),
    ],
    ids=["wrong host", "expired", "unknown authority"],
)
def test_tls_is_verified(serve_tls, make_handler, sender, host, days, trusted, said):
    """A certificate of another host, expired, or of an unknown authority gets nothing, and the reason is told."""
    server, path = serve_tls(sender, host=host, days=days)
    told = []
    transport = transport_to(sender, port_of(server), ca_file=path if trusted else None)
    handler = make_handler(transport, on_trouble=told.append)
    log(handler)
    assert not handler.flush(0.3)
    handler.close(timeout=0.2)
    assert handler.stats().dropped == {"exit_timeout": 10}
    assert not arrived(server, 0)
    assert told[0].cause == "unavailable"
    assert any(word in told[0].detail for word in said.split("|"))


@pytest.mark.parametrize("files", ["one", "two"])
@pytest.mark.parametrize("sender", SENDERS)
def test_client_certificate(serve_tls, make_handler, tmp_path, sender, files):
    """A server that wants a certificate of us gets the one it was given, with its key beside it or in its own file."""
    ours = certificate(tmp_path, "client", "client.example")
    server, path = serve_tls(sender, clients=ours)
    shown = {"client_cert": ours}
    if files == "two":
        key, begin, rest = ours.read_text().partition("-----BEGIN CERTIFICATE-----")
        (tmp_path / "own.crt").write_text(begin + rest)
        (tmp_path / "own.key").write_text(key)
        shown = {"client_cert": tmp_path / "own.crt", "client_key": str(tmp_path / "own.key")}
    handler = make_handler(transport_to(sender, port_of(server), ca_file=path, **shown))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(arrived(server, 10)) == sorted(ids)
    handler.close()


def test_certificates_that_are_renewed(serve_tls, make_handler, monkeypatch, tmp_path):
    """Certificates are read again for later connections: a file that was put right, or renewed, needs no restart."""
    monkeypatch.setattr("elkmon.shipping.transports.wire.CONTEXT_SECONDS", 0.0)
    server, path = serve_tls("elasticsearch")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate(tmp_path, "old", "localhost").read_bytes())
    handler = make_handler(transport_to("elasticsearch", port_of(server), ca_file=trusted))
    ids = log(handler)
    assert not handler.flush(0.3)
    trusted.write_bytes(path.read_bytes())
    assert handler.flush(10)
    assert sorted(arrived(server, 10)) == sorted(ids)


@pytest.mark.parametrize("which", ["none", "another"])
@pytest.mark.parametrize("sender", SENDERS)
def test_client_certificate_that_is_not_accepted(serve_tls, make_handler, tmp_path, sender, which):
    """Without the certificate that is wanted nothing counts as delivered, not even what TLS 1.3 lets us send before."""
    server, path = serve_tls(sender, clients=certificate(tmp_path, "client", "client.example"))
    another = certificate(tmp_path, "another", "client.example") if which == "another" else None
    told = []
    transport = transport_to(sender, port_of(server), ca_file=path, client_cert=another)
    handler = make_handler(transport, on_trouble=told.append)
    log(handler)
    assert not handler.flush(0.3)
    assert handler.stats().delivered == 0
    handler.close(timeout=0.2)
    assert handler.stats().dropped == {"exit_timeout": 10}
    assert not arrived(server, 0)
    assert told


@pytest.mark.parametrize("sender", SENDERS)
def test_handshake_that_does_not_end(make_handler, sender):
    """A server that accepts and never shakes hands is given up after the timeout, or at once when time is up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = []
        handler = make_handler(transport_to(sender, port, timeout=0.2), on_trouble=told.append)
        log(handler)
        assert not handler.flush(1)
        assert "timed out" in told[0].detail
        patient = make_handler(transport_to(sender, port, timeout=60))
        log(patient)
        assert not patient.flush(0.2)
        start = time.monotonic()
        patient.close(timeout=0.2)
        handler.close(timeout=0.2)
        assert time.monotonic() - start < 5
        assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]


@pytest.fixture
def wrong(tmp_path):
    """Files that are no certificates, or not a pair."""
    one, two = (certificate(tmp_path, name, "client.example") for name in ("one", "two"))
    (tmp_path / "text").write_text("no certificate")
    locked = locked_key(tmp_path)
    return {"one": one, "two": two, "text": tmp_path / "text", "locked": locked, "gone": tmp_path / "gone"}


def locked_key(folder):
    """Make a certificate whose key has a pass phrase."""
    text = certificate(folder, "open", "client.example").read_bytes()
    key = serialization.load_pem_private_key(text, None)
    secret = serialization.BestAvailableEncryption(b"pass phrase")
    closed = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    path = folder / "locked.pem"
    path.write_bytes(closed + text[text.index(b"-----BEGIN CERTIFICATE") :])
    return path


@pytest.mark.parametrize(
    ("cert", "key", "message"),
    [
        ("gone", None, "client_cert='.*gone' cannot be used: No such file"),
        ("text", None, "client_cert='.*text' cannot be used"),
        (
            "one",
            "two",
            "client_cert='.*one.pem' with client_key='.*two.pem' cannot be used: .*must be the certificate's",
        ),
        ("locked", None, "pass phrase"),
        (None, "one", "client_key is given without client_cert"),
    ],
)
@pytest.mark.parametrize("sender", SENDERS)
def test_certificates_that_cannot_be_used(wrong, sender, cert, key, message):
    """A wrong file is told of when the transport is made, not at the first event, and nobody is asked for a pass phrase."""
    with pytest.raises(elkmon.ShippingError, match=message):
        transport_to(sender, 9200, client_cert=cert and wrong[cert], client_key=key and wrong[key])


def test_certificate_without_tls(tmp_path):
    """A client certificate for a host without TLS would never be shown: that is told."""
    with pytest.raises(elkmon.ShippingError, match="no host's URL begins with https"):
        elkmon.ElasticsearchTransport("http://h", client_cert=certificate(tmp_path, "client", "client.example"))
