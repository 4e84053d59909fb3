"""1: a drift report on 25 features of documents that lie in Elasticsearch, by elkmon and by its peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.monitor import workers
from bench.monitor.session import CURRENT, REFERENCE, Session, thousands
from bench.monitor.traffic import REPORTED, Load, load
from bench.monitor.workers import Failed
from bench.statistics.session import Table
from elkmon.windows import Window

PEERS = ("scipy", "NannyML", "Evidently", "whylogs")
MODEL = "report"

_REFERENCE_ROWS = 100_000
_MEGABYTE = 1e6
_DRIFTED = ("n0", "n1", "n2", "c0")
_COLUMNS = (
    "", "seconds", "of these the pull", "own processor, s", "the node's, s", "growth, MB", "moved, MB", "requests",
    "found of 4", "false of 21",
)  # fmt: skip
_NOTES = """\
Reference: 100k documents over a week. Current: {rows} over the next one. 20 numeric and 5 categorical features; drifted are n0
(half a standard deviation), n1 (scale × 1.5), n2 (a tenth of one) and c0 (a tenth of the rows). Each line is a process of its
own whose packages are imported; the node's caches of answers are emptied before it. *Growth*: memory at its height over what
the process had before. *Moved*: bodies of requests and answers. elkmon is asked for all that it does: it also watches pairs,
missing, unseen and out-of-range values, latency, scores and completeness, corrects for the number of tests, and, cold, stores
what it counted."""


def tables(session: Session) -> Iterator[Table]:
    """Pull by each way, then report by each."""
    sizes = (100_000, 1_000_000) if not session.quick else (100_000,)
    for rows in sizes:
        namespace = f"rows{thousands(rows).lower()}"
        session.node.set_up(namespace)
        loads = [Load(MODEL, REPORTED, REFERENCE, _REFERENCE_ROWS), Load(MODEL, REPORTED, CURRENT, rows, drifted=True)]
        load(session.node.url, namespace, loads, f"{thousands(rows)} rows")
        session.node.settle(f"logs-elkmon.prediction-{namespace}")
        if rows == sizes[0]:
            way, table = _ways(session, namespace)
            yield table
        yield _report(session, namespace, rows, way)


def _ways(session: Session, namespace: str) -> tuple[str, Table]:
    """Pull the reference by each way; the fastest is every peer's."""
    rows = []
    seconds: dict[str, float] = {}
    said = workers.peer("versions")
    session.versions.update(said["versions"])
    for way in said["ways"]:
        session.say(f"pulling by {way}")
        found = workers.peer("pull", way=way, source=_source(session, namespace, REFERENCE), times=3)
        seconds[way] = found["wall"]
        rows.append([way, f"{found['wall']:.1f}", f"{found['processor']:.1f}", f"{found['growth']:.0f}"])
    way = min(seconds, key=lambda each: seconds[each])
    notes = "100k documents into a table, pages of 10,000, only the 25 fields, answers read by orjson; the best of three tries."
    remarks = [
        f"By *{way}* the peers are given their rows below.",
        "ES|QL's answers as Arrow tables, and a node's `_source` of another mode, are not to be had on the embedded node.",
    ]
    return way, Table(
        "1a. The ways to pull rows", notes, ("", "seconds", "own processor, s", "growth, MB"), rows, remarks
    )


def _report(session: Session, namespace: str, rows: int, way: str) -> Table:
    size = thousands(rows)
    lines: list[list[str]] = []
    peers: dict[str, float] = {}
    cold, counted, stored = _elkmon(session, namespace, size, lines)
    for peer in PEERS:
        session.say(f"{size}: {peer}")
        before = session.node.processor
        try:
            found = workers.peer(
                "report", peer=peer, way=way,
                reference=_source(session, namespace, REFERENCE), current=_source(session, namespace, CURRENT),
            )  # fmt: skip
        except Failed as error:
            lines.append([peer, f"failed: {error}"])
            continue
        peers[peer] = found["wall"]
        lines.append(_line(peer, found, session.node.processor - before, pull=found["pull"]["wall"]))
    remarks = []
    if peers:
        fastest = min(peers, key=lambda each: peers[each])
        for name, seconds in (("cold", cold), ("counted", counted), ("profiles", stored)):
            session.figures[f"ratio {name} {size}"] = peers[fastest] / seconds
        times = [f"{peers[fastest] / each:.1f} ×" for each in (cold, counted, stored)]
        slower = "{} the seconds of elkmon cold, {} those of the check alone, {} those from stored profiles".format(
            *times
        )
        remarks = [f"The fastest peer is {fastest}: {slower}."]
    return Table(f"1b. The report on {size} rows", _NOTES.format(rows=size), _COLUMNS, lines, remarks)


def _elkmon(session: Session, namespace: str, size: str, lines: list[list[str]]) -> tuple[float, float, float]:
    """Measure elkmon; return seconds cold, of the check alone, and from stored profiles."""
    times = session.sized(3, 1)
    reference, current = _pair(REFERENCE), _pair(CURRENT)
    tried: list[tuple[Mapping[str, Any], float, str]] = []
    for number in range(times):
        session.say(f"{size}: elkmon cold, {number + 1} of {times}")
        results = f"results{namespace}{number}"
        session.node.set_up(results)
        session.node.forget_answers()
        before = session.node.processor
        options = {"url": session.node.url, "events": namespace, "results": results, "model": MODEL}
        found = workers.elkmon("elkmon_worker", "cold", **options, reference=reference, current=current)
        tried.append((found, session.node.processor - before, results))
    tried.sort(key=lambda each: each[0]["wall"])
    found, processor, results = tried[len(tried) // 2]
    checked = found["check"]
    lines.append(_line(f"elkmon, cold (middle of {times})", found, processor))
    lines.append(_line("… of it the check, the baseline being stored", {**checked, "verdicts": found["verdicts"]}))
    # The window before the judged one is asked for too, and is to be stored like it.
    options = {"url": session.node.url, "events": namespace, "results": results, "model": MODEL}
    workers.elkmon("elkmon_worker", "store", **options, current=current)
    session.node.forget_answers()
    before = session.node.processor
    again = workers.elkmon("elkmon_worker", "profiles", **options, current=current, times=3)
    processor = session.node.processor - before
    first, best = ({**again[name], "verdicts": again["verdicts"]} for name in ("first", "best"))
    lines.append(_line("elkmon, from stored profiles, first in a process", first))
    lines.append(_line("… best of three", best))
    session.figures |= {
        f"growth cold {size}": found["growth"],
        f"growth profiles {size}": first["growth"],
        f"moved cold {size}": found["moved"] / _MEGABYTE,
        f"moved check {size}": checked["moved"] / _MEGABYTE,
        f"moved profiles {size}": first["moved"] / _MEGABYTE,
        f"processor profiles {size}": first["processor"],
    }
    return found["wall"], checked["wall"], first["wall"]


def _line(name: str, found: Mapping[str, Any], node: float | None = None, pull: float | None = None) -> list[str]:
    verdicts = found["verdicts"]
    hit = sum(verdicts.get(each, 0) >= 0.5 for each in _DRIFTED)
    false = sum(value >= 0.5 for each, value in verdicts.items() if each not in _DRIFTED)
    return [
        name, f"{found['wall']:.2f}", "–" if pull is None else f"{pull:.1f}", f"{found['processor']:.2f}",
        "–" if node is None else f"{node:.1f}", f"{found['growth']:.0f}", f"{found['moved'] / _MEGABYTE:.2f}",
        f"{found['requests']}", f"{hit}", f"{false}",
    ]  # fmt: skip


def _source(session: Session, namespace: str, window: Window) -> Mapping[str, Any]:
    start, end = _pair(window)
    return {
        "url": session.node.url,
        "index": f"logs-elkmon.prediction-{namespace}",
        "start": start,
        "end": end,
        "numbers": REPORTED.numbers,
        "categories": REPORTED.categories,
    }


def _pair(window: Window) -> tuple[str, str]:
    return window.start.isoformat(), window.end.isoformat()
