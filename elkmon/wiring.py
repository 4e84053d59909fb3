"""
From a configuration to working parts. The only module that names concrete adapters.

Parts that bring mathematics or drawing with them are imported when they are made, so small commands stay quick.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from elkmon import elasticsearch
from elkmon.config import Config, MailSettings, StoreSettings
from elkmon.ports import EventLog, Journal, Notifier

if TYPE_CHECKING:
    from elkmon.baselines import Baseline
    from elkmon.checks import ModelSettings
    from elkmon.monitor import Monitor
    from elkmon.monitor.provision import Maker
    from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands work with."""

    event_log: EventLog
    journal: Journal
    notifiers: tuple[Notifier, ...]
    monitor: Monitor


def connect(config: Config, *, progress: Callable[[str, int, int], None] | None = None) -> Parts:
    """
    Return the parts that `config` describes; nothing is asked of anybody yet.

    `progress` is called during long work with what is done, how much of it is, and how much there is.
    """
    from elkmon.monitor import Monitor

    client = _client(config.store)
    event_log = elasticsearch.ElasticsearchEventLog(client, config.store.namespace, progress=progress)
    journal = elasticsearch.ElasticsearchJournal(client, config.store.namespace)
    notifiers = tuple(_NOTIFIERS[type(each)](each, config) for each in config.notifiers)
    monitor = Monitor(
        event_log,
        journal,
        notifiers,
        [entry.settings for entry in config.models],
        horizon=config.horizon,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        clock=lambda: datetime.now(UTC),
        make_provisional=_provisional(config, journal),
        progress=progress,
    )
    return Parts(event_log, journal, notifiers, monitor)


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
    )


_NOTIFIERS: Mapping[type[MailSettings], Callable[[MailSettings, Config], Notifier]] = {MailSettings: _mail}
