"""What is asked of Elasticsearch, recorded as it leaves, and the actions that its security asks a privilege for."""

import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

import pytest
from elastic_transport import Urllib3HttpNode

from elkmon.doctor.probe import Probe
from elkmon.elasticsearch import Role
from elkmon.shipping.transports.link import Link

CLUSTER = ""

# By method and path, with what it does. Read in Elasticsearch's sources, by the names of its transport actions.
_ACTIONS = (
    ("GET|POST", "/[^_][^/]*/_search|/[^_][^/]*/_count", ("indices:data/read/search",)),
    ("POST", "/[^_][^/]*/_pit", ("indices:data/read/open_point_in_time",)),
    ("GET|POST", "/[^_][^/]*/_field_caps", ("indices:data/read/field_caps",)),
    ("GET|POST", "/[^_][^/]*/_mget", ("indices:data/read/mget",)),
    ("GET", "/[^_][^/]*/_doc/.*", ("indices:data/read/get",)),
    ("PUT|POST", "/[^_][^/]*/_doc/.*", ("indices:data/write/index:op_type/index",)),
    ("PUT|POST", "/[^_][^/]*/_create/.*", ("indices:data/write/index:op_type/create",)),
    ("POST", "/[^_][^/]*/_refresh", ("indices:admin/refresh",)),
    ("GET", "/[^_][^/]*/_mapping", ("indices:admin/mappings/get",)),
    ("PUT", "/[^_][^/]*/_mapping", ("indices:admin/mapping/put",)),
    ("GET", "/[^_][^/]*/_settings", ("indices:monitor/settings/get",)),
    ("GET", "/[^_][^/]*/_alias", ("indices:admin/aliases/get",)),
    ("GET", "/[^_][^/]*/_stats/.*", ("indices:monitor/stats",)),
    ("PUT", "/[^_/][^/]*", ("indices:admin/create",)),
    ("DELETE", "/[^_/][^/]*", ("indices:admin/delete",)),
    ("PUT", "/_data_stream/[^/]*/_lifecycle", ("indices:admin/data_stream/lifecycle/put",)),
    ("GET", "/|/_cat/health|/_cluster/health.*|/_nodes/.*|/_cluster/settings", ("cluster:monitor/any",)),
    ("GET", "/_component_template/.*", ("cluster:admin/component_template/get",)),
    ("PUT", "/_component_template/.*", ("cluster:admin/component_template/put",)),
    ("GET", "/_index_template/.*", ("indices:admin/index_template/get",)),
    ("PUT", "/_index_template/.*", ("indices:admin/index_template/put",)),
)
_ANYBODY = "GET /_security/_authenticate|GET /_security/user/_has_privileges|DELETE /_pit|POST /_search"
"""What needs no privilege, or was asked for when a point in time was opened."""

_MAKES = ("indices:admin/auto_create", "indices:admin/mapping/auto_put")
_ITEMS = {
    "index": ("indices:data/write/index:op_type/index", *_MAKES),
    "create": ("indices:data/write/index:op_type/create", *_MAKES),
    "delete": ("indices:data/write/delete",),
}

# What each privilege allows, as Elasticsearch's sources have it.
_INDEX_PRIVILEGES = {
    "read": ("indices:data/read/*",),
    "write": ("indices:data/write/*", "indices:admin/mapping/auto_put"),
    "create_doc": ("indices:data/write/index", "indices:data/write/index:op_type/create", "indices:data/write/bulk*"),
    "auto_configure": ("indices:admin/mapping/auto_put", "indices:admin/auto_create"),
    "create_index": ("indices:admin/create", "indices:admin/auto_create", "indices:admin/data_stream/create"),
    "delete": ("indices:data/write/delete*", "indices:data/write/bulk*"),
    "delete_index": ("indices:admin/delete", "indices:admin/data_stream/delete"),
    "maintenance": ("indices:admin/refresh*", "indices:admin/flush*", "indices:admin/forcemerge*"),
    "monitor": ("indices:monitor/*",),
    "view_index_metadata": (
        "indices:admin/aliases/get",
        "indices:admin/get",
        "indices:admin/mappings/get",
        "indices:monitor/settings/get",
        "indices:data/read/field_caps*",
    ),
    "manage": ("indices:monitor/*", "indices:admin/*", "indices:data/read/field_caps*"),
}
_CLUSTER_PRIVILEGES = {
    "monitor": ("cluster:monitor/*", "indices:admin/index_template/get", "cluster:admin/component_template/get"),
    "manage_index_templates": ("indices:admin/index_template/*", "cluster:admin/component_template/*"),
    "manage_security": ("cluster:admin/xpack/security/*",),
}


@dataclass(frozen=True)
class Request:
    """One request as it left."""

    method: str
    target: str
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path) or "/"

    def needs(self) -> Iterator[tuple[str, str]]:
        """Yield each action with the index expression it is on; an empty one is the cluster."""
        lines = [json.loads(line) for line in self.body.splitlines() if line.strip()]
        asked = f"{self.method} {self.path}"
        if self.path == "/_bulk":
            for line in lines:
                for operation, actions in _ITEMS.items():
                    if list(line) == [operation]:
                        yield from ((action, line[operation]["_index"]) for action in actions)
        elif self.path == "/_msearch":
            yield from (("indices:data/read/search", line["index"]) for line in lines[::2])
        elif self.path == "/_mget":
            yield from (("indices:data/read/mget", each["_index"]) for each in lines[0]["docs"])
        elif self.path == "/_aliases":
            for action in lines[0]["actions"]:
                for kind, each in action.items():
                    names = [each["index"], *([each["alias"]] if "alias" in each else [])]
                    yield from (("indices:admin/aliases", name) for name in names)
                    if kind == "remove_index":
                        yield "indices:admin/delete", each["index"]
        elif not re.fullmatch(_ANYBODY, asked):
            yield from self._listed(asked)

    def _listed(self, asked: str) -> Iterator[tuple[str, str]]:
        for methods, paths, actions in _ACTIONS:
            if re.fullmatch(f"({methods}) ({paths})", asked):
                place = self.path.split("/")[2 if self.path.startswith("/_data_stream/") else 1]
                on = CLUSTER if place.startswith("_") or not place else place
                yield from ((action, index) for action in actions for index in on.split(","))
                return
        raise AssertionError(f"nobody has said what it takes to be allowed {asked}")


def allowed(role: Role, action: str, index: str) -> bool:
    """Whether `role` allows `action` on an index or pattern, or on the cluster."""
    if index == CLUSTER:
        return any(_matches(action, _CLUSTER_PRIVILEGES[each]) for each in role.cluster)
    return any(
        _matches(action, _INDEX_PRIVILEGES[privilege])
        for grant in role.grants
        if any(fnmatchcase(index, name) for name in grant.names)
        for privilege in grant.privileges
    )


def _matches(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


@contextlib.contextmanager
def recorded() -> Iterator[list[Request]]:
    """Record what the client, the handler's transport and the doctor ask while the context lasts."""
    requests: list[Request] = []
    node, post, get = Urllib3HttpNode.perform_request, Link.post, Probe.get

    def perform_request(self, method, target, body=None, *args, **options):
        packed = body is not None and body.startswith(b"\x1f\x8b")
        requests.append(Request(method, target, gzip.decompress(body) if packed else body or b""))
        return node(self, method, target, body, *args, **options)

    def link_post(self, path, body, kind):
        requests.append(Request("POST", path, body))
        return post(self, path, body, kind)

    def probe_get(self, path, query=None):
        requests.append(Request("GET", f"/{path}"))
        return get(self, path, query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Urllib3HttpNode, "perform_request", perform_request)
        patch.setattr(Link, "post", link_post)
        patch.setattr(Probe, "get", probe_get)
        yield requests
