"""One run of the bench: its sizes, its seeds, its progress, and the figures found so far."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from bench.statistics.peers import Peers

Job = TypeVar("Job")
Answer = TypeVar("Answer")

SEED = 20_130_101
CORES = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page, with notes above and remarks (one line each) below it."""

    title: str
    notes: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    remarks: Sequence[str] = ()


@dataclass(slots=True)
class Session:
    """
    What the tables share.

    Attributes:
        quick: whether to try out only.
        peers: the other libraries, in their own environment.
        figures: by name, for the page's summary.
    """

    quick: bool
    peers: Peers
    figures: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Show progress."""
        sys.stderr.write(f"[{time.monotonic() - self.begun:4.0f} s] {text}\n")
        sys.stderr.flush()

    def sized(self, full: int, quick: int) -> int:
        """Choose a count."""
        return quick if self.quick else full

    def spread(self, what: str, work: Callable[[Job], Answer], jobs: Iterable[Job]) -> list[Answer]:
        """Return the answers of `work` to the jobs, in order, by two processes."""
        listed = list(jobs)
        answers: list[Answer] = []
        with ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("fork")) as pool:
            for number, answer in enumerate(pool.map(work, listed), start=1):
                answers.append(answer)
                if number % max(len(listed) // 5, 1) == 0:
                    self.say(f"{what}: {number} of {len(listed)}")
        return answers


def generator(*place: int) -> np.random.Generator:
    """Return the random numbers of one place of the bench: the same in every run, unlike those of any other place."""
    return np.random.default_rng([SEED, *place])


def share(part: float, whole: float, digits: int = 1) -> str:
    """Write a share in per cent."""
    return f"{100 * part / whole:.{digits}f} %" if whole else "–"
