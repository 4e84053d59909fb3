"""`ModelLog`: the direct front door, without log records, for hot paths and for batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import repeat
from time import perf_counter
from types import TracebackType
from typing import Any, Self, SupportsFloat

from elkmon.errors import ShippingError
from elkmon.events import Failure, Outcome, Timestamp
from elkmon.shipping.documents import fill_prediction
from elkmon.shipping.handler import PredictionHandler
from elkmon.shipping.intake import ship_event


class ModelLog:
    """
    Logs the predictions of one model version, their outcomes and failures. None of its methods raises.

    Args:
        name: the model's name.
        version: its version; a number or a text.
        handler: ships what is logged.
        categorical: names of features that are levels even where they look like numbers (codes).
        numeric: names of features that are numbers; other values are kept aside and counted.

    Raises:
        ShippingError: the name is blank, or a feature is declared twice.
    """

    def __init__(
        self,
        name: str,
        version: object = "",
        *,
        handler: PredictionHandler,
        categorical: Collection[str] = (),
        numeric: Collection[str] = (),
    ) -> None:
        _check(name, handler)
        self._shipper = handler.shipper
        self._subject = self._shipper.subject(name, version, categorical, numeric)

    @property
    def name(self) -> str:
        """The model's name, as it is stored."""
        return self._subject.name

    @property
    def version(self) -> str:
        """Its version, as it is stored."""
        return self._subject.version

    def prediction(
        self,
        features: Mapping[str, Any] | None = None,
        *,
        score: SupportsFloat | None = None,
        scores: Mapping[Any, SupportsFloat] | Iterable[SupportsFloat] | None = None,
        label: object = None,
        value: SupportsFloat | None = None,
        duration: SupportsFloat | None = None,
        id: object = None,  # noqa: A002  the field's name, as in Prediction
        timestamp: Timestamp | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> str:
        """
        Log a prediction. The arguments are the attributes of `Prediction`.

        Returns:
            Its id: the one given, as text, or a generated one. The truth is logged with it, by `outcome`.
        """
        subject = self._subject
        said = (subject.reader, features, score, scores, label, value, duration, id, timestamp, labels)
        return self._shipper.ship(subject.channel, subject.document, fill_prediction, said, subject.shorthand)

    def predictions(
        self,
        rows: Any,
        *,
        scores: Iterable[Any] | None = None,
        labels: Iterable[Any] | None = None,
        values: Iterable[Any] | None = None,
        timestamps: Iterable[Timestamp] | None = None,
        ids: Iterable[Any] | None = None,
    ) -> list[str]:
        """
        Log a batch of predictions.

        Args:
            rows: the features of each: mappings, or a DataFrame (anything with `to_dict("records")`).
            scores: per row a probability of the positive class, or probabilities by class.
            labels: per row the predicted class.
            values: per row the predicted number.
            timestamps: per row when it was predicted.
            ids: per row the service's own id. Logged again with the same ids, a batch is stored once.

        Returns:
            The ids, in the order of the rows. What is shorter than the rows counts as not given for the rest.
        """
        records = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
        columns = zip(*map(_endless, (scores, labels, values, timestamps, ids)), strict=False)
        logged = []
        for row, (score, label, value, timestamp, id_) in zip(records, columns, strict=False):
            by_class = score is not None and (hasattr(score, "items") or _has_length(score))
            logged.append(
                self.prediction(
                    row,
                    score=None if by_class else score,
                    scores=score if by_class else None,
                    label=label,
                    value=value,
                    timestamp=timestamp,
                    id=id_,
                )
            )
        return logged

    def outcome(
        self,
        id: object,  # noqa: A002  the field's name, as in Outcome
        *,
        label: object = None,
        value: SupportsFloat | None = None,
        timestamp: Timestamp | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Log what turned out to be true of the prediction `id`: at any time, in any order, also again; the last word wins.
        """
        subject = self._subject
        ship_event(self._shipper, Outcome(subject.name, id, value, label, subject.version, timestamp, labels))

    def error(
        self,
        error: BaseException | str,
        *,
        features: Mapping[str, Any] | None = None,
        duration: SupportsFloat | None = None,
        id: object = None,  # noqa: A002  the field's name, as in Failure
        timestamp: Timestamp | None = None,
        labels: Mapping[str, Any] | None = None,
    ) -> None:
        """Log an inference that failed. The arguments are the attributes of `Failure`."""
        subject = self._subject
        failure = Failure(error, subject.name, subject.version, features, duration, id, timestamp, labels)
        ship_event(self._shipper, failure, subject.reader)

    def timed(self) -> TimedCall:
        """
        Measure an inference, and log its exception if there is one, which goes on its way.

            with model_log.timed() as call:
                call.prediction(features=row, score=model.predict(row))
        """
        return TimedCall(self)


class TimedCall:
    """One inference being measured; made by `ModelLog.timed`."""

    __slots__ = ("_log", "_start")

    def __init__(self, log: ModelLog) -> None:
        self._log = log
        self._start = perf_counter()

    def __enter__(self) -> Self:
        self._start = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self._log.error(error, duration=self.seconds)

    @property
    def seconds(self) -> float:
        """Seconds since the call began."""
        return perf_counter() - self._start

    def prediction(self, features: Mapping[str, Any] | None = None, **predicted: Any) -> str:
        """Log the prediction with the time it took until now; the arguments are those of `ModelLog.prediction`."""
        return self._log.prediction(features, **{"duration": self.seconds, **predicted})


def _check(name: object, handler: object) -> None:
    if not isinstance(name, str) or not name or name.isspace():
        raise ShippingError(f"ModelLog({name!r}): a model's name is text that is not blank, such as 'flight-delay'")
    if not isinstance(handler, PredictionHandler):
        raise ShippingError(f"ModelLog({name!r}, handler={handler!r}): give a PredictionHandler")


def _endless(values: Iterable[Any] | None) -> Iterator[Any]:
    """Go through a column, and then on with None."""
    if values is not None:
        yield from values
    yield from repeat(None)


def _has_length(score: object) -> bool:
    """Tell a row of probabilities from one; numpy's scalars and arrays of no dimension have none."""
    try:
        return len(score) > 0  # type: ignore[arg-type]
    except TypeError:
        return False
