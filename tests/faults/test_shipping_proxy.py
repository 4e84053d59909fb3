"""Proxies, named by the environment or by hand: real connections through a real one."""

import base64
import ssl

import pytest

import elkmon
from support.proxy import Proxy
from support.shipping import Store, balanced_handlers, certificate, log

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SECRET = "Basic " + base64.b64encode(b"me:top secret").decode()


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """An environment that names no proxy."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.5) as make:
        yield make


@pytest.fixture
def certificates(tmp_path):
    return certificate(tmp_path, "good", "es.example")


@pytest.fixture
def secure(certificates):
    """An Elasticsearch with TLS, known as es.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates)
    server = Store(context).start()
    yield server
    server.stop()


@pytest.fixture
def plain():
    """An Elasticsearch, or a Logstash, without TLS."""
    server = Store().start()
    yield server
    server.stop()


@pytest.fixture
def start_proxy():
    """Start proxies."""
    proxies = []

    def start(server, wants=None):
        proxies.append(Proxy(server.server_address[1], wants))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_the_environments_proxy(make_handler, environment, start_proxy, secure, certificates, name):
    """The proxy connects and sees nothing: TLS is with the host behind it, who does not see the proxy's password."""
    proxy = start_proxy(secure, SECRET)
    environment.setenv(name, f"http://me:top%20secret@localhost:{proxy.port}")
    transport = elkmon.ElasticsearchTransport("https://es.example:9200", ca_file=certificates, api_key="a2V5")
    handler = make_handler(transport)
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(secure.documents) == sorted(ids)
    assert [head.splitlines()[0] for head in proxy.heads] == ["CONNECT es.example:9200 HTTP/1.1"]
    assert "a2V5" not in proxy.heads[0]
    assert "Proxy-Authorization" not in secure.requests[0][1]
    assert secure.requests[0][1]["Host"] == "es.example:9200"
    assert "secret" not in repr(transport)
    assert SECRET not in repr(transport)
    assert f"through the proxy http://localhost:{proxy.port}" in repr(transport)


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
def test_http_goes_through_the_environments_proxy(make_handler, environment, start_proxy, plain, transport):
    """Without TLS the proxy gets the whole URL."""
    proxy = start_proxy(plain, SECRET)
    environment.setenv("HTTP_PROXY", f"me:top%20secret@localhost:{proxy.port}")
    handler = make_handler(transport("http://es.example:9200/prefix"))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(plain.documents) == sorted(ids)
    assert proxy.heads[0].startswith("POST http://es.example:9200/prefix/")
    assert "Host: es.example:9200" in proxy.heads[0]
    assert plain.requests[0][0].startswith("/prefix/")


def test_this_machine_and_exceptions_need_no_proxy(make_handler, environment, start_proxy, plain):
    """Loopback addresses, hosts of NO_PROXY, and a transport told to use none, go without; a named proxy is used."""
    proxy = start_proxy(plain)
    environment.setenv("HTTP_PROXY", f"http://localhost:{proxy.port}")
    environment.setenv("NO_PROXY", "intern.example,.corp.example:9200")
    for host in ("localhost", "127.0.0.1", "127.1.2.3", "[::1]", "intern.example", "es.corp.example"):
        assert "proxy" not in repr(elkmon.ElasticsearchTransport(f"http://{host}:9200"))
    assert "proxy" in repr(elkmon.ElasticsearchTransport("http://es.example"))
    assert "proxy" not in repr(elkmon.ElasticsearchTransport("http://es.example", proxy=False))
    named = elkmon.ElasticsearchTransport(plain.url, proxy=f"http://localhost:{proxy.port}")
    handler = make_handler(named)
    log(handler)
    assert handler.flush(10)
    assert len(proxy.heads) == 1


def test_proxy_that_refuses_holds_everything(make_handler, start_proxy, secure, certificates):
    """A proxy that wants to know who we are is told of; nothing is lost, nor is a password shown."""
    proxy = start_proxy(secure, SECRET)
    told = []
    transport = elkmon.ElasticsearchTransport(
        "https://es.example", ca_file=certificates, proxy=f"http://me:wrong@localhost:{proxy.port}"
    )
    handler = make_handler(transport, on_trouble=told.append)
    log(handler)
    assert not handler.flush(0.3)
    assert handler.stats().pending == 10
    handler.close(timeout=0.1)
    assert told[0].cause == "refused"
    assert f"http://localhost:{proxy.port}" in told[0].detail
    assert "407" in told[0].detail
    assert not any("wrong" in trouble.detail for trouble in told)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connection_that_goes_silent_is_given_up(
    make_handler, start_proxy, secure, plain, certificates, scheme, capsys
):
    """Where nothing is forwarded any more, the batch goes over a new connection once the timeout has passed."""
    server = secure if scheme == "https" else plain
    proxy = start_proxy(server)
    transport = elkmon.ElasticsearchTransport(
        f"{scheme}://es.example",
        ca_file=certificates if scheme == "https" else None,
        proxy=f"http://localhost:{proxy.port}",
        timeout=0.3,
    )
    handler = make_handler(transport, flush_every=0)
    log(handler)
    assert handler.flush(10)
    proxy.silent = True
    log(handler)
    assert not handler.flush(0.8)
    proxy.silent = False
    assert handler.flush(10)
    assert handler.stats().delivered == 20
    assert len(server.documents) == 20
    assert len(proxy.heads) >= 2
    assert "timed out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("socks5://me:secret@localhost:1080", "HTTPS_PROXY names a proxy that speaks socks5, and only http is known"),
        ("https://me:secret@localhost:1080", "speaks https"),
        ("http://me:secret@localhost:port", "no proxy that can be used"),
        ("http://me:secret@", "no proxy that can be used"),
    ],
)
def test_proxies_that_cannot_be_used(environment, url, message):
    """A proxy of the environment that cannot be used is told of when the transport is made, without its password."""
    environment.setenv("HTTPS_PROXY", url)
    with pytest.raises(elkmon.ShippingError, match=message) as raised:
        elkmon.ElasticsearchTransport("https://es.example")
    assert "secret" not in str(raised.value)
    elkmon.ElasticsearchTransport("https://es.example", proxy=False)
    with pytest.raises(elkmon.ShippingError, match=r"^proxy"):
        elkmon.ElasticsearchTransport("https://es.example", proxy=url)
    with pytest.raises(elkmon.ShippingError, match="proxy=True"):
        elkmon.ElasticsearchTransport("https://es.example", proxy=True)
