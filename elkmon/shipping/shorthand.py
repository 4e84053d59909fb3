"""
The short way for predictions: a line is joined from parts prepared before, where a document would be built to be encoded.

What comes out is byte for byte what the long way gives, `documents.fill_prediction` and `Channel.line`; whatever is out of
the ordinary is left to it.
"""

from __future__ import annotations

from typing import Any

from elkmon.shipping import encoding
from elkmon.shipping.channels import Channel, Origin
from elkmon.shipping.documents import Predicted
from elkmon.shipping.parts import LONGEST_SECONDS
from elkmon.values import TEXT_LIMIT, as_number


class Shorthand:
    """
    Encodes the ordinary predictions of one model version.

    Args:
        model: the `elkmon.model` part of their documents.
    """

    __slots__ = ("_model", "_origin", "_process_and_model")

    def __init__(self, model: dict[str, str]) -> None:
        self._model = model
        self._origin: Origin | None = None
        self._process_and_model = ""

    def line(
        self,
        origin: Origin,
        channel: Channel,
        moment: str,
        id_: str,
        sequence: int,
        around: dict[str, Any] | None,
        said: Predicted,
    ) -> bytes | None:
        """Return the line of a prediction with what is `around` it, if anything; None where it takes the long way."""
        reader, features, score, scores, label, value, duration, given_id, timestamp, labels = said
        if scores is not None or given_id is not None or timestamp is not None or labels is not None:
            return None
        predicted: dict[str, str | float] = {"id": id_}
        if score is not None:
            if type(score) is not float or score - score != 0.0:  # NaN and infinities
                score = as_number(score)
                if score is None:
                    return None
            predicted["score"] = score
        if label is not None:
            if type(label) is not str or len(label) > TEXT_LIMIT:
                return None
            predicted["label"] = label
        if value is not None:
            if type(value) is not float or value - value != 0.0:
                value = as_number(value)
                if value is None:
                    return None
            predicted["value"] = value
        took = ""
        if duration is not None:
            if type(duration) is not float or not 0 <= duration < LONGEST_SECONDS:
                return None
            took = f',"duration":{int(duration * 1e9 + 0.5)}'
        given, missing = b"", b""
        if features is not None:
            encoded = reader.at_once(features)
            if encoded is None:
                return None
            given, missing = b',"features":' + encoded[0], encoded[1].missing_part
        if origin is not self._origin:
            self._prepare(origin)
        event = (
            f'{{"@timestamp":"{moment}","event":{{"id":"{id_}","sequence":{sequence}{took}}},{self._process_and_model}'
        )
        try:
            own = encoding.dumps(predicted)
        except Exception:  # noqa: BLE001  a label that is no text, which the long way knows about
            return None
        if around is None:
            return b"".join((event.encode(), own, missing, b"}", given, channel.tail))
        tail = channel.tail_without_labels if "labels" in around else channel.tail
        return b"".join((event.encode(), own, missing, b"},", encoding.dumps(around)[1:-1], given, tail))

    def _prepare(self, origin: Origin) -> None:
        """Encode what stays the same for as long as the process does."""
        own = encoding.dumps({"process": origin.process, "model": self._model})
        self._process_and_model = f'"elkmon":{own.decode()[:-1]},"prediction":'
        self._origin = origin
