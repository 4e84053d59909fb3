"""Documents as the handler writes them, of models made up here: always the same ones, many at a time, loaded by threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import orjson
from elasticsearch import Elasticsearch
from tqdm import tqdm

from elkmon.windows import Window

SEED = 20_260_301
VERSION = "1"
POSITIVE, NEGATIVE = "yes", "no"

_LEVELS = (4, 6, 8, 10, 12)
_ROWS_A_REQUEST = 1_000
_LOADERS = 2
_MICROSECONDS = 1_000_000

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model is asked: so many numeric features, and so many categorical ones."""

    numeric: int
    categorical: int

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numeric features."""
        return tuple(f"n{place}" for place in range(self.numeric))

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categorical features."""
        return tuple(f"c{place}" for place in range(self.categorical))


REPORTED = Shape(20, 5)


@dataclass(frozen=True, slots=True)
class Load:
    """
    So many `rows` of one model, evenly over `window`; of a binary classifier whose score does not drift.

    With `drifted`, n0 is half a standard deviation higher, n1 half as wide again, n2 a tenth of one higher, and a tenth of
    c0's rows have another level; everything else is as it was.
    """

    model: str
    shape: Shape
    window: Window
    rows: int
    drifted: bool = False
    place: int = 0

    def requests(self, *, truth: bool = False) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Yield bodies of bulk requests, not made yet, each with how many documents: predictions, or what turned out true."""
        for start in range(0, self.rows, _ROWS_A_REQUEST):
            count = min(_ROWS_A_REQUEST, self.rows - start)
            yield count, self._truths(start, count) if truth else self._predictions(start, count)

    def _predictions(self, start: int, count: int) -> Iterator[bytes]:
        chance, scores = self._scores(start, count)
        numbers = [values.round(4).tolist() for values in self._numbers(chance, count)]
        levels = [values.tolist() for values in self._levels(chance, count)]
        durations = chance.lognormal(15, 0.3, count).astype(int).tolist()
        times = self._times(start, count)
        for row, (name, sequence) in enumerate(self._names(start, count)):
            label = POSITIVE if scores[row] > 0.5 else NEGATIVE
            yield b'{"create":{"_id":"%b"}}' % name.encode()
            yield orjson.dumps(
                {
                    "@timestamp": times[row],
                    "event": {"id": name, "sequence": sequence, "duration": durations[row]},
                    "service": {"name": "bench"},
                    "elkmon": {
                        "process": f"{self.model}-{self.window.start:%Y%m%d%H}",
                        "model": {"name": self.model, "version": VERSION},
                        "prediction": {"id": name, "score": scores[row], "label": label},
                    },
                    "features": {
                        "num": {each: values[row] for each, values in zip(self.shape.numbers, numbers, strict=True)},
                        "cat": {
                            each: f"level {values[row]}"
                            for each, values in zip(self.shape.categories, levels, strict=True)
                        },
                    },
                }
            )

    def _truths(self, start: int, count: int) -> Iterator[bytes]:
        chance, scores = self._scores(start, count)
        happened = chance.random(count) < np.array(scores)
        times = self._times(start, count)
        for row, (name, _) in enumerate(self._names(start, count)):
            yield b'{"create":{"_id":"%b-truth"}}' % name.encode()
            yield orjson.dumps(
                {
                    "@timestamp": times[row],
                    "event": {"id": f"{name}-truth"},
                    "elkmon": {
                        "model": {"name": self.model},
                        "prediction": {"id": name},
                        "outcome": {"label": POSITIVE if happened[row] else NEGATIVE},
                    },
                }
            )

    def _scores(self, start: int, count: int) -> tuple[np.random.Generator, list[float]]:
        chance = np.random.default_rng([SEED, self.place, int(self.window.start.timestamp()), start])
        return chance, chance.beta(2, 3, count).round(4).tolist()

    def _times(self, start: int, count: int) -> list[str]:
        first = int(self.window.start.timestamp() * _MICROSECONDS)
        step = self.window.length.total_seconds() * _MICROSECONDS / self.rows
        instants = (first + (start + np.arange(count)) * step).astype("datetime64[us]")
        return [f"{each}Z" for each in np.datetime_as_string(instants, unit="ms").tolist()]

    def _names(self, start: int, count: int) -> Iterator[tuple[str, int]]:
        first = int(self.window.start.timestamp() / 3600) * 1_000_000 + start
        for sequence in range(first, first + count):
            yield f"{self.model}-{sequence:x}", sequence

    def _numbers(self, chance: np.random.Generator, count: int) -> Iterator[Numbers]:
        for place in range(self.shape.numeric):
            values = chance.normal(10 * (place % 7), 1.0, count) if place % 3 else chance.lognormal(0, 0.5, count)
            if self.drifted and place < 3:
                middle, spread = (10 * (place % 7), 1.0) if place % 3 else (np.exp(0.125), 0.604)
                values += (0.5 * spread, 0.0, 0.1 * spread)[place]
                values = middle + (values - middle) * (1.5 if place == 1 else 1.0)
            yield values

    def _levels(self, chance: np.random.Generator, count: int) -> Iterator[npt.NDArray[np.int64]]:
        for place in range(self.shape.categorical):
            shares = 1.0 / np.arange(1, 1 + _LEVELS[place % len(_LEVELS)])
            values = chance.choice(len(shares), count, p=shares / shares.sum())
            if self.drifted and place == 0:
                values[chance.random(count) < 0.1] = len(shares) - 1
            yield values


def load(url: str, namespace: str, loads: Sequence[Load], what: str, *, truth: bool = False) -> None:
    """Write all of `loads` into their stream of `namespace`, predictions or what turned out true, and make them visible."""
    index = f"logs-elkmon.{'feedback' if truth else 'prediction'}-{namespace}"
    with (
        Elasticsearch(url, request_timeout=300) as client,
        ThreadPoolExecutor(_LOADERS) as pool,
        tqdm(total=sum(each.rows for each in loads), unit=" docs", desc=what, leave=False, disable=None) as bar,
    ):

        def send(lines: Iterator[bytes]) -> None:
            answer = client.bulk(index=index, operations=list(lines), filter_path=["errors", "items.*.error"])
            if answer["errors"]:
                raise RuntimeError(f"the node refused documents, the first with {next(iter(answer['items']))}")

        under_way: deque[tuple[int, Future[None]]] = deque()
        for each in loads:
            for count, lines in each.requests(truth=truth):
                under_way.append((count, pool.submit(send, lines)))
                if len(under_way) > 2 * _LOADERS:
                    _wait(under_way, bar)
        while under_way:
            _wait(under_way, bar)
        client.indices.refresh(index=index)


def _wait(under_way: deque[tuple[int, Future[None]]], bar: tqdm[NoReturn]) -> None:
    done, future = under_way.popleft()
    future.result()
    bar.update(done)
