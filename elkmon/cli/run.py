"""
`elkmon run`: checks by the clock until it is told to stop. One line a check; trouble is said and tried again.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from elkmon.cli.arguments import Commands, add_config, chosen_models, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.lines import described, lines_of, reason_of, show, told_line
from elkmon.cli.signals import EndedBySignal
from elkmon.config import Config
from elkmon.identity import identity
from elkmon.ports import Claim, Share, Turn
from elkmon.schedule import Clock, Job, Ticks, serve
from elkmon.windows import DAY

if TYPE_CHECKING:
    from elkmon.health import Status
    from elkmon.monitor.watching import Duty, Watch
    from elkmon.wiring import Parts

_MINUTE = timedelta(minutes=1)
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_HOST = "127.0.0.1"
Say = Callable[[str], None]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="check models by their schedules",
        description="Checks each model by its schedule, and once at the start, until SIGTERM or Ctrl-C. What cannot be checked, "
        "as Elasticsearch is away, is tried again within minutes; when that lasts, one notice says so, and one its end. Any "
        "number of them may run at a time.",
    )
    parser.add_argument("model", nargs="*", help="which models (default: all that are configured)")
    add_config(parser)
    parser.add_argument("--status-file", type=Path, metavar="FILE", help="keep how it stands in FILE, as JSON")
    parser.add_argument(
        "--listen",
        type=address,
        metavar="HOST:PORT",
        help=f"answer GET /health there: 200 when all is well, else 503; a PORT alone is on {_HOST}",
    )
    parser.set_defaults(command=run)


def address(text: str) -> tuple[str, int]:
    """
    Return host and port that `text` names.

    >>> address("9108"), address(":9108"), address("0.0.0.0:80"), address("[::1]:9108")
    (('127.0.0.1', 9108), ('127.0.0.1', 9108), ('0.0.0.0', 80), ('::1', 9108))
    """
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as {_HOST}:9108")
    return host.strip("[]") or _HOST, int(port)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until a signal comes."""
    config = read_config(arguments)
    models = chosen_models(config, arguments.model)
    with EndedBySignal():
        serve_checks(config, models, status_file=arguments.status_file, listen=arguments.listen)
    _say(datetime.now(UTC), "stopped")
    return ExitCode.HEALTHY


def serve_checks(
    config: Config,
    models: Sequence[str],
    *,
    clock: Clock | None = None,
    parts: Parts | None = None,
    status_file: Path | None = None,
    listen: tuple[str, int] | None = None,
) -> NoReturn:
    """
    Check `models` by the schedules of `config` until an exception (that of a signal handler) ends it.

    Args:
        config, models: what is watched, and which part of it.
        clock: what time it is; the world's unless given. Schedules, checks, pauses and notices go by it, leases do not.
        parts: what checks; made from `config` unless given.
        status_file, listen: where it says how it stands.

    Raises:
        ConfigurationError: when a schedule never comes, or it cannot say there how it stands.
        MissingExtra: without APScheduler.
    """
    from elkmon.health import examine
    from elkmon.monitor.watching import Watch
    from elkmon.wiring import connect

    clock = clock or Clock()
    parts = parts or connect(config)
    now = clock.now

    def say(line: str) -> None:
        _say(now(), line)

    duties = duties_of(config, models)
    watch = Watch(
        parts.monitor,
        parts.notifiers,
        [duty for _, duty in duties],
        clock=now,
        unjudged_after=config.monitor.unjudged_after,
    )
    ticks_of = {duty: ticks for ticks, duty in duties}

    def examined() -> Status:
        return examine(watch.state, ticks_of, parts.owner, os.getpid(), now())

    with ExitStack() as stack:
        beat = _observe(stack, examined, say, status_file, listen)
        checks = [Job(ticks, Check(watch, duty, say, beat)) for ticks, duty in beginning_at(parts.owner, duties)]
        notices = Job(Ticks(every=_MINUTE), lambda _: tell_of_trouble(watch, say))
        chores = Job(Ticks(every=DAY), keep_house(config, parts, say, now))
        for ticks, duty in duties:
            say(f"watching {described(duty)}: {ticks}")
        serve([*checks, notices, chores], clock)


def duties_of(config: Config, models: Sequence[str]) -> list[tuple[Ticks, Duty]]:
    """
    Return what is to be checked together, and when: models of one schedule and share, so what changed in them is one mail.

    The most frequent schedule comes first, and in it the first share; the same in all processes of one configuration.
    """
    from elkmon.monitor.watching import Duty

    groups: dict[Ticks, list[str]] = defaultdict(list)
    for entry in config.models:
        if entry.settings.name in models:
            groups[Ticks(entry.schedule.cron, entry.schedule.every)].append(entry.settings.name)
    settings = {entry.settings.name: entry.settings for entry in config.models}
    duties: list[tuple[Ticks, Duty]] = []
    for ticks in sorted(groups, key=lambda each: (_length(each), str(each))):
        # Whoever is configured otherwise does something else: its turn has another name.
        name = f"{ticks}: {identity(*(repr(settings[each]) for each in groups[ticks]))}"
        for index in range(config.monitor.shares):
            share = Share(index, config.monitor.shares)
            if held := tuple(each for each in groups[ticks] if share.holds(each)):
                duties.append((ticks, Duty(held, Turn(share, name))))
    return duties


def beginning_at(owner: str, duties: Sequence[tuple[Ticks, Duty]]) -> list[tuple[Ticks, Duty]]:
    """Return `duties` share by share, beginning at a share of the owner's own, so that several processes spread."""
    start = int(identity(owner)[:8], 16)
    return sorted(duties, key=lambda each: (each[1].turn.share.index - start) % each[1].turn.share.of)


@dataclass(frozen=True, slots=True)
class Check:
    """A duty as a job: checked when it is due, told in lines. Survives whatever goes wrong, except the end by a signal."""

    watch: Watch
    duty: Duty
    say: Say
    beat: Callable[[], None]

    def __call__(self, due: datetime) -> timedelta | None:
        """Check for the tick `due`; return after how long it is to be tried again, if at all."""
        attempt = self.watch.check(self.duty, due)
        for line in lines_of(attempt):
            self.say(line)
        if attempt.error is not None:
            show(attempt.error)
        tell_of_trouble(self.watch, self.say)
        self.beat()
        return attempt.again


def tell_of_trouble(watch: Watch, say: Say) -> None:
    """Have told what is to be told of outages, and say how that went."""
    try:
        told = watch.speak()
    except Exception as error:  # noqa: BLE001 - a notifier's mistake must not end the watching
        say(f"a notice could not be told: {reason_of(error)}")
        show(error)
        return
    for each in told:
        say(told_line(each))


def keep_house(
    config: Config, parts: Parts, say: Say, now: Callable[[], datetime]
) -> Callable[[datetime], timedelta | None]:
    """Return what does a day's housekeeping, by one monitor for all; what goes wrong is said and tried again."""
    from elkmon.monitor.watching import LONGEST_PAUSE
    from elkmon.wiring import housekeeping

    def keep(due: datetime) -> timedelta | None:
        turn = Turn(Share(0, config.monitor.shares), "housekeeping", due)
        try:
            with parts.journal.hold(parts.owner, turn) as hold:
                if hold.claim is Claim.BUSY:
                    return LONGEST_PAUSE
                if hold.claim is Claim.HELD:
                    chores = housekeeping(config, now(), require=hold.require)
                    hold.complete()
                    say(f"housekeeping: {len(chores)} things done" if chores else "housekeeping: nothing is due")
        except Exception as error:  # noqa: BLE001 - a monitor that dies of its housekeeping watches nothing any more
            say(f"housekeeping: {reason_of(error)}; tried again in {LONGEST_PAUSE.total_seconds():.0f} s")
            show(error)
            return LONGEST_PAUSE
        return None

    return keep


def _observe(
    stack: ExitStack,
    examined: Callable[[], Status],
    say: Say,
    status_file: Path | None,
    listen: tuple[str, int] | None,
) -> Callable[[], None]:
    """Say how it stands where that was asked for; return what says that something happened."""
    from elkmon.health import Heartbeat, Server, health_page, json_of

    if listen is not None:
        server = stack.enter_context(Server(*listen, {"/health": lambda: health_page(examined())}))
        say(f"answering on http://{listen[0] if ':' not in listen[0] else f'[{listen[0]}]'}:{server.port}/health")
    if status_file is None:
        return lambda: None
    return stack.enter_context(Heartbeat(status_file, lambda: json_of(examined()), say)).beat


def _length(ticks: Ticks) -> timedelta:
    """Return how far apart two ticks of it are, the same whenever it is asked."""
    first = ticks.next(_ANY_DAY)
    return ticks.next(first) - first


def _say(at: datetime, line: str) -> None:
    print(f"{at:%Y-%m-%dT%H:%M:%SZ} {line}", flush=True)
