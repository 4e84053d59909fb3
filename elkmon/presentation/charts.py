"""
Two plots: where the rows of a subject are, then and now; and its measure over time with its limit. Nothing else draws.

Shape and place say what colour says, so the plots can be read without colours; the colours are Okabe and Ito's, which most
colour-blind people can tell apart. Text from data is drawn as it is: no markup, no formulas.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from elkmon.digests import Point
from elkmon.fields import EVENT_DURATION
from elkmon.findings import Finding, Kind, Status
from elkmon.presentation.histogram import Bar, Steps, bars, continuous, steps
from elkmon.presentation.shift import readable, shift
from elkmon.presentation.words import part, quantity, subject_name
from elkmon.presentation.writing import clean, number, percent, period

INK, MUTED, RULE, PAPER = "#1b1f24", "#5b6470", "#d5d9df", "#ffffff"
BEFORE, NOW, BAD = "#9aa3af", "#0072b2", "#d55e00"
THEME: Mapping[str, str] = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    PAPER: "--paper",
    BEFORE: "--before",
    NOW: "--now",
    BAD: "--bad",
}
"""Which variable of a page's style sheet stands for which colour, so that a drawing follows light and dark mode."""

_SIZE = (3.3, 2.25)  # inches; shown 300 pixels wide
_DPI = 200
_FONT = "DejaVu Sans"  # comes with matplotlib, so plots look alike everywhere
_LARGE, _SMALL = 8.5, 7.5  # points
_MOST_DATES = 5
_OUTSIDE = 0.005  # smaller shares beyond the axis are not drawn
_MEASURED: Mapping[str, str] = {
    "wasserstein": "moved by (SD)",
    "total_variation": "rows that changed level",
    "association": "rows in other cells",
    "missing": "rows without a value",
    "unseen": "rows with new levels",
    "out_of_range": "rows out of range",
    "rejected": "rows of the wrong type",
    "unindexed": "rows not indexed",
    "lost_events": "share of events",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and in `alt` what it shows, for those who cannot see it."""

    figure: Figure
    alt: str

    def png(self) -> bytes:
        """Return the drawing as a PNG on white, for mails."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=_DPI, facecolor=PAPER, pil_kwargs={"optimize": True})
        return out.getvalue()

    def svg(self) -> str:
        """Return the drawing as an SVG element without background, in the colours of the page it stands in."""
        out = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "elkmon"}):
            self.figure.savefig(out, format="svg", transparent=True, metadata=nothing)
        drawing = out.getvalue()
        for colour, variable in THEME.items():
            drawing = drawing.replace(colour, f"var({variable})")
        return drawing[drawing.index("<svg") :]


def distribution(finding: Finding) -> Chart | None:
    """
    Return where the rows of `finding`'s subject are now against the reference; None where there is nothing to compare.

    Numbers: steps of equal width over the stretch where rows are, with what lies beyond it gathered at the ends.
    Levels, and numbers with few values: a pair of bars each. The cells of a pair are too many and their names too long to
    draw; the words name those that moved.
    """
    evidence = None if finding.subject.kind is Kind.JOINT else readable(finding)
    where = shift(evidence) if evidence else None
    if evidence is None or where is None:
        return None
    latency = finding.subject.field == EVENT_DURATION
    name, now = "latency in ms" if latency else _name(finding), period(finding.window)
    figure, axes = _canvas(f"{name}: share of rows")
    if continuous(evidence):
        _draw_steps(axes, steps(evidence))
    else:
        _draw_bars(axes, bars(evidence))
    _legend(figure, [Patch(color=BEFORE, label="reference"), Line2D([], [], color=NOW, linewidth=2, label=now)])
    alt = (
        f"{name} in the reference and in {now}: {percent(where.now)} of rows are now {where.place}, "
        f"{percent(where.before)} were before."
    )
    return Chart(figure, alt)


def course(finding: Finding, points: Sequence[Point]) -> Chart | None:
    """Return `finding`'s measure over the windows of `points`, with its limit; None with fewer than two values."""
    length = finding.window.length
    known = [
        (_place(point, length), point.value, point.bad)
        for point in points
        if point.value is not None and math.isfinite(point.value)
    ]
    if len(known) < 2:
        return None
    name = _name(finding)
    figure, axes = _canvas(f"{name}: {_MEASURED[finding.measure]}" if finding.measure in _MEASURED else name)
    size = 20 if len(known) <= 40 else 8
    good = [(at, value) for at, value, bad in known if not bad]
    beyond = [(at, value) for at, value, bad in known if bad]
    axes.plot([at for at, _, _ in known], [value for _, value, _ in known], color=NOW, linewidth=1.2, zorder=2)
    axes.scatter(*_columns(good), s=size, facecolor=PAPER, edgecolor=NOW, linewidth=1.1, zorder=3)
    axes.scatter(*_columns(beyond), s=1.5 * size, marker="D", facecolor=BAD, linewidth=0, zorder=4)
    limits = [
        (_place(point, length), point.limit)
        for point in points
        if point.limit is not None and math.isfinite(point.limit)
    ]
    axes.plot(*_columns(limits), color=INK, linewidth=1.1, dashes=(4, 2.5), zorder=1)
    unjudged = [_place(point, length) for point in points if point.status in {Status.UNKNOWN, Status.PENDING}]
    for at in unjudged:
        axes.axvline(at, color=RULE, linewidth=4, zorder=0)
    _scale(axes, finding, [value for _, value, _ in known] + [limit for _, limit in limits])
    _scale_time(axes, sorted({point.at - length for point in points}))
    _legend(figure, _course_keys(limits=bool(limits), beyond=bool(beyond), unjudged=bool(unjudged)))
    last = known[-1][1]
    alt = (
        f"{name} over {len(known)} windows up to {period(finding.window)}: last {quantity(last, finding.unit)}, "
        f"limit {quantity(finding.limit, finding.unit)}, beyond it in {len(beyond)}."
    )
    return Chart(figure, alt)


def _canvas(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, dpi=_DPI)
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.tick_params(colors=MUTED, labelsize=_SMALL, length=0, labelfontfamily=_FONT)
    figure.suptitle(
        _drawable(clean(title, 46)), x=0.02, ha="left", fontsize=_LARGE, fontweight="bold", color=INK,
        fontfamily=_FONT, parse_math=False,
    )  # fmt: skip
    return figure, axes


def _draw_steps(axes: Axes, shares: Steps) -> None:
    edges, width = list(shares.edges), shares.edges[1] - shares.edges[0]
    before, now = list(shares.before), list(shares.now)
    gathered: list[tuple[float, str]] = []
    if max(shares.below) > _OUTSIDE:
        before, now = [shares.below[0], *before], [shares.below[1], *now]
        gathered.append((edges[0] - width / 2, f"<{number(edges[0])}"))
        edges = [edges[0] - width, *edges]
    if max(shares.above) > _OUTSIDE:
        before, now = [*before, shares.above[0]], [*now, shares.above[1]]
        gathered.append((edges[-1] + width / 2, f"≥{number(edges[-1])}"))
        edges = [*edges, edges[-1] + width]
    axes.stairs(before, edges, fill=True, color=BEFORE, alpha=0.55, linewidth=0)
    axes.stairs(now, edges, color=NOW, linewidth=1.8)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlim(edges[0] - width / 20, edges[-1] + width / 20)
    axes.set_ylim(0, 1.08 * max(*before, *now))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(round(float(share), 6))))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(float(value), 9), 4)))
    for at, label in gathered:
        axes.axvspan(at - width / 2, at + width / 2, color=RULE, alpha=0.35, linewidth=0, zorder=0)
        axes.annotate(
            label, (at, 0.985), xycoords=("data", "axes fraction"), ha="left" if at < edges[1] else "right",
            va="top", fontsize=_SMALL, color=INK, fontfamily=_FONT, parse_math=False,
        )  # fmt: skip


def _draw_bars(axes: Axes, shown: Sequence[Bar]) -> None:
    rows = range(len(shown))
    axes.barh([row - 0.2 for row in rows], [bar.before for bar in shown], height=0.36, color=BEFORE)
    axes.barh([row + 0.2 for row in rows], [bar.now for bar in shown], height=0.36, color=NOW)
    widest = max(max(bar.before, bar.now) for bar in shown)
    small = _SMALL if len(shown) <= 5 else _SMALL - 1.5
    for row, bar in enumerate(shown):
        for share, offset, colour in ((bar.before, -0.2, MUTED), (bar.now, 0.2, INK)):
            axes.text(
                share + 0.015 * widest, row + offset, percent(share), va="center", fontsize=small, color=colour,
                fontfamily=_FONT, parse_math=False,
            )  # fmt: skip
    axes.set_yticks(list(rows), [_drawable(clean(bar.label, 18)) for bar in shown], parse_math=False, fontsize=_SMALL)
    axes.tick_params(axis="y", colors=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.22 * widest)
    axes.set_xticks([])


def _scale(axes: Axes, finding: Finding, values: Sequence[float]) -> None:
    low, high = min(values), max(values)
    margin = 0.12 * (high - low or abs(high) or 1.0)
    from_zero = low >= 0 and (finding.measure in _MEASURED or low < 0.5 * high)
    axes.set_ylim(0 if from_zero else low - margin, high + margin)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    in_share = "share" in finding.unit.casefold()
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: percent(round(float(value), 6)) if in_share else number(round(float(value), 9)))
    )


def _scale_time(axes: Axes, starts: Sequence[datetime]) -> None:
    """Name some of the windows by their start, the last one always."""
    every = -(-len(starts) // _MOST_DATES)
    named = list(starts)[::-1][::every]
    long = named[0] - named[-1] > timedelta(days=300)
    hours = any(start.hour for start in starts) and not long
    day = [f"{start:%b %Y}" if long else f"{start.day} {start:%b}" for start in named]
    names = [f"{start:%H:%M}\n{name}" if hours else name for start, name in zip(named, day, strict=True)]
    axes.set_xticks([start.timestamp() for start in named], names)


def _name(finding: Finding) -> str:
    return subject_name(finding.subject) + part(finding.segment)


def _place(point: Point, length: timedelta) -> float:
    """Return where on the time axis a window stands: at its start, which it is named by."""
    return (point.at - length).timestamp()


def _course_keys(*, limits: bool, beyond: bool, unjudged: bool) -> list[Patch | Line2D]:
    keys: list[Patch | Line2D] = []
    keys += [Line2D([], [], color=INK, linewidth=1.1, dashes=(4, 2.5), label="limit")] if limits else []
    if beyond:
        keys.append(Line2D([], [], color=BAD, marker="D", markersize=4, linewidth=0, label="beyond it"))
    if unjudged:
        keys.append(Patch(color=RULE, label="not judged"))
    return keys


def _legend(figure: Figure, keys: Sequence[Patch | Line2D]) -> None:
    if not keys:
        return
    figure.legend(
        handles=list(keys), loc="outside lower left", ncols=len(keys), frameon=False, labelcolor=MUTED,
        prop={"size": _SMALL, "family": _FONT}, handlelength=1.4, borderpad=0.1, columnspacing=1.2,
    )  # fmt: skip


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [first for first, _ in pairs], [second for _, second in pairs]


def _drawable(text: str) -> str:
    """Return `text` with a box for each character the font lacks; the words beside the plot have it in full."""
    known = _characters()
    return "".join(character if ord(character) in known else "▯" for character in text)


@cache
def _characters() -> frozenset[int]:
    return frozenset(FT2Font(font_manager.findfont(_FONT)).get_charmap())
