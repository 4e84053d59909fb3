"""
The story from the first flight to the last mail: the parts are set up, half a year is lived week by week, and the end is told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from tqdm import tqdm

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.checks import ModelSettings
from elkmon.config import FILE_NAME, Config
from elkmon.demo import WEEKS
from elkmon.demo import flights as data
from elkmon.demo.configuration import LABELS_AFTER, write_configuration
from elkmon.demo.ending import closing_text
from elkmon.demo.flights import Flights
from elkmon.demo.mailbox import Mailbox
from elkmon.demo.model import DelayModel, auc, out_of_fold_scores, train, write_reference
from elkmon.demo.service import CATEGORICAL_CODES, MODEL, VERSION, DelayService
from elkmon.demo.weeks import Week
from elkmon.embedded import EmbeddedElasticsearch
from elkmon.errors import ConfigurationError, ElkmonError
from elkmon.presentation import report as presentation
from elkmon.reference_files import baseline_from_file
from elkmon.windows import WEEK, Window
from elkmon.wiring import Parts, connect, set_up

SAMPLE = 60_000
FLUSH_SECONDS = 60.0

Say = Callable[[str], None]


def tell(*, output: Path, keep: bool, version: str, weeks: range, seed: int, say: Say) -> int:
    """Run the demo and live `weeks`, numbered from 0 at the first of April; see `elkmon.demo.run`."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"--output {output}: the folder cannot be made ({error.strerror}); name another"
        ) from error
    reference = output / "reference.csv"
    started = time.monotonic()
    with ExitStack() as stack:
        with _step(say, "1. Elasticsearch", f"starting a real node, version {version}, from pip packages"):
            node = stack.enter_context(EmbeddedElasticsearch(version=version, log=say))
            mailbox = stack.enter_context(Mailbox(output / "mails"))
            config = write_configuration(output, node.url, mailbox.port)
            set_up(config.store)
        with _step(say, "2. A model", "learns from January to March 2013 which flights out of New York arrive late"):
            model, production = _prepare(reference, seed, say)
        with _step(say, "3. A baseline", f"from {reference.name}, counted by the hour"):
            parts = connect(config)
            _make_baseline(parts, config.models[0].settings, reference, say)
        say(f"\n4. {len(production):,} flights from April on, served in their order; a check every Monday at noon")
        lived = list(_live(config, parts, mailbox, model, production, weeks, say))
        with _step(say, "5. The report", "of the whole period"):
            page = output / "report.html"
            span = Window(lived[0].window.start, lived[-1].window.end)
            told = parts.monitor.report(span, lived[-1].report.run.at)
            page.write_text(presentation.page(told), encoding="utf-8")
        unknown = production.between(span.start, span.end)
        say(
            closing_text(
                lived,
                parts.journal.stories().alerts,
                len(unknown) - len(unknown.arrived()),
                output,
                page,
                time.monotonic() - started,
            )
        )
        if keep:
            _keep(node.url, output, say)
    return 0


def _prepare(reference: Path, seed: int, say: Say) -> tuple[DelayModel, Flights]:
    """Train the model, write the reference file, and return the model with the flights it is to serve."""
    everything = data.load(seed)
    past = everything.between(datetime(2013, 1, 1, tzinfo=UTC), data.PRODUCTION_START).arrived()
    scores = out_of_fold_scores(past, seed)
    write_reference(past, scores, reference)
    say(f"   {len(past):,} flights, ROC AUC {auc(past, scores):.3f} on days it had not seen (out of fold)")
    future = everything.between(data.PRODUCTION_START, data.PRODUCTION_START + WEEKS * WEEK)
    served = future.sample(SAMPLE, seed).with_kilometres(data.FAULT_START, data.FAULT_ORIGIN)
    return train(past, seed), served


def _make_baseline(parts: Parts, settings: ModelSettings, reference: Path, say: Say) -> None:
    baseline = baseline_from_file(
        reference,
        model=MODEL,
        version=VERSION,
        now=data.PRODUCTION_START,
        categorical=CATEGORICAL_CODES,
        positive_label=settings.positive_label,
        segments=settings.segments,
        settings=settings,
    )
    parts.journal.save([baseline])
    say(f"   {baseline.total.predictions:,} predictions in {len(baseline.hours):,} hours; id {baseline.id}")
    for note in baseline.notes:
        say(f"   note: {note}")


def _live(
    config: Config, parts: Parts, mailbox: Mailbox, model: DelayModel, flights: Flights, weeks: range, say: Say
) -> Iterator[Week]:
    """Live `weeks`; each ends with the check that the scheduler would make."""
    windows = [Window(data.PRODUCTION_START + week * WEEK, data.PRODUCTION_START + (week + 1) * WEEK) for week in weeks]
    start, end = windows[0].start, windows[-1].end + LABELS_AFTER
    events = len(flights.between(start, end)) + len(flights.arrived().between(start, end))
    with (
        _handler(config) as handler,
        tqdm(total=events, unit=" events", disable=None, leave=False, delay=1) as bar,
    ):
        log = ModelLog(MODEL, VERSION, handler=handler, categorical=CATEGORICAL_CODES)
        service = DelayService(model, log, flights, start)
        for window in windows:
            before = (service.predicted, service.outcomes, len(mailbox.mails))
            at = window.end + LABELS_AFTER
            for logged in service.live_until(at):
                bar.update(logged)
            if not handler.flush(FLUSH_SECONDS) or handler.stats().dropped:
                raise ElkmonError(f"events did not arrive in Elasticsearch: {handler.stats()}")
            report = parts.monitor.check(at, explicit=True)
            week = Week(
                window,
                service.predicted - before[0],
                service.outcomes - before[1],
                report,
                tuple(mailbox.mails[before[2] :]),
            )
            bar.clear()
            _tell_week(week, say)
            bar.refresh()
            yield week


@contextmanager
def _handler(config: Config) -> Iterator[PredictionHandler]:
    handler = PredictionHandler(
        ElasticsearchTransport(config.store.hosts[0]), namespace=config.store.namespace, service="flight-desk"
    )
    try:
        yield handler
    finally:
        handler.close()


def _tell_week(week: Week, say: Say) -> None:
    told = "; ".join(f"mail: {mail.subject}" for mail in week.mails) or "nothing new, no mail"
    planted = "   (the planted fault begins)" if week.window.start == data.FAULT_START else ""
    say(f"   {week.window}  {week.predictions:5,} flights, {week.outcomes:5,} outcomes; {told}{planted}")
    for problem in week.report.problems:
        say(f"      could not judge: {problem}")
    for failed in week.report.undelivered:
        say(f"      could not deliver: {failed.notifier}: {failed.error}")


@contextmanager
def _step(say: Say, title: str, what: str) -> Iterator[None]:
    say(f"\n{title}: {what} …")
    started = time.monotonic()
    yield
    say(f"   done in {time.monotonic() - started:.0f} s")


def _keep(url: str, output: Path, say: Say) -> None:
    """Wait until interrupted, with everything still running."""
    program, config = sys.argv[0], output / FILE_NAME
    say(
        f"\nStill running: Elasticsearch at {url}. In another terminal:\n"
        f"   {program} report -c {config} --from 2013-04-01 --to 2013-09-30\n"
        f"   {program} alerts -c {config}\n"
        f"   {program} check -c {config} --at 2013-09-30T12:00Z --all\n"
        f"   curl '{url}/logs-elkmon.prediction-demo/_search?pretty&size=1'\n"
        f"Ctrl-C ends it; the data of the node go with it."
    )
    try:
        Event().wait()
    except KeyboardInterrupt:
        say("\nEnded.")
