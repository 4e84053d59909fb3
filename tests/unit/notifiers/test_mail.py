import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from html import unescape

import pytest

from elkmon.digests import Digest, Hindrance, Judging, Notice
from elkmon.errors import ConfigurationError
from elkmon.notifiers.mail import Mail
from support.flights_digest import a_digest
from support.pages import HOSTILE

PASSWORD = "correct horse battery staple"


def mail(**changes):
    """A mail notifier, as configured usually."""
    usual = {"sender": "elkmon <elkmon@example.com>", "recipients": ["team@example.com", "Boss <boss@example.com>"]}
    return Mail("team", "smtp.example.com", 587, **(usual | changes))


def sent(notifier, digest):
    """The mail as it goes over the wire, read again by the standard parser."""
    return message_from_bytes(notifier.compose(digest).as_bytes(), policy=policy.default)


def test_the_mail_is_built_as_mail_clients_expect():
    """Plain text first, then HTML with its pictures inline; every picture the HTML refers to is there, and no other."""
    message = sent(mail(), a_digest())
    assert message.defects == []
    assert message.get_content_type() == "multipart/alternative"
    text, related = message.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    html, *pictures = related.iter_parts()
    assert html.get_content_type() == "text/html"
    wanted = re.findall(r'src="cid:([^"]+)"', html.get_content())
    assert [picture["Content-ID"] for picture in pictures] == [f"<{cid}>" for cid in wanted]
    for picture in pictures:
        assert picture.get_content_type() == "image/png"
        assert picture.get_content_disposition() == "inline"
        assert picture.get_content().startswith(b"\x89PNG\r\n\x1a\n")
    assert "distance moved by 0.62 SD" in text.get_content()


def test_headers_say_what_and_from_whom():
    """Subject, addresses, and the marks of an automatic mail."""
    message = sent(mail(), a_digest())
    assert message["Subject"] == "flight-delay: distance drifted (critical), 4 more"
    assert message["From"] == "elkmon <elkmon@example.com>"
    assert message["To"] == "team@example.com, Boss <boss@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "elkmon <elkmon.example.com>"
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None


def test_a_repeat_is_recognised_by_its_id():
    """The same digest has the same Message-ID whenever it is sent; another digest has another."""
    digest = a_digest()
    assert sent(mail(), digest)["Message-ID"] == f"<{digest.id}@example.com>"
    assert sent(mail(), digest)["Message-ID"] == sent(mail(), digest)["Message-ID"]
    assert sent(mail(), replace(digest, id="f00"))["Message-ID"] == "<f00@example.com>"


def test_mails_about_one_story_make_a_thread():
    """A later mail about the same story shares a reference with the first."""
    first = a_digest()
    later = replace(first, id="later", items=first.items[:1])
    references = [set(sent(mail(), digest)["References"].split()) for digest in (first, later)]
    assert len(references[0]) == 5
    assert references[1] < references[0]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_gets_into_the_headers_as_a_header(name):
    """Whatever data calls a model, feature or digest, the mail has the headers of any other mail, without defects."""
    digest = a_digest()
    item = digest.items[0]
    item = replace(item, finding=replace(item.finding, model=name, subject=replace(item.finding.subject, name=name)))
    message = sent(mail(), replace(digest, id=name, items=(item,)))
    assert list(message.keys()) == list(sent(mail(), digest).keys())
    assert message.defects == []
    assert all(each.defects == () for each in message.values())
    assert message["Bcc"] is None


def test_lines_are_as_short_as_servers_demand():
    """No line of the mail is longer than 998 characters, and all are plain ASCII."""
    raw = mail(kibana_url="https://kibana.example.com").compose(a_digest()).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert len(raw) < 1_000_000


def test_a_long_domain_keeps_ids_whole():
    """Ids are not folded into something else when the sender's domain is long."""
    domain = "notifications.of.the.machine.learning.platform.production.example.com"
    message = sent(mail(sender=f"elkmon@{domain}"), a_digest())
    assert message["Message-ID"] == f"<{a_digest().id}@{domain}>"
    assert all(re.fullmatch(r"<[0-9a-f]{16}@elkmon\.invalid>", each) for each in message["References"].split())


def test_a_recipient_learns_why_and_from_which_notifier():
    """The last line of text and HTML says why the reader gets this."""
    message = sent(mail(), a_digest())
    for part in message.walk():
        if part.get_content_maintype() == "text":
            words = " ".join(unescape(part.get_content()).split())
            assert (
                "because elkmon's notifier team is configured to write to team@example.com and boss@example.com"
                in words
            )


def test_nothing_to_tell_is_not_sent():
    """A digest without changes reaches no server."""
    Mail("team", "256.256.256.256", 1, "a@example.com", ["b@example.com"]).notify(replace(a_digest(), items=()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sender": "nobody"}, "sender 'nobody' is not a mail address"),
        ({"sender": "a@b\nBcc: c@d"}, "is not a mail address"),
        ({"recipients": []}, "there are no recipients"),
        ({"recipients": ["team@example.com", "x@"]}, "recipient 'x@' is not a mail address"),
        ({"security": "tls"}, "security 'tls' is none of starttls, ssl, none"),
        ({"username": "me"}, "username and password are needed together"),
        ({"kibana_url": "kibana"}, "Kibana URL 'kibana' is not an address"),
    ],
)
def test_what_cannot_be_used_is_named(changes, words):
    """Each mistake is refused when the notifier is made, with the value and what would do."""
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        mail(**changes)


def test_the_password_is_never_shown():
    """Neither the notifier's text nor its fields' repr holds the password."""
    notifier = mail(username="me", password=PASSWORD)
    assert PASSWORD not in f"{notifier!r} {notifier}"
    assert notifier.name == "team"


def test_a_notice_and_its_end_make_a_thread_without_a_story():
    """Each has the id of its digest; the end refers to the beginning, and neither has pictures or items."""
    since = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    notice = Notice(Judging.STOPPED, since, ("shop",), Hindrance.UNREACHABLE, "nobody there")
    end = replace(notice, judging=Judging.RESUMED, until=since + timedelta(hours=1), follows="first")
    stopped = sent(mail(), Digest("first", since, (), notice=notice))
    resumed = sent(mail(), Digest("second", since, (), notice=end))

    assert stopped["Message-ID"] == "<first@example.com>"
    assert stopped["References"] is None
    assert stopped["Subject"] == "elkmon: could not check since 14:05 UTC (Elasticsearch unreachable)"
    assert (resumed["Message-ID"], resumed["References"]) == ("<second@example.com>", "<first@example.com>")
    assert [part.get_content_type() for part in resumed.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert stopped.defects == resumed.defects == []
