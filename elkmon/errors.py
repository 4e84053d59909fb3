"""
Everything elkmon raises on purpose. Messages name the thing, its value, the valid values and the remedy.

    ElkmonError
    ├── ConfigurationError        the configuration or a command's arguments cannot be used (exit code 2)
    ├── MissingExtra              an optional package is needed; names the pip extra that brings it
    ├── ReferenceDataError        a baseline's file or window cannot serve as a reference
    ├── StoreError                Elasticsearch did not do what was asked
    │   ├── StoreUnreachable      nobody answered, or not in time: trying again later may help
    │   ├── StoreRefused          it answered and said no (rights, a read-only index, a bad request)
    │   ├── PartialAnswer         some shards did not answer: no figure is made from such an answer
    │   └── StaleWriter           another monitor has taken over; nothing was overwritten
    ├── DeliveryError             a notifier could not deliver; `permanent` stops the retries
    ├── ShippingError             a transport of the handler could not be made (never raised by a log call)
    └── EmbeddedError             the embedded Elasticsearch node could not be started
"""

from __future__ import annotations

from collections.abc import Sequence


class ElkmonError(Exception):
    """The root: `except ElkmonError` catches all that elkmon raises on purpose."""


class ConfigurationError(ElkmonError):
    """The configuration or the arguments of a command cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingExtra(ElkmonError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"{package} is not installed. Install it with: pip install 'elkmon[{extra}]'")


class ReferenceDataError(ElkmonError):
    """A file or a window cannot serve as a reference: no rows, other columns, text where numbers were."""


class StoreError(ElkmonError):
    """Elasticsearch did not do what was asked."""


class StoreUnreachable(StoreError):
    """Nobody answered, or not in time. Nothing is known about what was asked."""


class StoreRefused(StoreError):
    """Elasticsearch answered and said no: missing rights, a read-only index, a request it does not take."""


class PartialAnswer(StoreError):
    """Some shards failed or timed out; a figure from the rest would be wrong, so none is made."""


class StaleWriter(StoreError):
    """A newer monitor has written this document; ours was not applied."""


class DeliveryError(ElkmonError):
    """A notifier could not deliver. `permanent` means that trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(message)


class ShippingError(ElkmonError):
    """A transport or handler was given something it cannot use. Raised when it is made, never by a log call."""


class EmbeddedError(ElkmonError):
    """The embedded Elasticsearch node could not be started; says whether Java, memory, port or download is the cause."""
