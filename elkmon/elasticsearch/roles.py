"""
The least that each part of elkmon must be allowed, as role descriptors for Elasticsearch's security, and how they get there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.indices import Indices
from elkmon.errors import StoreRefused

Json = Mapping[str, Any]

_NO_SECURITY = (
    "no handler found",
    "Incorrect HTTP method",
    "Security must be explicitly enabled",
    "security is not enabled",
)
"""How servers say that they have none: without the module, or with it switched off."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done with the indices of some names or patterns."""

    names: tuple[str, ...]
    privileges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """
    One part of elkmon and all it must be allowed.

    Attributes:
        name: as it is called in Elasticsearch; the namespace is part of it.
        purpose: who gets it.
        cluster: privileges on the cluster; `grants` those on indices.
        keyed: whether what has it runs unattended, so that it is given an API key.
    """

    name: str
    purpose: str
    cluster: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    keyed: bool = True

    def descriptor(self) -> dict[str, Any]:
        """Return it as `PUT /_security/role/NAME` and the `role_descriptors` of an API key take it."""
        indices = [{"names": list(each.names), "privileges": list(each.privileges)} for each in self.grants]
        return {"cluster": list(self.cluster), "indices": indices}

    def key_request(self) -> dict[str, Any]:
        """Return the body of `POST /_security/api_key` for a key that may do this and no more."""
        return {
            "name": self.name,
            "role_descriptors": {self.name: self.descriptor()},
            "metadata": {"managed_by": "elkmon"},
        }


@dataclass(frozen=True, slots=True)
class Granted:
    """
    What became of the roles of a namespace.

    Attributes:
        security: whether the server has any; without it nothing was written, and anybody may do anything there.
        roles: their descriptors.
        keys: the secret of the API key made for each role, by its name; empty unless keys were asked for.
    """

    security: bool
    roles: tuple[Role, ...]
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


def roles_of(namespace: str, *, events_elsewhere: Sequence[str] = ()) -> tuple[Role, ...]:
    """
    Return the roles of a namespace: shipper, monitor, eraser, reader, and the one that runs `elkmon setup`.

    `events_elsewhere` are names of indices of another layout that are read as events.
    """
    indices = Indices(namespace)
    streams = (indices.events,)
    events = (*streams, *events_elsewhere)
    results = (*indices.lasting, *indices.monthly, indices.days)
    watching = (
        Grant(events, ("read", "view_index_metadata", "maintenance")),
        Grant(
            results,
            ("read", "write", "create_index", "auto_configure", "maintenance", "monitor", "view_index_metadata"),
        ),
        Grant(indices.monthly, ("delete_index",)),
        # Hours are replaced by days in one step, which is an alias's.
        Grant((indices.profiles, indices.days), ("manage",)),
    )
    return (
        Role(
            f"elkmon-shipper-{namespace}",
            "services that log; read and maintenance only to find again what may have been stored already",
            grants=(Grant(streams, ("create_doc", "auto_configure", "read", "maintenance")),),
        ),
        Role(
            f"elkmon-monitor-{namespace}",
            "elkmon check, run, baseline, alerts, report, doctor",
            cluster=("monitor",),
            grants=watching,
        ),
        Role(
            f"elkmon-eraser-{namespace}",
            "elkmon forget, by hand: what the monitor may, and deleting events",
            cluster=("monitor",),
            grants=(*watching, Grant(streams, ("delete",))),
            keyed=False,
        ),
        Role(
            f"elkmon-reader-{namespace}",
            "people and dashboards",
            grants=(Grant((*events, *results), ("read", "view_index_metadata")),),
        ),
        Role(
            f"elkmon-setup-{namespace}",
            "elkmon setup; manage_security only where it makes roles",
            cluster=("monitor", "manage_index_templates", "manage_security"),
            grants=(Grant((*streams, *results), ("manage", "read")),),
            keyed=False,
        ),
    )


def monitor_role(namespace: str) -> Role:
    """Return the role of the monitor in a namespace."""
    return next(each for each in roles_of(namespace) if each.name.startswith("elkmon-monitor-"))


def grant(client: Client, wanted: Sequence[Role], *, keys: bool = False, dry_run: bool = False) -> Granted:
    """
    Make roles, and API keys too when `keys`; on a server without security say so and write nothing.

    Keys are for the parts that run unattended. Each call makes new ones.

    Raises:
        StoreError: when Elasticsearch cannot be reached, or the right to do it is missing.
    """
    cluster = Cluster(client)
    if not has_security(cluster):
        return Granted(False, tuple(wanted))
    made: dict[str, str] = {}
    for role in () if dry_run else wanted:
        metadata = {"managed_by": "elkmon", "purpose": role.purpose}
        cluster.call(client.security.put_role, name=role.name, metadata=metadata, **role.descriptor())
        if keys and role.keyed:
            made[role.name] = cluster.call(client.security.create_api_key, **role.key_request())["encoded"]
    return Granted(True, tuple(wanted), made)


def has_security(cluster: Cluster) -> bool:
    """
    Whether the server asks who is asking.

    Raises:
        StoreError: when it cannot be reached, or does not know us.
    """
    try:
        cluster.call(cluster.client.security.authenticate)
    except StoreRefused as error:
        if any(words in str(error) for words in _NO_SECURITY):
            return False
        raise
    return True
