"""
Whether Elasticsearch can read and write what is elkmon's: no index is red or read-only, and no disk is about to make them so.
"""

from __future__ import annotations

from collections.abc import Iterator

from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe

_GB = 1_000_000_000
_MOST_NAMED = 5
_FULL = "read_only_allow_delete"
_BLOCKS = (_FULL, "read_only", "write", "read", "metadata")


def examine_health(probe: Probe, namespace: str) -> Iterator[Examination]:
    """Yield what is wrong with indices, the cluster's blocks and the disks; one line where nothing is."""
    found = [
        *_red(probe, namespace),
        *_blocked(probe, namespace),
        *_cluster_blocks(probe),
        *_disks(probe),
    ]
    yield from found
    if not found:
        yield Examination(Link.STORE, "indices", Verdict.OK, "all are there and can be written; no disk is nearly full")


def _red(probe: Probe, namespace: str) -> Iterator[Examination]:
    # Patterns, as it would wait for a name that is not there.
    patterns = f"elkmon-*-{namespace},elkmon-*-{namespace}-*,logs-elkmon.*-{namespace}"
    indices = probe.get(f"_cluster/health/{patterns}?level=indices&timeout=1s").at("indices")
    red = [name for name, each in sorted(_items(indices)) if Answer(200, each).at("status") == "red"]
    if red:
        yield Examination(
            Link.STORE, "indices", Verdict.PROBLEM, f"{_named(red)} lack shards, so checks of what is in them fail",
            "start the node that is away, or restore them from a snapshot; GET _cluster/allocation/explain says why",
        )  # fmt: skip


def _blocked(probe: Probe, namespace: str) -> Iterator[Examination]:
    answer = probe.get(f"{_names(namespace)}/_settings?flat_settings=true&ignore_unavailable=true").body
    settings = {name: Answer(200, each).at("settings") for name, each in _items(answer)}
    for block in _BLOCKS:
        key = f"index.blocks.{block}"
        names = [name for name, each in sorted(settings.items()) if isinstance(each, dict) and each.get(key) == "true"]
        if names:
            remedy = (
                "make room on the disks; Elasticsearch lifts it by itself then"
                if block == _FULL
                else f'PUT INDEX/_settings {{"{key}": null}}, unless somebody meant it'
            )
            yield Examination(Link.STORE, "indices", Verdict.PROBLEM, f"{_named(names)}: {key} is set", remedy)


def _cluster_blocks(probe: Probe) -> Iterator[Examination]:
    answer = probe.get("_cluster/settings?flat_settings=true")
    for scope in ("persistent", "transient"):
        for block in ("read_only", _FULL):
            key = f"cluster.blocks.{block}"
            settings = answer.at(scope)
            if isinstance(settings, dict) and settings.get(key) == "true":
                yield Examination(
                    Link.STORE, "cluster", Verdict.PROBLEM, f"{key} is set: nothing can be written",
                    f'PUT _cluster/settings {{"{scope}": {{"{key}": null}}}}, unless somebody meant it',
                )  # fmt: skip


def _disks(probe: Probe) -> Iterator[Examination]:
    """Hold each node's disk against the marks that Elasticsearch has unless it was told others."""
    nodes = probe.get("_nodes/stats/fs").at("nodes")
    for _, node in sorted(_items(nodes)):
        stats = Answer(200, node)
        total, free = stats.at("fs", "total", "total_in_bytes"), stats.at("fs", "total", "available_in_bytes")
        if not isinstance(total, int) or not isinstance(free, int) or total <= 0:
            continue
        seen = f"{stats.at('name')}: {free / _GB:,.1f} of {total / _GB:,.1f} GB are free"
        remedy = "make room: shorten store.retention_days, delete what is not needed, or add a disk"
        if free <= min(0.05 * total, 100 * _GB):
            yield Examination(
                Link.STORE, "disk", Verdict.PROBLEM, f"{seen}: indices with a shard there become read-only", remedy
            )
        elif free <= min(0.15 * total, 200 * _GB):
            yield Examination(
                Link.STORE, "disk", Verdict.WARNING, f"{seen}: Elasticsearch puts no new shards there", remedy
            )


def _names(namespace: str) -> str:
    from elkmon.elasticsearch import Indices

    indices = Indices(namespace)
    return ",".join((indices.events, *indices.lasting, *indices.monthly, indices.days))


def _items(table: object) -> list[tuple[str, object]]:
    return list(table.items()) if isinstance(table, dict) else []


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
