"""
The one store: Elasticsearch, reached through its own client, whose name appears in this folder only.

`ElasticsearchEventLog` asks it for counts, `ElasticsearchJournal` keeps what the monitor remembers there, `setup` makes the
index templates and indices that both need, `roles_of` says what each part must be allowed, and `housekeeping` deletes and sums
up what is old. Nothing is judged here.
"""

from __future__ import annotations

from elkmon.elasticsearch.connection import Client, connect
from elkmon.elasticsearch.divided_event_log import DividedEventLog
from elkmon.elasticsearch.event_log import ElasticsearchEventLog
from elkmon.elasticsearch.indices import Indices, validated_namespace
from elkmon.elasticsearch.journal import ElasticsearchJournal
from elkmon.elasticsearch.layouts import LayoutEventLog
from elkmon.elasticsearch.metering import usage_of
from elkmon.elasticsearch.retention import Chore, Keeping, housekeeping
from elkmon.elasticsearch.roles import Granted, Role, grant, monitor_role, roles_of
from elkmon.elasticsearch.templates import Result, Step, setup

__all__ = [
    "Chore",
    "Client",
    "DividedEventLog",
    "ElasticsearchEventLog",
    "ElasticsearchJournal",
    "Granted",
    "Indices",
    "Keeping",
    "LayoutEventLog",
    "Result",
    "Role",
    "Step",
    "connect",
    "grant",
    "housekeeping",
    "monitor_role",
    "roles_of",
    "setup",
    "usage_of",
    "validated_namespace",
]
