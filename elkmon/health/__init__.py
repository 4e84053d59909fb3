"""
The monitor itself observed: how `elkmon run` stands, in a file and over HTTP. Knows how to say it, and changes nothing.
"""

from elkmon.health.heartbeat import Heartbeat
from elkmon.health.server import Page, Server
from elkmon.health.status import Status, examine, health_page, json_of

__all__ = ["Heartbeat", "Page", "Server", "Status", "examine", "health_page", "json_of"]
