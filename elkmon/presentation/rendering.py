"""
Fills the templates of mails and pages. Whatever stands in a value is escaped in HTML; a name that is not there is an error.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
_LINE = 76


def render(template: str, values: Mapping[str, object]) -> str:
    """
    Return `template` (a file in `templates/`) with `values` filled in.

    Values are escaped in `.html` templates; in `.txt` ones they stand as they are, so names from data are to be cleaned first.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = _drawing
    environment.filters["unbroken"] = _unbroken
    environment.filters["folded"] = _folded
    return environment


def _drawing(svg: str) -> Markup:
    """Let an SVG element through that `elkmon.presentation.charts` made, which escapes the text in it."""
    return Markup(svg)  # noqa: S704 made by our own charts, never taken from data


def _unbroken(text: str) -> str:
    """Keep figures together with their units where lines break."""
    for unit in ("%", "SD", "×", "10", "million"):
        text = text.replace(f" {unit}", f"\u00a0{unit}")
    return text


def _folded(text: str, indent: int = 0) -> str:
    """Break `text` into lines short enough for plain mails; later lines are indented."""
    return textwrap.fill(text, _LINE, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
