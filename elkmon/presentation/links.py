"""
Addresses in Kibana where the events behind a finding can be looked at. Only builds addresses; nothing is asked of Kibana.

They open Discover with an ES|QL query, which needs no data view to exist (Kibana 8.14 and later).
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from elkmon.errors import ConfigurationError
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC, MODEL_NAME, MODEL_VERSION
from elkmon.findings import Finding, Kind
from elkmon.presentation.shift import shift
from elkmon.windows import Window

_PREDICTIONS = "logs-elkmon.prediction*"
_ERRORS = "logs-elkmon.error*"


def checked(kibana_url: str | None) -> str | None:
    """
    Return `kibana_url` without a slash at its end, or None where there is none.

    Raises:
        ConfigurationError: when it is not a plain http or https address.
    """
    if not kibana_url:
        return None
    try:
        parts = urlsplit(kibana_url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or any(not " " < letter <= "~" for letter in kibana_url):
        raise ConfigurationError(
            f"the Kibana URL {kibana_url!r} is not an address such as https://kibana.example.com or "
            "https://kibana.example.com/s/team"
        )
    return kibana_url.rstrip("/")


def events_behind(kibana_url: str | None, finding: Finding) -> str:
    """
    Return the address of the events that `finding` speaks of; empty without a Kibana.

    Where the finding shows which values or level stand out, only the events with these are shown.
    """
    if kibana_url is None:
        return ""
    conditions = [_equals(MODEL_NAME, finding.model)]
    if finding.version:
        conditions.append(_equals(MODEL_VERSION, finding.version))
    if finding.segment:
        name, _, level = finding.segment.partition("=")
        conditions.append(_equals(f"{FEATURES_CATEGORICAL.path}.{name}", level))
    if finding.status.bad:
        conditions.extend(_standing_out(finding))
    source = _ERRORS if (finding.subject.kind, finding.subject.name) == (Kind.FIGURE, "error_rate") else _PREDICTIONS
    return _discover(kibana_url, f"FROM {source} | WHERE {' AND '.join(conditions)}", finding.window)


def _standing_out(finding: Finding) -> list[str]:
    """Return the conditions that select the values or the level that stand out."""
    field = finding.subject.field
    if finding.subject.kind is Kind.MISSING and field.startswith((FEATURES_NUMERIC.path, FEATURES_CATEGORICAL.path)):
        return [f"{_name(field)} IS NULL"]
    drawn = finding.evidence if field and finding.subject.kind is not Kind.JOINT else None
    where = shift(drawn) if drawn else None
    if where is None or where.now <= where.before:  # what has gone cannot be looked at
        return []
    if where.level is not None:
        return [_equals(field, where.level)]
    low = [f"{_name(field)} >= {where.low!r}"] if where.low is not None else []
    return low + ([f"{_name(field)} < {where.high!r}"] if where.high is not None else [])


def _discover(kibana_url: str, query: str, window: Window) -> str:
    time = f"(time:(from:{_rison(window.start.isoformat())},to:{_rison(window.end.isoformat())}))"
    state = f"(dataSource:(type:esql),query:(esql:{_rison(query)}))"
    return f"{kibana_url}/app/discover#/?_g={quote(time, safe='')}&_a={quote(state, safe='')}"


def _equals(field: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    for character, written in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(character, written)
    return f'{_name(field)} == "{escaped.encode(errors="replace").decode()}"'


def _name(field: str) -> str:
    return "`" + field.replace("`", "``").encode(errors="replace").decode() + "`"


def _rison(text: str) -> str:
    """Write `text` in rison, the notation of Kibana's addresses."""
    return "'" + text.replace("!", "!!").replace("'", "!'") + "'"
