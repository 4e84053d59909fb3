"""
Long work as a bar on standard error, where somebody sits before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm  # noqa: TID251 this is its room in the command line


@contextmanager
def shown_progress() -> Iterator[Callable[[str, int, int], None]]:
    """
    Yield what long work may call with what it does, how much is done and how much there is; nothing is left on screen.

    Without the extra that brings bars there are none.
    """
    try:
        from tqdm import tqdm  # noqa: TID251 as above
    except ModuleNotFoundError:
        yield lambda *_: None
        return

    bars: dict[str, tqdm[NoReturn]] = {}

    def show(what: str, done: int, total: int) -> None:
        if what not in bars:
            close()
            bars[what] = tqdm(desc=what, total=total, disable=None, leave=False, delay=1)
        bars[what].update(done - bars[what].n)

    def close() -> None:
        while bars:
            bars.popitem()[1].close()

    try:
        yield show
    finally:
        close()
