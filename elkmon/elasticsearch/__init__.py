"""
The one store: Elasticsearch, reached through its own client, whose name appears in this folder only.

`ElasticsearchEventLog` asks it for counts, `ElasticsearchJournal` keeps what the monitor remembers there, `setup` makes the
index templates and indices that both need. Nothing is judged here.
"""

from __future__ import annotations

from elkmon.elasticsearch.connection import Client, connect
from elkmon.elasticsearch.event_log import ElasticsearchEventLog
from elkmon.elasticsearch.indices import Indices, validated_namespace
from elkmon.elasticsearch.journal import ElasticsearchJournal
from elkmon.elasticsearch.templates import Result, Step, setup

__all__ = [
    "Client",
    "ElasticsearchEventLog",
    "ElasticsearchJournal",
    "Indices",
    "Result",
    "Step",
    "connect",
    "setup",
    "validated_namespace",
]
