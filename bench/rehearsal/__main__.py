"""
`python -m bench.rehearsal --minutes 30`: an undisturbed run of some weeks without waiting, then the same weeks by a fast clock
while Elasticsearch, the mail server and the monitor are killed at random; ends with 1 where the two differ.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rehearsal.accounts import Account, account, post
from bench.rehearsal.clocks import Over, Pace, Skipping
from bench.rehearsal.mailbox import mails
from bench.rehearsal.story import AFTERMATH, BEGIN, MODELS, REFERENCE, configuration, send, span_of
from bench.rehearsal.verdict import Verdict
from bench.rehearsal.victims import Fate, Node, Program, Torment, free_port
from elkmon import config
from elkmon.cli.run import serve_checks
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.ports import DeliveryState
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import HOUR, Window

QUIET, LOUD = "quiet", "loud"
SETTLING = 36 * HOUR
"""How long after the time that is looked at all that belongs to it has been said: the latest truth comes after thirty hours."""

_TELL_EVERY = 10.0
_FATES = {
    "Elasticsearch": Fate(up=(25, 90), down=(1, 15)),
    "mail server": Fate(up=(10, 50), down=(1, 25)),
    "monitor": Fate(up=(3, 45), down=(0, 5)),
}


def main() -> int:
    """Run it; return 1 where the two runs differ."""
    parser = argparse.ArgumentParser(prog="python -m bench.rehearsal", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the torment lasts (default: 30)")
    parser.add_argument(
        "--speed", type=float, default=1_440.0, help="how fast the clock goes (default: 1440: an hour in 2.5 s)"
    )
    parser.add_argument("--seed", type=int, default=7, help="of when what is killed (default: 7)")
    parser.add_argument("--keep", type=Path, help="a folder for configurations, logs and mails (default: none is kept)")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if arguments.keep is None:
            temporary = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
        else:
            folder = arguments.keep.absolute()
            folder.mkdir(parents=True)
        verdict = _rehearse(folder, arguments.minutes, arguments.speed, arguments.seed)
    print(verdict.table())
    return 1 if verdict.differences else 0


def _rehearse(folder: Path, minutes: float, speed: float, seed: int) -> Verdict:
    span = span_of(minutes, speed)
    _say(
        f"{span.length.days} days of {len(MODELS)} models, an hour in {HOUR.total_seconds() / speed:.1f} s, seed {seed}"
    )
    node = Node(folder / "data")
    node.start()
    try:
        for namespace in (QUIET, LOUD):
            _prepare(node.url, namespace, span)
        _say("the undisturbed run")
        quiet = _run_quietly(folder, node, span)
        _say(
            f"it ended with {len(quiet.findings):,} findings and {len(quiet.transitions)} transitions; now the torment"
        )
        return _torment(folder, node, span, quiet, speed, seed)
    finally:
        node.stop()


def _prepare(url: str, namespace: str, span: Window) -> None:
    with connect([url]) as store:
        setup(store, namespace)
        events = send(url, namespace, span.end + AFTERMATH)
        event_log, journal = ElasticsearchEventLog(store, namespace), ElasticsearchJournal(store, namespace)
        settings = {each.settings.name: each.settings for each in _configured(url, namespace, 1).models}
        positive = {name: each.positive_label for name, each in settings.items() if each.positive_label}
        for model in MODELS:
            journal.save(
                [baseline_from_window(event_log, model, "1", REFERENCE, BEGIN, positive_labels=positive, segments={})]
            )
    _say(f"{namespace}: {events:,} events, a baseline for each model")


def _run_quietly(folder: Path, node: Node, span: Window) -> Account:
    mailbox, program = _mailbox(folder, QUIET)
    program.start()
    try:
        settings = _configured(node.url, QUIET, mailbox)
        with (folder / "quiet.log").open("w") as log, contextlib.redirect_stdout(log), contextlib.suppress(Over):
            serve_checks(settings, MODELS, clock=Skipping(span.start, span.end + SETTLING))
    finally:
        program.kill()
    with _journal(node.url, QUIET) as journal:
        return account(journal, span)


def _torment(folder: Path, node: Node, span: Window, quiet: Account, speed: float, seed: int) -> Verdict:
    mailbox, mail_server = _mailbox(folder, LOUD)
    path = folder / "elkmon.toml"
    path.write_text(configuration(node.url, LOUD, mailbox), encoding="utf-8")
    mail_server.start()
    pace = Pace(span.start, time.time(), speed)
    log = folder / "loud.log"
    monitor = Program("watcher", [str(path), pace.start.isoformat(), str(pace.began), str(speed)], log)
    monitor.start()
    victims = {"Elasticsearch": node, "mail server": mail_server, "monitor": monitor}
    torments = {name: Torment(name, victim, _FATES[name], seed) for name, victim in victims.items()}
    try:
        for torment in torments.values():
            torment.start()
        _let_pass(pace, span, torments)
        for torment in torments.values():
            torment.stop()
        _say("no more kills; it catches up")
        settled = _settles(node.url, pace, span, log)
    finally:
        for torment in torments.values():
            torment.stop()
        monitor.stop()
        mail_server.kill()
    with _journal(node.url, LOUD) as journal:
        loud = account(journal, span)
    said = log.read_text(encoding="utf-8")
    checks = len(re.findall(r"Z checked ", said)), len(re.findall(r"Z could not check ", said))
    kills = {name: torment.kills for name, torment in torments.items()}
    return Verdict(quiet, loud, post(mails(folder / f"mails-{LOUD}"), loud.deliveries), kills, checks, settled)


def _let_pass(pace: Pace, span: Window, torments: dict[str, Torment]) -> None:
    while pace.now() < span.end:
        left = (span.end - pace.now()).total_seconds() / pace.speed
        time.sleep(min(left, _TELL_EVERY))
        kills = ", ".join(f"{name} {torment.kills}" for name, torment in torments.items())
        _say(f"{pace.now():%Y-%m-%d %H:%M}, {left:4.0f} s to go; killed: {kills}")


def _settles(url: str, pace: Pace, span: Window, log: Path) -> bool:
    """Wait until a check was done after all had been said, and everything that it said was told; return whether that came."""
    with _journal(url, LOUD) as journal:
        while pace.now() < span.end + AFTERMATH - SETTLING:
            time.sleep(1)
            done = re.findall(r"^(\S+Z) checked ", log.read_text(encoding="utf-8"), re.MULTILINE)
            late_enough = bool(done) and done[-1] >= f"{span.end + SETTLING + HOUR:%Y-%m-%dT%H:%M:%SZ}"
            if late_enough and all(each.state is DeliveryState.DONE for each in journal.stories().deliveries):
                return True
    return False


def _mailbox(folder: Path, namespace: str) -> tuple[int, Program]:
    mailbox = folder / f"mails-{namespace}"
    mailbox.mkdir()
    port = free_port()
    return port, Program("mailbox", [str(port), str(mailbox)], folder / f"mails-{namespace}.log", port)


def _configured(url: str, namespace: str, mail_port: int) -> config.Config:
    return config.parse(configuration(url, namespace, mail_port), Path())


@contextlib.contextmanager
def _journal(url: str, namespace: str) -> Iterator[ElasticsearchJournal]:
    with connect([url], timeout=60) as store:
        yield ElasticsearchJournal(store, namespace)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
