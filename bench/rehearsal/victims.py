"""What is killed at random, and started again: Elasticsearch, the mail server, the monitor."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from elkmon.embedded import EmbeddedElasticsearch


class Victim(Protocol):
    """Something that runs, and can be killed and started."""

    def start(self) -> None:
        """Start it, and wait until it is there."""

    def kill(self) -> None:
        """End it at once, by SIGKILL."""


class Node:
    """An Elasticsearch that keeps its data."""

    def __init__(self, data: Path) -> None:
        self._node = EmbeddedElasticsearch(port=free_port(), data=data, heap="1g")

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._node.url

    def start(self) -> None:
        """Start it."""
        self._node.start()

    def kill(self) -> None:
        """Kill it."""
        os.kill(self._node.pid, signal.SIGKILL)
        self._node.stop()

    def stop(self) -> None:
        """End it in order."""
        self._node.stop()


class Program:
    """A module of this folder as a process; what it prints is added to `log`. With a `port`, it is there when that answers."""

    def __init__(self, module: str, arguments: Sequence[str], log: Path, port: int | None = None) -> None:
        self._command = [sys.executable, "-m", f"bench.rehearsal.{module}", *arguments]
        self._log = log
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        while self._port is not None and not _answers(self._port):
            if self._process.poll() is not None:
                raise RuntimeError(f"{self._command[2]} ended with {self._process.returncode}: see {self._log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()


@dataclass(frozen=True, slots=True)
class Fate:
    """How long, in seconds, something is up between two ends, and down after one: at least and at most."""

    up: tuple[float, float]
    down: tuple[float, float]


class Torment(threading.Thread):
    """Kills one victim again and again and starts it, until told to stop; it is up then."""

    def __init__(self, name: str, victim: Victim, fate: Fate, seed: int) -> None:
        super().__init__(name=name)
        self._victim = victim
        self._fate = fate
        self._chance = random.Random(f"{seed} {name}")
        self._over = threading.Event()
        self.kills = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Torment."""
        try:
            while not self._over.wait(self._chance.uniform(*self._fate.up)):
                self._victim.kill()
                self.kills += 1
                self._over.wait(self._chance.uniform(*self._fate.down))
                self._victim.start()
        except Exception as error:  # noqa: BLE001 told by who waits for this thread
            self.failure = error

    def stop(self) -> None:
        """Let it be; raise what went wrong with starting it."""
        self._over.set()
        self.join()
        if self.failure is not None:
            raise self.failure


def free_port() -> int:
    """Take one below those the system gives to connections: nobody else gets it while its server is down."""
    for port in random.SystemRandom().sample(range(21_000, 30_000), 200):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise OSError("no port is free between 21000 and 30000")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
