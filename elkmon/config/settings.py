"""
What can be configured, as values. How they are read from a file is in `elkmon.config.section` and the rooms beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from elkmon.checks import ModelSettings
from elkmon.layouts import Layout
from elkmon.windows import DAY


@dataclass(frozen=True, slots=True)
class Secret:
    """
    Text that must not be shown by accident.

    >>> Secret("hunter2"), Secret("hunter2").reveal()
    (Secret('…'), 'hunter2')
    """

    value: str = field(repr=False)

    def reveal(self) -> str:
        """Return it, for the one who needs it."""
        return self.value

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """
    Where Elasticsearch is and who we are there.

    Attributes:
        hosts: its URLs; more than one for a cluster.
        namespace: part of every index name, so that installations do not meet.
        api_key: or `username` and `password`; none for a cluster without security.
        ca_certs: file with the certificate authority that signed the cluster's certificate; None for the system's.
        timeout: seconds one request may take.
        retention_days: how long events are kept, and outcomes with them; baselines and rulers are kept for good.
        results_retention_days: how long profiles and findings are kept, by whole months.
        roll_up_after_days: how long profiles are kept by the hour; months older than that by the day.
    """

    hosts: tuple[str, ...] = ("http://127.0.0.1:9200",)
    namespace: str = "default"
    api_key: Secret | None = None
    username: str = ""
    password: Secret | None = None
    ca_certs: Path | None = None
    timeout: float = 30.0
    retention_days: int = 90
    results_retention_days: int = 400
    roll_up_after_days: int = 90


class Security(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    SSL = "ssl"
    NONE = "none"

    @property
    def port(self) -> int:
        """The usual port."""
        return {Security.STARTTLS: 587, Security.SSL: 465, Security.NONE: 25}[self]


@dataclass(frozen=True, slots=True)
class MailSettings:
    """
    One mail server and who is written to; `name` identifies its deliveries.

    `username` and `password` are empty where the server wants no login.
    """

    name: str
    host: str
    sender: str
    recipients: tuple[str, ...]
    security: Security = Security.STARTTLS
    port: int = Security.STARTTLS.port
    username: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When checks run: by `cron` (five fields, UTC, Sunday is 0 or 7), or `every` so often."""

    cron: str = "10 * * * *"
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model: how it is judged, when, and, unless elkmon's own handler logs it, where its events are."""

    settings: ModelSettings
    schedule: Schedule = field(default_factory=Schedule)
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """
    How the process that checks by the clock goes about it.

    Attributes:
        shares: into how many parts the models are divided, so that as many monitors can work at a time.
        unjudged_after: how long nothing could be judged before that is told.
    """

    shares: int = 1
    unjudged_after: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Config:
    """
    All of it.

    Attributes:
        store: Elasticsearch.
        models: which models are judged, and how.
        notifiers: who is told.
        kibana_url: where mails and reports link to; empty for no links.
        horizon: events older than this are no longer counted; late ones within it are.
        monitor: how `elkmon run` goes about its checks.
    """

    store: StoreSettings = field(default_factory=StoreSettings)
    models: tuple[ModelEntry, ...] = ()
    notifiers: tuple[MailSettings, ...] = ()
    kibana_url: str = ""
    horizon: timedelta = 35 * DAY
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
