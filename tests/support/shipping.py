"""What the faults of shipping share: a server that answers as it is told, certificates, handlers whose accounts balance."""

import gzip
import json
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import elkmon


@contextmanager
def balanced_handlers(**usual):
    """Give a maker of handlers; at the end each is closed, and every event of each is delivered or dropped."""
    handlers = []

    def make(transport, **options):
        handlers.append(elkmon.PredictionHandler(transport, **{"totals_every": 0, **usual, **options}))
        return handlers[-1]

    yield make
    for handler in handlers:
        assert_balanced(handler.stats())
        handler.close(timeout=1)
        assert_balanced(handler.stats())
        assert handler.stats().pending == 0


def assert_balanced(stats):
    """Assert that every event is accounted for."""
    assert stats.logged == stats.delivered + stats.pending + sum(stats.dropped.values())


def log(handler, count=10):
    """Log some predictions, which go in one batch."""
    model_log = elkmon.ModelLog("m", handler=handler)
    return [model_log.prediction({"a": number}) for number in range(count)]


class Store(ThreadingHTTPServer):
    """
    Takes bulk requests like Elasticsearch, and arrays like Logstash; first it works off `script`.

    A step of the script answers a request with (status, body or item statuses, headers), or is a function of the
    request's handler.
    """

    daemon_threads = True
    block_on_close = True

    def __init__(self, context=None):
        self.script = []
        self.documents = {}
        self.requests = []
        self.unsettled = []
        super().__init__(("127.0.0.1", 0), _Answers)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if context is not None else "http"
        self.url = f"{scheme}://localhost:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing: broken connections are what is tested."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append((self.path, dict(self.headers), body))
        try:
            self.sent = json.loads(body) if body.startswith(b"[") else [json.loads(line) for line in body.splitlines()]
        except ValueError:
            error = {"type": "json_parse_exception", "reason": "as Elasticsearch calls a line that is none"}
            self.answer(400, json.dumps({"error": error}).encode(), {})
            return
        step = self.server.script.pop(0) if self.server.script else None
        if callable(step):
            step(self)
        elif self.path.partition("?")[0].endswith("/_refresh"):
            self.answer(200, b'{"_shards": {"failed": 0}}', {})
        elif self.path.partition("?")[0].endswith("/_search"):
            ids = [id_ for id_ in self.sent[0]["query"]["ids"]["values"] if id_ in self.server.documents]
            hits = {"total": {"value": len(ids)}, "hits": [{"_id": id_} for id_ in ids]}
            self.answer(200, json.dumps({"_shards": {"failed": 0}, "hits": hits if ids else {}}).encode(), {})
        elif step is None:
            self.take_in()
        else:
            status, content, headers = step
            if isinstance(content, list):
                self.take_in(content)
            else:
                self.answer(status, content, headers)

    def take_in(self, statuses=None):
        """Store what was sent; of those with another status than 201 answer that instead."""
        if not self.path.partition("?")[0].endswith("/_bulk"):
            for document in self.sent:
                self.server.documents.setdefault(document["event"]["id"], []).append(document)
            self.answer(200, b"ok", {})
            return
        items = []
        for position, (action, document) in enumerate(zip(self.sent[::2], self.sent[1::2], strict=True)):
            id_ = action["create"]["_id"]
            assert id_ == document["event"]["id"]
            item = {"status": 201}
            if statuses is not None and statuses[position % len(statuses)] != 201:
                item = statuses[position % len(statuses)]
                item = item if isinstance(item, dict) else {"status": item, "error": {"type": "t", "reason": "r"}}
            elif id_ in self.server.documents:
                item = {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "there"}}
            else:
                self.server.documents[id_] = [document]
            items.append({"create": item})
        self.answer(200, json.dumps({"items": items}).encode(), {})

    def answer(self, status, content, headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)


def hang_up(answers):
    """Close the connection without an answer."""
    answers.close_connection = True
    answers.connection.shutdown(socket.SHUT_RDWR)


def break_off(answers):
    """Take everything in, and break off in the middle of the answer."""
    real, answers.answer = answers.answer, lambda *_: None
    answers.take_in()
    answers.answer = real
    answers.answer(200, b'{"items": [', {"Content-Length": 1000})
    hang_up(answers)


def lose_the_answer(answers):
    """Take everything in, and hang up."""
    real, answers.answer = answers.answer, lambda *_: None
    answers.take_in()
    answers.answer = real
    hang_up(answers)


def certificate(folder, name, host, *, days=1):
    """Make a key and a certificate, signed by itself, valid for `host` until `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


BEGIN = """
import atexit, logging, os, socket, sys, threading, time
import elkmon

def balanced(stats):
    return stats.logged == stats.delivered + stats.pending + sum(stats.dropped.values())

handler = elkmon.PredictionHandler({transport}, {options}totals_every=0)
log = elkmon.ModelLog("m", handler=handler)
"""


def run_program(path, program, transport=None, *, options="", signalled=None, code=0):
    """Run a program after a common beginning; return what it printed, on stdout and stderr, and the seconds it took."""
    transport = transport or f"elkmon.FileTransport({str(path)!r})"
    text = BEGIN.format(transport=transport, options=options) + textwrap.dedent(program)
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "ignore::DeprecationWarning", "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if signalled is not None:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signalled)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    assert process.returncode == code, err
    return out, err, time.monotonic() - start


def documents_in(path):
    """Read a file of NDJSON."""
    return [json.loads(line) for line in path.read_text().splitlines()]
