"""
Questions about many models at once, and one by one where one of them stands in the way of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from elkmon.errors import StaleWriter, StoreError, StoreUnreachable

_Answer = TypeVar("_Answer")


def together_or_alone(
    models: Sequence[str], ask: Callable[[Sequence[str]], _Answer]
) -> tuple[list[_Answer], dict[str, StoreError]]:
    """
    Return what `ask` answers about `models`, asked together; where that is refused, about each alone, and whose is refused.

    Raises:
        StoreUnreachable, StaleWriter: which are nobody's own trouble.
    """
    if not models:
        return [], {}
    try:
        return [ask(models)], {}
    except (StoreUnreachable, StaleWriter):
        raise
    except StoreError:
        answers: list[_Answer] = []
        refused: dict[str, StoreError] = {}
        for model in models:
            try:
                answers.append(ask([model]))
            except (StoreUnreachable, StaleWriter):
                raise
            except StoreError as error:
                refused[model] = error
        return answers, refused
