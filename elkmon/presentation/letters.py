"""
What a mail about a digest says: its subject, its text, its HTML and the pictures in it. Sends nothing.

A mail is limited: thirty lines and eight pictures, so it stays well under a megabyte; what is left out is counted in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from elkmon.alerts import Change
from elkmon.digests import Digest, Item
from elkmon.presentation import charts
from elkmon.presentation.corrections import corrections, judged_late
from elkmon.presentation.facts import facts
from elkmon.presentation.glossary import explanations
from elkmon.presentation.links import events_behind
from elkmon.presentation.rendering import render
from elkmon.presentation.sentences import mail_subject, told
from elkmon.presentation.words import (
    TONES,
    VERDICTS,
    figures,
    label,
    ongoing,
)
from elkmon.presentation.writing import capital, clean, count, listing, moment, period
from elkmon.windows import Window

MOST_LINES = 30
MOST_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG of a mail: `name` is unique in it, `alt` says what it shows."""

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's content, whatever carries it."""

    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One change as the templates show it; all is text."""

    model: str
    name: str
    tone: str
    verdict: str
    sentence: str
    facts: tuple[str, ...]
    reference: str
    value: str
    limit: str
    rows: str
    link: str
    pictures: tuple[Picture, ...]


def letter(
    digest: Digest,
    *,
    kibana_url: str | None = None,
    reason: str = "you are among the recipients that elkmon was configured with",
    address: Callable[[Picture], str] = lambda picture: f"cid:{picture.name}",
) -> Letter:
    """
    Return the mail that tells `digest`.

    Args:
        digest: what there is to tell, worst first.
        kibana_url: where Kibana is, as `links.checked` returns it; without it there are no links.
        reason: why the reader gets this, for the last line.
        address: what an image element of the HTML refers to for a picture.
    """
    room = MOST_PICTURES
    lines: list[Line] = []
    for item in digest.items[:MOST_LINES]:
        pictures = _pictures(item, len(lines), room)
        room -= len(pictures)
        lines.append(_line(item, pictures, kibana_url))
    left_out = digest.items[MOST_LINES:]
    values: dict[str, object] = {
        "subject": mail_subject(digest),
        "summary": summary(digest.items),
        "lines": lines,
        "several_models": len({line.model for line in lines}) > 1,
        "left_out": _left_out(left_out),
        "ongoing": ongoing(digest.ongoing),
        "corrections": corrections(digest.corrections),
        "baselines": [(clean(model), clean(words, 300)) for model, words in digest.baselines.items()],
        "explanations": explanations([item.finding for item in digest.items[:MOST_LINES]]),
        "reason": reason,
        "checked": moment(digest.at),
        "address": address,
        "badge": _BADGES,
    }
    pictures = tuple(picture for line in lines for picture in line.pictures)
    return Letter(mail_subject(digest), render("mail.txt", values), render("mail.html", values), pictures)


def summary(items: Sequence[Item]) -> str:
    """Return in one sentence how much changed, of which models and when."""
    changes = [item.transition.change for item in items]
    parts = [f"{count(changes.count(change))} {verb}" for change, verb in _CHANGED.items() if change in changes]
    models = list(dict.fromkeys(_model_and_version(item) for item in items))
    windows = {item.finding.window for item in items}
    when = period(items[0].finding.window)
    if len(windows) > 1:
        when = f"windows of {period(Window(min(each.start for each in windows), max(each.end for each in windows)))}"
    return f"Of what is watched about {listing(models)}, {listing(parts)} ({when})."


_BADGE = "display:inline-block;padding:1px 8px;border-radius:9px;font-size:12px;font-weight:700;line-height:1.5;"
_BADGES = {
    "critical": f"{_BADGE}color:#ffffff;background:#b42318;",
    "warning": f"{_BADGE}color:#5c2e00;background:#fdd9a0;",
    "ok": f"{_BADGE}color:#064e2f;background:#c5ecd6;",
    "unknown": f"{_BADGE}color:#1b1f24;background:#d5d9df;",
}
_CHANGED = {
    Change.OPENED: "went beyond the limit",
    Change.WORSENED: "got worse",
    Change.RESOLVED: "came back within the limits",
}


def _model_and_version(item: Item) -> str:
    version = item.finding.version
    return clean(item.finding.model, 50) + (f" (version {clean(version, 20)})" if version else "")


def _line(item: Item, pictures: tuple[Picture, ...], kibana_url: str | None) -> Line:
    finding, resolved = item.finding, item.transition.change is Change.RESOLVED
    value, limit, reference = figures(finding)
    opened = item.alert.opened_at
    lasted = f"reported first on {moment(opened)}" if resolved and opened and not finding.status.bad else ""
    late = judged_late(item.transition, finding)
    found = (*facts(finding, item.history, item.explanation, opened_at=opened), *([late] if late else []))
    return Line(
        model=clean(finding.model, 50),
        name=label(finding.subject, finding.segment),
        tone=TONES[item.transition.status],
        verdict="resolved" if resolved else VERDICTS[item.transition.status],
        sentence=told(item),
        facts=(f"{capital(lasted)}.", *found) if lasted else found,
        reference=reference,
        value=value,
        limit=limit,
        rows=f"{finding.rows:,}",
        link=events_behind(kibana_url, finding),
        pictures=pictures,
    )


def _pictures(item: Item, index: int, room: int) -> tuple[Picture, ...]:
    """Draw what there is to draw of one change, as far as there is room; what came back needs no comparison."""
    drawn = [charts.course(item.finding, item.history)]
    if item.finding.status.bad:
        drawn.insert(0, charts.distribution(item.finding))
    shown = [chart for chart in drawn if chart is not None][: max(room, 0)]
    return tuple(Picture(f"picture-{index + 1}-{part}", each.png(), each.alt) for part, each in enumerate(shown, 1))


def _left_out(items: Sequence[Item]) -> str:
    if not items:
        return ""
    names = [label(item.finding.subject, item.finding.segment) for item in items]
    return f"Left out of this mail for its length: {count(len(items), 'further change')} ({listing(names, most=12)})."
