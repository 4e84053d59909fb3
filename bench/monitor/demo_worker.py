"""The process in which the demo's model lives its weeks, each checked when its truth is in; nobody is mailed."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.monitor.elkmon_worker import Answer, measured
from bench.monitor.gauge import gauged
from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.config import FILE_NAME, Config, load
from elkmon.demo import flights as data
from elkmon.demo.configuration import LABELS_AFTER, write_configuration
from elkmon.demo.model import out_of_fold_scores, train, write_reference
from elkmon.demo.service import CATEGORICAL_CODES, MODEL, VERSION, DelayService
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, usage_of
from elkmon.monitor import Monitor
from elkmon.reference_files import baseline_from_file
from elkmon.windows import WEEK
from elkmon.wiring import set_up

_SAMPLE = 60_000
_SEED = 7
_FLUSH_SECONDS = 60.0
_NO_MAIL = 1


def lived(url: str, folder: str, weeks: int) -> Answer:
    """Live so many weeks and check each but the last one, whose instant to be checked at is said."""
    config = _configured(url, Path(folder))
    set_up(config.store)
    everything = data.load(_SEED)
    past = everything.between(datetime(2013, 1, 1, tzinfo=UTC), data.PRODUCTION_START).arrived()
    write_reference(past, out_of_fold_scores(past, _SEED), Path(folder) / "reference.csv")
    end = data.PRODUCTION_START + 26 * WEEK
    served = everything.between(data.PRODUCTION_START, end).sample(_SAMPLE, _SEED)
    served = served.with_kilometres(data.FAULT_START, data.FAULT_ORIGIN)
    settings = config.models[0].settings
    client = connect(config.store.hosts, timeout=120)
    journal = ElasticsearchJournal(client, config.store.namespace)
    journal.save(
        [
            baseline_from_file(
                Path(folder) / "reference.csv", model=MODEL, version=VERSION, now=data.PRODUCTION_START,
                categorical=CATEGORICAL_CODES, positive_label=settings.positive_label, segments=settings.segments,
                settings=settings,
            )
        ]
    )  # fmt: skip
    monitor = Monitor(
        ElasticsearchEventLog(client, config.store.namespace), journal, (), [settings], horizon=config.horizon
    )
    checks = []
    with closing(PredictionHandler(ElasticsearchTransport(url), namespace=config.store.namespace)) as handler:
        log = ModelLog(MODEL, VERSION, handler=handler, categorical=CATEGORICAL_CODES)
        service = DelayService(train(past, _SEED), log, served, data.PRODUCTION_START)
        for week in range(weeks):
            at = data.PRODUCTION_START + (week + 1) * WEEK + LABELS_AFTER
            for _ in service.live_until(at):
                pass
            if not handler.flush(_FLUSH_SECONDS):
                raise RuntimeError("events did not arrive")
            if week == weeks - 1:
                return {"checks": checks, "at": _written(at), "configuration": str(Path(folder) / FILE_NAME)}
            before = usage_of(client)
            with gauged() as taken:
                report = monitor.check(at, explicit=True)
            changed = len(report.transitions)
            checks.append({**measured(taken, usage_of(client), before), "at": _written(at), "changed": changed})
    raise AssertionError("no weeks")


def _configured(url: str, folder: Path) -> Config:
    """Write the demo's configuration without its mail, and read it."""
    write_configuration(folder, url, _NO_MAIL)
    path = folder / FILE_NAME
    before, _, rest = path.read_text(encoding="utf-8").partition("[notifiers.mailbox]")
    path.write_text(before + "[models." + rest.partition("[models.")[2], encoding="utf-8")
    return load(path)


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")


def main() -> None:
    """Read from the command line how it is to be done."""
    print(json.dumps(lived(**json.loads(sys.argv[2]))), flush=True)


if __name__ == "__main__":
    main()
