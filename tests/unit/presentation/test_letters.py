from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from elkmon.digests import Digest
from elkmon.presentation.letters import MOST_LINES, MOST_PICTURES, letter
from elkmon.presentation.rendering import render
from elkmon.presentation.sentences import told
from support.pages import HOSTILE, Page


def hostile_digest(flights, name):
    """A digest in which every name that data can bring is `name`."""
    items = []
    for item in (flights.drifted(), flights.carriers(), flights.recovered()):
        finding = item.finding
        evidence = finding.evidence
        if evidence is not None and not evidence.edges:
            evidence = replace(evidence, labels=(name, *evidence.labels[1:]))
        subject = replace(finding.subject, name=name)
        finding = replace(
            finding,
            model=name,
            version=name,
            subject=subject,
            reason=name,
            segment=name,
            unit=finding.unit,
            evidence=evidence,
        )
        items.append(replace(item, finding=finding, alert=replace(item.alert, model=name, subject=subject)))
    return Digest("d1", flights.AUGUST.end, tuple(items), tuple(item.alert for item in items), {name: name})


def test_the_text_is_complete_without_the_html(digest):
    """Who reads plain text gets every sentence, fact, link, comparison and explanation."""
    made = letter(digest, kibana_url="https://kibana.example.com")
    text = " ".join(made.text.split())
    page = Page(made.html)
    for item in digest.items:
        assert " ".join(told(item).split()) in text
        assert " ".join(told(item).split()) in page.words()
    assert text.count("https://kibana.example.com/app/discover") == len(digest.items)
    assert "Compared with (flight-delay): file flights-january-march.parquet" in text
    assert "Still beyond their limits" in text
    assert "You get this because" in text
    assert "not why" in text


def test_plain_words_come_first(digest):
    """Subject, summary and sentences stand before the table, the table before the plots, the small print last."""
    html = letter(digest).html
    places = [
        html.index(words)
        for words in ("Of what is watched", "distance moved by", "What changed", "<img", "You get this")
    ]
    assert places == sorted(places)


def test_the_mail_is_whole_and_each_picture_has_words(digest):
    """Every image refers to a picture of the mail and has an alternative text; nothing is fetched from elsewhere."""
    made = letter(digest)
    page = Page(made.html)
    sources = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert sources == [f"cid:{picture.name}" for picture in made.pictures]
    assert all(value for tag, name, value in page.attributes if (tag, name) == ("img", "alt"))
    assert len({picture.name for picture in made.pictures}) == len(made.pictures)
    assert not {"script", "link", "iframe"} & set(page.elements)
    assert "http" not in "".join(value for _, name, value in page.attributes if name in {"src", "background"})


def test_links_only_where_kibana_is_known(digest):
    """Without a Kibana there is no dead link."""
    assert "<a " not in letter(digest).html
    assert letter(digest, kibana_url="https://k.example.com").html.count("<a ") == len(digest.items)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_stay_inert(flights, name):
    """Whatever data calls things, the mail keeps its elements, runs nothing, breaks no line and can be read."""
    usual = Page(letter(hostile_digest(flights, "distance")).html)
    made = letter(hostile_digest(flights, name), kibana_url="https://k.example.com")
    page = Page(made.html)
    assert [tag for tag in page.elements if tag not in {"a", "p"}] == [tag for tag in usual.elements if tag != "p"]
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert made.subject.isprintable()
    assert "49" not in made.subject
    assert "\nBcc:" not in made.text
    assert not set(made.text) & {"\x00", "\x1b", "\u202e", "\u2066", "\r"}
    made.html.encode()


def test_a_flood_of_changes_makes_a_bounded_mail(flights):
    """Beyond thirty lines and eight plots the rest is counted in words, and the mail stays below a megabyte."""
    item = flights.drifted()
    many = []
    for index in range(200):
        subject = replace(item.finding.subject, name=f"feature {index} {'x' * 300}")
        many.append(replace(item, finding=replace(item.finding, subject=subject)))
    made = letter(
        Digest("d", flights.AUGUST.end, tuple(many), tuple(item.alert for item in many)),
        kibana_url="https://k.example.com",
    )
    assert len(made.pictures) == MOST_PICTURES
    assert f"{200 - MOST_LINES} further changes" in made.text
    assert f"{200 - MOST_LINES} further changes" in made.html
    assert (
        len(made.html.encode()) + len(made.text.encode()) + 4 / 3 * sum(len(each.png) for each in made.pictures)
        < 1_000_000
    )


def test_lines_of_the_text_are_short(digest):
    """No line of the text but an address is longer than mails like."""
    for line in letter(digest, kibana_url="https://k.example.com").text.splitlines():
        assert len(line) <= 76 or "https://" in line


def test_several_models_are_told_apart(flights):
    """When a mail is about two models, each line says which."""
    other = flights.fallen()
    other = replace(other, finding=replace(other.finding, model="gate-changes"))
    made = letter(Digest("d", flights.AUGUST.end, (flights.drifted(), other)))
    assert "gate-changes: ROC AUC fell" in made.text
    assert "gate-changes: ROC AUC fell" in Page(made.html).words()


def test_a_name_that_is_not_there_is_an_error():
    """A template that asks for what it is not given fails loudly instead of leaving a hole."""
    with pytest.raises(UndefinedError):
        render("mail.txt", {})
