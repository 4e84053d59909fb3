"""Alerts, deliveries and runs as documents, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from elkmon import fields
from elkmon.alerts import Alert, Change, State, Transition, Verdict
from elkmon.elasticsearch.documents import found, instant_of, known_instant, nested, text_of
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.ports import Delivery, DeliveryState, Run

Json = Mapping[str, Any]

DELIVERY = "delivery"
RUN = "run"

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(milliseconds=1)


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return the document of one episode of a story; its id is the alert's."""
    return nested(
        {
            fields.TIMESTAMP: text_of(alert.last_window),
            fields.MODEL_NAME: alert.model,
            fields.SEGMENT: alert.segment,
            fields.WINDOW_END: text_of(alert.last_window),
            fields.FINDING_FAMILY: alert.subject.family,
            fields.FINDING_KIND: alert.subject.kind,
            fields.FINDING_SUBJECT: alert.subject.name,
            fields.ALERT_FINGERPRINT: alert.fingerprint,
            fields.ALERT_EPISODE: alert.episode,
            fields.ALERT_STATE: alert.state,
            fields.ALERT_SEVERITY: alert.severity,
            fields.ALERT_OPENED_AT: text_of(alert.opened_at),
            fields.ALERT_RESOLVED_AT: text_of(alert.resolved_at),
            fields.PACKED: {
                "field": alert.subject.field,
                "recent": packed_verdicts(alert.recent),
                "versions": list(alert.versions),
                "timeline": [_packed(transition) for transition in alert.timeline],
            },
        }
    )


def alert_from(document: Json) -> Alert:
    """Return the alert that `alert_document` wrote."""
    packed = found(document, fields.PACKED)
    fingerprint = found(document, fields.ALERT_FINGERPRINT)
    last_window = instant_of(found(document, fields.WINDOW_END))
    return Alert(
        model=found(document, fields.MODEL_NAME),
        subject=Subject(
            Family(found(document, fields.FINDING_FAMILY)),
            Kind(found(document, fields.FINDING_KIND)),
            found(document, fields.FINDING_SUBJECT),
            packed["field"],
        ),
        segment=found(document, fields.SEGMENT),
        episode=found(document, fields.ALERT_EPISODE),
        state=State(found(document, fields.ALERT_STATE)),
        severity=Status(found(document, fields.ALERT_SEVERITY)),
        recent=verdicts_from(packed["recent"], last_window),
        last_window=last_window,
        opened_at=instant_of(found(document, fields.ALERT_OPENED_AT)),
        resolved_at=instant_of(found(document, fields.ALERT_RESOLVED_AT)),
        versions=tuple(packed["versions"]),
        timeline=tuple(_transition(each, fingerprint) for each in packed["timeline"]),
    )


def packed_verdicts(recent: Sequence[Verdict]) -> list[list[str]]:
    """Return the verdicts of the last windows as they are stored."""
    return [[each.at.isoformat(), each.status] for each in recent]


def verdicts_from(packed: Sequence[Any], last_window: datetime | None) -> tuple[Verdict, ...]:
    """
    Return what `packed_verdicts` wrote.

    Earlier versions wrote statuses alone, in order: they are taken to lie right before the last window.
    """
    return tuple(
        Verdict((last_window or _LONG_AGO) - (len(packed) - 1 - place) * _MOMENT, Status(each))
        if isinstance(each, str)
        else Verdict(known_instant(each[0]), Status(each[1]))
        for place, each in enumerate(packed)
    )


def _packed(transition: Transition) -> dict[str, Any]:
    return {
        "change": transition.change,
        "episode": transition.episode,
        "at": text_of(transition.at),
        "status": transition.status,
        "versions": list(transition.versions),
        "said_at": text_of(transition.said_at),
        "was": transition.was,
    }


def _transition(packed: Json, fingerprint: str) -> Transition:
    return Transition(
        Change(packed["change"]),
        fingerprint,
        packed["episode"],
        known_instant(packed["at"]),
        Status(packed["status"]),
        tuple(packed["versions"]),
        instant_of(packed.get("said_at")),
        Status(packed["was"]) if packed.get("was") else None,
    )


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """Return the document of `delivery`; its id is the delivery's."""
    return nested(
        {
            fields.TIMESTAMP: text_of(delivery.created_at),
            fields.STATE_KIND: DELIVERY,
            fields.STATE_STATUS: delivery.state,
            fields.PACKED: {
                "notifier": delivery.notifier,
                "transitions": list(delivery.transitions),
                "attempts": delivery.attempts,
                "last_error": delivery.last_error,
            },
        }
    )


def delivery_from(document: Json) -> Delivery:
    """Return the delivery that `delivery_document` wrote."""
    packed = found(document, fields.PACKED)
    return Delivery(
        notifier=packed["notifier"],
        transitions=tuple(packed["transitions"]),
        created_at=known_instant(found(document, fields.TIMESTAMP)),
        state=DeliveryState(found(document, fields.STATE_STATUS)),
        attempts=packed["attempts"],
        last_error=packed["last_error"],
    )


def run_document(run: Run) -> dict[str, Any]:
    """Return the document of `run`; its id is the run's. Runs are for people and dashboards: nothing here reads them."""
    return nested(
        {
            fields.TIMESTAMP: text_of(run.finished_at),
            fields.STATE_KIND: RUN,
            fields.STATE_STATUS: run.status,
            fields.PACKED: {
                "started_at": text_of(run.started_at),
                "at": text_of(run.at),
                "models": run.models,
                "windows": run.windows,
                "hours_profiled": run.hours_profiled,
                "findings": run.findings,
                "transitions": run.transitions,
                "names": list(run.names),
                "requests": run.usage.requests,
                "sent": run.usage.sent,
                "received": run.usage.received,
                "owner": run.owner,
                "failed": list(run.failed),
                "problems": list(run.problems),
            },
        }
    )
