import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from elkmon.demo.mailbox import HOST, Mailbox

PIXEL = b"\x89PNG\r\n\x1a\n"


def mail(subject: str, *, html: bool = True) -> EmailMessage:
    """Return a mail with an inline picture."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.com", "b@example.com"
    message.set_content("plain words – with a dash")
    if html:
        message.add_alternative('<p>words</p><img src="cid:plot-1@elkmon">', subtype="html")
        message.get_payload()[1].add_related(PIXEL, "image", "png", cid="<plot-1@elkmon>")  # type: ignore[union-attr, index]
    return message


def test_mails_over_smtp_are_kept_as_files(tmp_path: Path):
    """In the order of their arrival, named after their subjects, byte for byte readable as mails."""
    with Mailbox(tmp_path / "mails") as mailbox, smtplib.SMTP(HOST, mailbox.port) as smtp:
        smtp.send_message(mail("[elkmon] flight-delay: distance drifted (critical)"))
        smtp.send_message(mail("../../etc/passwd & <script>", html=False))
    first, second = mailbox.mails
    assert first.path.name == "01-elkmon-flight-delay-distance-drifted-critical.eml"
    assert second.path.name == "02-etc-passwd-script.eml"
    assert second.page is None
    kept = message_from_bytes(first.path.read_bytes(), policy=policy.default)
    assert kept["Subject"] == first.subject == "[elkmon] flight-delay: distance drifted (critical)"
    assert kept.get_body(("plain",)).get_content().strip() == "plain words – with a dash"


def test_the_page_beside_a_mail_carries_its_pictures(tmp_path: Path):
    """A browser shows it without a mail program: no `cid:` is left."""
    with Mailbox(tmp_path) as mailbox, smtplib.SMTP(HOST, mailbox.port) as smtp:
        smtp.send_message(mail("one"))
    page = mailbox.mails[0].page
    assert page is not None
    html = page.read_text(encoding="utf-8")
    assert "cid:" not in html
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in html


def test_nothing_listens_once_it_is_closed(tmp_path: Path):
    """The port is free again."""
    with Mailbox(tmp_path) as mailbox:
        port = mailbox.port
    with Mailbox(tmp_path) as other:
        assert other.port
        try:
            smtplib.SMTP(HOST, port).close()
        except ConnectionRefusedError:
            refused = True
        else:
            refused = port == other.port
    assert refused
