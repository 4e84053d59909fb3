"""The doctor: what is seen at each link and what to do, against real servers of every sad kind."""

import json
import ssl
import time
from datetime import UTC, datetime

import pytest
from aiosmtpd.smtp import AuthResult

from elkmon.config import MailSettings, Secret, Security, StoreSettings
from elkmon.doctor import Link, Verdict, examine
from elkmon.doctor.mail import examine_mail
from elkmon.doctor.mappings import fields_in
from elkmon.doctor.store import _versions, examine_store
from support.answering import http_server
from support.mail_server import AnyPort, Mailbox, free_port, mail_server


def store_at(url: str, **others) -> StoreSettings:
    return StoreSettings(hosts=(url,), **others)


def test_nothing_listens():
    """A wrong port, or a server that is down, is said as that."""
    (found,) = examine_store(store_at(f"http://127.0.0.1:{free_port()}"))

    assert found.verdict is Verdict.PROBLEM
    assert "nothing listens there" in found.seen


def test_a_name_that_is_not_known():
    """A misspelt host is told from one that is down."""
    (found,) = examine_store(store_at("http://elasticsearch.invalid:9200"))

    assert "name is not known" in found.seen


@pytest.mark.parametrize(
    ("status", "said", "remedy"),
    [(401, "does not accept the login", "api_key_env"), (403, "lacks a right", "monitor"),
     (503, "is not able to answer now (HTTP 503)", "try again later"), (404, "answered 404", "check host and port")],
)  # fmt: skip
def test_a_refusal_is_told_by_its_kind(status, said, remedy):
    """Wrong login, missing right and a server in trouble have different remedies."""
    with http_server(lambda _: (status, "application/json", b'{"error": {}}')) as url:
        (found,) = examine_store(store_at(url))

    assert found.verdict is Verdict.PROBLEM
    assert said in found.seen
    assert remedy in found.remedy


def test_a_web_page_is_not_elasticsearch():
    """Kibana's port or a proxy's login page is recognised, and shown."""
    with http_server(lambda _: (200, "text/html", b"<html>Please log in</html>")) as url:
        (found,) = examine_store(store_at(url))

    assert "not as Elasticsearch does: '<html>Please log in</html>'" in found.seen


def test_http_asked_for_https(tmp_path):
    """TLS asked for where only http is spoken is said as that."""
    with http_server(lambda _: (200, "application/json", b"{}")) as url:
        (found,) = examine_store(store_at(url.replace("http:", "https:")))

    assert "TLS failed" in found.seen


@pytest.mark.parametrize(
    ("ahead", "verdict", "words"),
    [(0, Verdict.OK, "same time"), (-20, Verdict.WARNING, "behind"), (3600, Verdict.PROBLEM, "ahead of")],
)
def test_clocks_that_differ_are_told(ahead, verdict, words):
    """Seconds are said, minutes are a problem: windows are cut by the clock."""

    def answers(path):
        if path.startswith("/_cluster/health"):
            body = {"status": "green", "cluster_name": "c", "number_of_nodes": 1}
        elif path.startswith("/_cat/health"):
            body = [{"epoch": str(int(time.time()) + ahead)}]
        elif path == "/":
            body = {"version": {"number": "7.0.0"}}  # below any client, so the client is not tried on it
        else:
            body = {}
        return 200, "application/json", json.dumps(body).encode()

    with http_server(answers) as url:
        found = {each.what: each for each in examine_store(store_at(url))}

    assert found["clock"].verdict is verdict
    assert words in found["clock"].seen
    assert found["versions"].verdict is Verdict.PROBLEM


def test_a_client_newer_than_the_server_is_named_with_what_to_install(monkeypatch):
    """The one mismatch that makes every call fail is said in plain words."""
    monkeypatch.setattr("elkmon.doctor.store.version_of", lambda _: "9.5.1")

    assert _versions("9.2.2").verdict is Verdict.OK
    mismatch = _versions("8.19.9")
    assert mismatch.verdict is Verdict.PROBLEM
    assert "9.x asks in a way that a server of 8.x refuses" in mismatch.seen
    assert mismatch.remedy.startswith("pip install 'elasticsearch>=8.19,<9'")
    monkeypatch.setattr("elkmon.doctor.store.version_of", lambda _: "8.19.2")
    assert _versions("9.2.2").verdict is Verdict.OK
    assert _versions("8.10.0").verdict is Verdict.WARNING
    assert _versions("").verdict is Verdict.WARNING


@pytest.mark.parametrize(("used", "verdict"), [(1399, Verdict.OK), (1400, Verdict.WARNING)])
def test_a_mapping_that_fills_up_is_told_at_70_percent(used, verdict):
    """Beyond the limit features would be left out silently, so it is said well before."""
    index = ".ds-logs-elkmon.prediction-default-2024.01.01-000001"

    def answers(path):
        body: object = {"status": "green", "cluster_name": "c", "number_of_nodes": 1}
        if path.endswith("/_mapping"):
            body = {index: {"mappings": {"properties": {f"f{number}": {"type": "double"} for number in range(used)}}}}
        elif "/_settings" in path:
            body = {index: {"settings": {"index.mapping.total_fields.limit": "2000"}}}
        elif path == "/":
            body = {"version": {"number": "7.0.0"}}
        return 200, "application/json", json.dumps(body).encode()

    with http_server(answers) as url:
        (found,) = (each for each in examine_store(store_at(url)) if each.what == "fields")

    assert found.verdict is verdict
    assert f"{index}: {used} of 2000 fields" in found.seen


def test_what_cannot_be_sent_is_told_without_showing_the_secret(tmp_path):
    """A certificate file without certificates, and a login with a line break in it."""
    (tmp_path / "ca.crt").write_text("nothing of the kind")
    (no_certificates,) = examine_store(store_at("https://127.0.0.1:9", ca_certs=tmp_path / "ca.crt"))
    with http_server(lambda _: (200, "application/json", b"{}")) as url:
        (broken,) = examine_store(store_at(url, api_key=Secret("two\nlines")))

    assert "holds no certificates" in no_certificates.seen
    assert "characters that HTTP does not allow" in broken.seen
    assert "two" not in broken.seen


def test_fields_are_counted_as_elasticsearch_counts_them():
    """Objects, their fields and multi-fields all count towards the limit."""
    mapping = {
        "properties": {
            "a": {"properties": {"b": {"type": "long"}, "c": {"type": "text", "fields": {"raw": {"type": "keyword"}}}}},
            "d": {"type": "date"},
        }
    }

    assert fields_in(mapping) == 5
    assert fields_in({}) == 0


def test_without_a_configuration_the_rest_is_not_looked_at(tmp_path, monkeypatch):
    """The first broken link is named with its remedy; what hangs on it is not guessed at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ELKMON_CONFIG", raising=False)

    found = list(examine(None, datetime.now(UTC)))

    assert [(each.link, each.verdict) for each in found] == [
        (Link.INSTALLATION, Verdict.OK),
        (Link.CONFIGURATION, Verdict.PROBLEM),
    ]
    assert "elkmon init" in found[-1].seen


def test_a_store_that_stops_answering_is_a_line_of_its_own(tmp_path):
    """It answered at first; that it does no more is said, and the rest is looked at all the same."""
    asked = []

    def answers(path):
        asked.append(path)
        if len(asked) == 3:
            raise ConnectionAbortedError  # hangs up without an answer
        return 200, "application/json", b'{"status": "green", "cluster_name": "c", "number_of_nodes": 1}'

    with http_server(answers) as url:
        path = tmp_path / "elkmon.toml"
        path.write_text(f'[store]\nhosts = ["{url}"]\n[models.m]\n')
        found = list(examine(path, datetime.now(UTC)))

    said = next(each for each in found if "has stopped answering" in each.seen)
    assert (said.link, said.verdict) == (Link.STORE, Verdict.PROBLEM)
    assert found[-1].link is Link.MAIL


def mail_at(controller: AnyPort, **others) -> MailSettings:
    settings = {"security": Security.NONE, "sender": "a@example.com", "recipients": ("b@example.com",), **others}
    return MailSettings("team", controller.hostname, port=controller.port, **settings)


def test_a_mail_server_that_takes_us_gets_no_mail():
    """Connection and greeting are tried; nothing is sent."""
    with mail_server(box := Mailbox()) as controller:
        found = examine_mail(mail_at(controller))

    assert found.verdict is Verdict.OK
    assert "not encrypted, no login; writes to b@example.com" in found.seen
    assert box.mails == []


def test_a_login_is_tried():
    """The right password is taken, the wrong one is told from other troubles."""

    def authenticator(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)

    options = {"authenticator": authenticator, "auth_require_tls": False}
    with mail_server(Mailbox(), **options) as controller:
        good = examine_mail(mail_at(controller, username="u", password=Secret("right")))
        bad = examine_mail(mail_at(controller, username="u", password=Secret("wrong")))

    assert good.verdict is Verdict.OK
    assert "logged in as u" in good.seen
    assert bad.verdict is Verdict.PROBLEM
    assert "does not accept the login (535" in bad.seen
    assert bad.remedy == "check notifiers.team.username and its password"
    assert "wrong" not in bad.seen


def test_a_server_without_starttls_is_told():
    """STARTTLS asked for and not offered is a problem, never a mail in the clear."""
    with mail_server(Mailbox()) as controller:
        found = examine_mail(mail_at(controller, security=Security.STARTTLS))

    assert found.verdict is Verdict.PROBLEM
    assert "security" in found.remedy


def test_ssl_asked_of_a_plain_server_is_told():
    """The wrong kind of port is recognised and the usual ones named."""
    with mail_server(Mailbox()) as controller:
        found = examine_mail(mail_at(controller, security=Security.SSL))

    assert found.verdict is Verdict.PROBLEM
    assert "TLS failed" in found.seen
    assert "465" in found.remedy


def test_a_certificate_nobody_vouches_for_is_told(certificate):
    """An untrusted certificate is named as the reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with mail_server(Mailbox(), tls_context=context) as controller:
        found = examine_mail(mail_at(controller, security=Security.STARTTLS))

    assert found.verdict is Verdict.PROBLEM
    assert "certificate is not trusted" in found.seen


def test_a_mail_server_that_is_not_there():
    """Nothing listening is said with host and port to check."""
    settings = MailSettings("team", "127.0.0.1", "a@example.com", ("b@example.com",), port=free_port())

    found = examine_mail(settings)

    assert found.verdict is Verdict.PROBLEM
    assert "check notifiers.team.host" in found.remedy


@pytest.fixture
def certificate(tmp_path) -> tuple[str, str]:
    """A throw-away certificate that no authority signed, and its key, as files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(paths[0]), str(paths[1])
