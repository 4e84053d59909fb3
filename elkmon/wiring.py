"""
From a configuration to working parts. The only module that names concrete adapters.

Parts that bring mathematics or drawing with them are imported when they are made, so small commands stay quick.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from elkmon import elasticsearch
from elkmon.config import Config, MailSettings, StoreSettings
from elkmon.layouts import Layout
from elkmon.ports import EventLog, Journal, Notifier

if TYPE_CHECKING:
    from elkmon.baselines import Baseline
    from elkmon.checks import ModelSettings
    from elkmon.elasticsearch.erasure import Eraser
    from elkmon.monitor import Monitor
    from elkmon.monitor.provision import Maker
    from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands work with; `owner` is this process's name in leases."""

    event_log: EventLog
    journal: Journal
    notifiers: tuple[Notifier, ...]
    monitor: Monitor
    owner: str


def connect(config: Config, *, progress: Callable[[str, int, int], None] | None = None) -> Parts:
    """
    Return the parts that `config` describes; nothing is asked of anybody yet.

    `progress` is called during long work with what is done, how much of it is, and how much there is.
    """
    from elkmon.monitor import Monitor

    client = _client(config.store)
    event_log = _event_log(config, client, progress)
    journal = elasticsearch.ElasticsearchJournal(client, config.store.namespace)
    notifiers = tuple(_NOTIFIERS[type(each)](each, config) for each in config.notifiers)
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    monitor = Monitor(
        event_log,
        journal,
        notifiers,
        [entry.settings for entry in config.models],
        horizon=config.horizon,
        owner=owner,
        clock=lambda: datetime.now(UTC),
        meter=lambda: elasticsearch.usage_of(client),
        make_provisional=_provisional(config, journal),
        progress=progress,
    )
    return Parts(event_log, journal, notifiers, monitor, owner)


def open_journal(settings: StoreSettings) -> Journal:
    """Return what is remembered, for who needs nothing else."""
    return elasticsearch.ElasticsearchJournal(_client(settings), settings.namespace)


def set_up(settings: StoreSettings, *, dry_run: bool = False) -> tuple[elasticsearch.Step, ...]:
    """
    Make templates and indices in the store, or only say what would be made.

    Raises:
        StoreError: when it cannot be asked, or refuses.
    """
    client = _client(settings)
    return elasticsearch.setup(client, settings.namespace, retention_days=settings.retention_days, dry_run=dry_run)


def housekeeping(
    config: Config, now: datetime, *, dry_run: bool = False, require: Callable[[], None] = lambda: None
) -> tuple[elasticsearch.Chore, ...]:
    """
    Delete results whose time is over and make daily profiles of old hourly ones, or only say what would be done.

    `require` is called before each step, and raises when it must not be taken.

    Raises:
        StoreError: when it cannot be asked, or refuses. What was done until then stays done.
    """
    from elkmon.windows import DAY

    store = config.store
    # Within the horizon windows are judged again, so nothing of it is given up.
    keeping = elasticsearch.Keeping(
        events=max(store.retention_days * DAY, config.horizon),
        results=max(store.results_retention_days * DAY, config.horizon),
        hours=max(store.roll_up_after_days * DAY, config.horizon),
    )
    return elasticsearch.housekeeping(_client(store), store.namespace, now, keeping, dry_run=dry_run, require=require)


def grant(config: Config, *, keys: bool = False, dry_run: bool = False) -> elasticsearch.Granted:
    """
    Make the roles of a namespace in the store, and API keys with `keys`, or only return what they would be.

    Raises:
        StoreError: when it cannot be asked, or refuses.
    """
    layouts = [entry.layout for entry in config.models if entry.layout is not None]
    places = (place for each in layouts for place in (each, each.truth, each.failures) if place is not None)
    elsewhere = sorted({name for place in places if place.index for name in place.index.split(",")})
    roles = elasticsearch.roles_of(config.store.namespace, events_elsewhere=elsewhere)
    return elasticsearch.grant(_client(config.store), roles, keys=keys, dry_run=dry_run)


def eraser(config: Config) -> Eraser:
    """Return what removes a subject's events and what was made of them; nothing is asked yet."""
    from elkmon.elasticsearch.erasure import Eraser

    client = _client(config.store)
    journal = elasticsearch.ElasticsearchJournal(client, config.store.namespace)
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    return Eraser(client, config.store.namespace, _event_log(config, client, None), journal, owner)


def _event_log(
    config: Config, client: elasticsearch.Client, progress: Callable[[str, int, int], None] | None
) -> EventLog:
    """Return the log of what elkmon's handler sent and, if models have events elsewhere, of these too."""
    namespace = config.store.namespace
    native = elasticsearch.ElasticsearchEventLog(client, namespace, progress=progress)
    models: dict[Layout, list[str]] = defaultdict(list)
    for entry in config.models:
        if entry.layout is not None:
            models[entry.layout].append(entry.settings.name)
    elsewhere: dict[str, EventLog] = {}
    for layout, some in models.items():
        elsewhere |= dict.fromkeys(
            some, elasticsearch.LayoutEventLog(client, namespace, layout, some, progress=progress)
        )
    return elasticsearch.DividedEventLog(native, elsewhere) if elsewhere else native


def _provisional(config: Config, journal: Journal) -> Maker:
    """Return what makes a provisional baseline from a window of production."""
    from elkmon.monitor.references import segments_of
    from elkmon.reference_windows import baseline_from_window

    models = [entry.settings for entry in config.models]

    def make(event_log: EventLog, settings: ModelSettings, version: str, window: Window, now: datetime) -> Baseline:
        return baseline_from_window(
            event_log,
            settings.name,
            version,
            window,
            now,
            positive_labels={each.name: each.positive_label for each in models if each.positive_label is not None},
            segments={each.name: each.segments for each in models if each.segments},
            joined_by=segments_of(models, journal.baselines("")),
            pairs=settings.pairs,
            strongest_pairs=settings.strongest_pairs,
            settings=settings,
            provisional=True,
        )

    return make


def _client(settings: StoreSettings) -> elasticsearch.Client:
    return elasticsearch.connect(
        settings.hosts,
        api_key=settings.api_key.reveal() if settings.api_key else None,
        basic_auth=(settings.username, settings.password.reveal()) if settings.password else None,
        ca_certs=str(settings.ca_certs) if settings.ca_certs else None,
        timeout=settings.timeout,
    )


def _mail(settings: MailSettings, config: Config) -> Notifier:
    from elkmon.notifiers.mail import Mail

    return Mail(
        settings.name,
        settings.host,
        settings.port,
        settings.sender,
        settings.recipients,
        security=settings.security.value,
        username=settings.username or None,
        password=settings.password.reveal() if settings.password else None,
        kibana_url=config.kibana_url or None,
        namespace=config.store.namespace,
    )


_NOTIFIERS: Mapping[type[MailSettings], Callable[[MailSettings, Config], Notifier]] = {MailSettings: _mail}
