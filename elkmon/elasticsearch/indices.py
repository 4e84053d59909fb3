"""The names of the data streams and indices of one namespace. What they hold is said in `elkmon.fields`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from elkmon.errors import ConfigurationError

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.]{0,99}")  # as the handler and the configuration have it


def validated_namespace(namespace: str) -> str:
    """
    Return `namespace` when it can be the last part of a data stream's name.

    A hyphen would let the streams of `eu-prod` be found where those of `prod` are asked for.

    Raises:
        ConfigurationError: when it cannot.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise ConfigurationError(
            f"{namespace[:200]!r} cannot be a namespace. Use 1 to 100 of the characters a-z, 0-9, '_' and '.', "
            "beginning with a letter or a digit, for example 'default' or 'production'"
        )
    return namespace


@dataclass(frozen=True, slots=True)
class Indices:
    """The names of one `namespace`; patterns where a kind has several streams or an index a month."""

    namespace: str

    def __post_init__(self) -> None:
        validated_namespace(self.namespace)

    @property
    def predictions(self) -> str:
        """The streams of predictions, groups of models included."""
        return f"logs-elkmon.prediction*-{self.namespace}"

    @property
    def feedback(self) -> str:
        """The streams of truth."""
        return f"logs-elkmon.feedback*-{self.namespace}"

    @property
    def errors(self) -> str:
        """The streams of failures."""
        return f"logs-elkmon.error*-{self.namespace}"

    @property
    def events(self) -> str:
        """Every stream that services write."""
        return f"logs-elkmon.*-{self.namespace}"

    @property
    def shipper(self) -> str:
        """The accounts of the handlers."""
        return f"logs-elkmon.shipper-{self.namespace}"

    @property
    def pending(self) -> str:
        """Truth without its prediction yet."""
        return f"elkmon-pending-{self.namespace}"

    @property
    def rulers(self) -> str:
        """Bin edges and levels."""
        return f"elkmon-rulers-{self.namespace}"

    @property
    def baselines(self) -> str:
        """Baselines and the copies of their hourly profiles."""
        return f"elkmon-baselines-{self.namespace}"

    @property
    def alerts(self) -> str:
        """Stories."""
        return f"elkmon-alerts-{self.namespace}"

    @property
    def state(self) -> str:
        """The lease, runs, deliveries, and the join's ledger."""
        return f"elkmon-state-{self.namespace}"

    @property
    def outcomes(self) -> str:
        """Predictions whose truth is known, of all months."""
        return f"elkmon-outcomes-{self.namespace}-*"

    @property
    def profiles(self) -> str:
        """Hourly profiles of production, of all months."""
        return f"elkmon-profiles-{self.namespace}-*"

    @property
    def days(self) -> str:
        """Daily profiles of months that were rolled up, of all months; each is found under the name of its month of hours."""
        return f"elkmon-days-{self.namespace}-*"

    @property
    def findings(self) -> str:
        """Verdicts, of all months."""
        return f"elkmon-findings-{self.namespace}-*"

    @property
    def lasting(self) -> tuple[str, ...]:
        """The indices that are not made anew each month."""
        return (self.pending, self.rulers, self.baselines, self.alerts, self.state)

    @property
    def monthly(self) -> tuple[str, ...]:
        """The patterns of the indices that are made anew each month."""
        return (self.outcomes, self.profiles, self.findings)

    @staticmethod
    def month(pattern: str, instant: datetime) -> str:
        """Return the index of `pattern` that holds documents of `instant` (UTC)."""
        return f"{pattern.removesuffix('*')}{instant:%Y.%m}"
