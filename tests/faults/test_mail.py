import socket
import ssl
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from elkmon.errors import DeliveryError
from elkmon.notifiers.mail import Mail
from support.flights_digest import a_digest
from support.mail_server import AnyPort, free_port, mail_server

SMALL = replace(a_digest(), items=a_digest().items[-1:])  # one plot to draw
PASSWORD = "correct horse battery staple"


class Post:
    """A mail server's behaviour: keeps what it takes, and refuses what a test wants it to."""

    def __init__(self, refused=(), code=550, data="250 OK", drop=False):
        self.refused, self.code, self.data, self.drop = refused, code, data, drop
        self.mails, self.logins, self.encrypted = [], [], []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802 the library's name
        """Take or refuse a recipient."""
        if address in self.refused:
            return f"{self.code} no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 the library's name
        """Take or refuse the mail, or hang up in the middle of it."""
        if self.drop:
            server.transport.abort()
            return "250 nobody hears this"
        self.encrypted.append(session.ssl is not None)
        if self.data.startswith("250"):
            self.mails.append((tuple(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=policy.default)))
        return self.data

    def authenticate(self, server, session, envelope, mechanism, login):
        """Let one user in."""
        self.logins.append(login.login.decode())
        return AuthResult(success=login.password.decode() == PASSWORD, handled=False)


class Encrypted(AnyPort):
    """A server that speaks TLS from the start."""

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, self.hostname, self.port, ssl=self.ssl_context)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        with (
            socket.create_connection((self.hostname, self.port), 5) as plain,
            self.client_context.wrap_socket(plain, server_hostname="localhost") as wrapped,
        ):
            wrapped.recv(1024)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A throw-away certificate for localhost: context of the server, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


@pytest.fixture
def serve(certificate):
    """Start mail servers; each is gone when the test ends."""
    with ExitStack() as servers:

        def start(post, kind=AnyPort, **options):
            if kind is Encrypted:
                options |= {"hostname": "localhost", "ssl_context": certificate[0]}
                kind.client_context = certificate[1]
            return servers.enter_context(mail_server(post, kind, **({"enable_SMTPUTF8": True} | options))).port

        yield start


def mail(port, **changes):
    """A notifier that writes to two people through the server at `port`, without encryption unless told."""
    usual = {"recipients": ["team@example.com", "boss@example.com"], "security": "none", "timeout": 10}
    return Mail("team", changes.pop("host", "127.0.0.1"), port, "elkmon@example.com", **(usual | changes))


def test_a_mail_arrives_whole(serve):
    """What was composed is what arrives, for every recipient, in one transaction."""
    post = Post()
    mail(serve(post)).notify(a_digest())
    [(recipients, message)] = post.mails
    assert recipients == ("team@example.com", "boss@example.com")
    assert message["Message-ID"] == f"<{a_digest().id}@example.com>"
    assert message.defects == []
    assert "distance moved by 0.62 SD" in message.get_body(("plain",)).get_content()
    assert sum(part.get_content_type() == "image/png" for part in message.walk()) == 8


def test_starttls_encrypts_before_anything_is_said(serve, certificate):
    """The login and the mail go over the encrypted connection."""
    post = Post()
    port = serve(
        post, tls_context=certificate[0], require_starttls=True, auth_required=True, authenticator=post.authenticate
    )
    notifier = mail(
        port, host="localhost", security="starttls", context=certificate[1], username="me", password=PASSWORD
    )
    notifier.notify(SMALL)
    assert post.encrypted == [True]
    assert post.logins == ["me"]
    assert len(post.mails) == 1


def test_ssl_from_the_start(serve, certificate):
    """A server that speaks TLS from the first byte gets the mail."""
    post = Post()
    mail(serve(post, Encrypted), host="localhost", security="ssl", context=certificate[1]).notify(SMALL)
    assert len(post.mails) == 1


def test_an_unknown_certificate_is_refused(serve, certificate):
    """Nothing is said to a server whose certificate nobody vouches for; it may be mended, so it is tried again."""
    post = Post()
    port = serve(post, tls_context=certificate[0])
    with pytest.raises(DeliveryError, match="no encrypted connection") as failure:
        mail(port, host="localhost", security="starttls").notify(SMALL)
    assert not failure.value.permanent
    assert post.mails == []


def test_a_server_without_starttls_gets_nothing(serve):
    """Encryption that was asked for is never given up silently."""
    post = Post()
    with pytest.raises(DeliveryError, match="it cannot do what was asked: STARTTLS") as failure:
        mail(serve(post), security="starttls").notify(SMALL)
    assert not failure.value.permanent
    assert post.mails == []


def test_a_wrong_password_is_tried_again_and_never_told(serve):
    """The error says what to check, not what was tried; once the password is corrected the mail goes out."""
    post = Post()
    port = serve(post, auth_require_tls=False, authenticator=post.authenticate)
    with pytest.raises(DeliveryError, match="did not accept the login") as failure:
        mail(port, username="me", password="wrong one").notify(SMALL)
    assert not failure.value.permanent
    assert "wrong one" not in str(failure.value)
    assert post.mails == []


def test_a_password_no_login_can_carry(serve):
    """Characters beyond ASCII in a password are an error that says so without showing it."""
    post = Post()
    port = serve(post, auth_require_tls=False, authenticator=post.authenticate)
    with pytest.raises(DeliveryError, match="characters that a login cannot carry") as failure:
        mail(port, username="me", password="schlüssel").notify(SMALL)
    assert "schl" not in str(failure.value)


def test_a_login_over_a_plain_connection_works_where_it_is_chosen(serve):
    """A relay on the same machine may want a login without encryption."""
    post = Post()
    port = serve(post, auth_require_tls=False, authenticator=post.authenticate)
    mail(port, username="me", password=PASSWORD).notify(SMALL)
    assert len(post.mails) == 1


def test_a_refused_recipient_does_not_keep_the_mail_from_others(serve):
    """The others have it; the error names who has not, and is final, as a repeat would reach the others twice."""
    post = Post(refused=["boss@example.com"])
    with pytest.raises(
        DeliveryError, match=r"delivered to 1 of 2 recipients; refused: boss@example.com \(550 no such"
    ) as failure:
        mail(serve(post)).notify(SMALL)
    assert failure.value.permanent
    assert [recipients for recipients, _ in post.mails] == [("team@example.com",)]


@pytest.mark.parametrize(("code", "permanent"), [(550, True), (450, False)])
def test_when_all_are_refused_a_later_try_may_help_or_not(serve, code, permanent):
    """A final no (5xx) stops the retries, a mailbox that is busy (4xx) does not."""
    post = Post(refused=["team@example.com", "boss@example.com"], code=code)
    with pytest.raises(DeliveryError, match=r"it refused team@example\.com") as failure:
        mail(serve(post)).notify(SMALL)
    assert failure.value.permanent is permanent
    assert post.mails == []


@pytest.mark.parametrize(("answer", "permanent"), [("554 too large\x1b[31m", True), ("451 try later", False)])
def test_a_mail_that_is_not_taken(serve, answer, permanent):
    """The server's own words are in the error, made harmless."""
    with pytest.raises(DeliveryError, match="it did not take the mail") as failure:
        mail(serve(Post(data=answer))).notify(SMALL)
    assert failure.value.permanent is permanent
    assert "\x1b" not in str(failure.value)


def test_a_connection_that_drops_in_the_middle_is_tried_again(serve):
    """Nobody knows whether the mail was taken; a repeat has the same Message-ID."""
    with pytest.raises(DeliveryError, match="closed the connection") as failure:
        mail(serve(Post(drop=True))).notify(SMALL)
    assert not failure.value.permanent


def test_a_goodbye_that_fails_does_not_undo_the_delivery(serve):
    """Once the mail is taken it is delivered, however the server says goodbye."""

    class Rude(SMTP):
        async def smtp_QUIT(self, arg):  # noqa: N802 the library's name
            self.transport.abort()

    class RudeController(AnyPort):
        def factory(self):
            return Rude(self.handler, **self.SMTP_kwargs)

    post = Post()
    mail(serve(post, RudeController)).notify(SMALL)
    assert len(post.mails) == 1


def test_a_server_that_is_down_is_tried_again():
    """Nobody listens: the error names the server."""
    port = free_port()
    with pytest.raises(DeliveryError, match=rf"mail server 127.0.0.1:{port} \(team\): it cannot be reached") as failure:
        mail(port).notify(SMALL)
    assert not failure.value.permanent


def test_a_server_that_never_answers_is_given_up_in_time():
    """A server that takes the connection and says nothing costs no more than the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        with pytest.raises(DeliveryError, match=r"did not answer within 0\.3 s") as failure:
            mail(mute.getsockname()[1], timeout=0.3).notify(SMALL)
        assert not failure.value.permanent


def test_something_else_that_answers_is_no_mail_server():
    """A web server at the address is an error like any other, not a crash."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(DeliveryError) as failure:
            mail(server.getsockname()[1]).notify(SMALL)
        thread.join()
        assert not failure.value.permanent
