"""A server that answers as Elasticsearch or what stands before it would, and what it may answer."""

import gzip
import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from elkmon.windows import DAY, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
SPAN = Window(START, START + DAY)
WHOLE = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
EMPTY = {"timed_out": False, "_shards": WHOLE, "hits": {"hits": []}, "took": 1}


class Server:
    """
    Answers each request with the next of `answers`, and the last one for ever: status, body, and whether as Elasticsearch.

    The answer of one search is that of each in a multi-search.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = [(200, EMPTY)]
        self.product = True
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self.received = self.sent = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                asked = self.rfile.read(int(self.headers.get("content-length", 0)))
                server.requests.append(f"{self.command} {self.path}")
                server.received += len(asked)
                asked = gzip.decompress(asked) if self.headers.get("content-encoding") == "gzip" else asked
                server.bodies.append(asked)
                if "_refresh" in self.path:
                    status, body = 200, {"_shards": WHOLE}
                else:
                    status, body = server.answers[0] if len(server.answers) == 1 else server.answers.pop(0)
                if "_msearch" in self.path and isinstance(body, dict) and "_shards" in body:
                    body = {"responses": [body] * (asked.count(b"\n") // 2)}
                text = body if isinstance(body, str) else json.dumps(body)
                self.send_response(status)
                kind = "text/html" if isinstance(body, str) else "application/json"
                self.send_header("content-type", kind)
                if server.product:
                    self.send_header("x-elastic-product", "Elasticsearch")
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
                server.sent += len(text.encode())

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 names of the standard library

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


def error(kind: str, reason: str, **more: object) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}], **more}}
