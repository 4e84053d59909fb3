"""
A sink in a process of its own, which can be stopped, killed and started again: what it took is in a file.

As a program: `sink.py elasticsearch|tcp PORT FILE`. Each line of the file is the moment (monotonic) and what was taken.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECEIVE_BUFFER = 64 * 1024
"""Bytes a connection of the tcp sink asks the kernel to keep for it, which doubles them; it reads as many at once."""


class Sink:
    """A sink's process, on a port that stays the same."""

    def __init__(self, kind, path):
        self._kind = kind
        self.path = path
        path.touch()
        with socket.socket() as unused:
            unused.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self._process = None

    def start(self):
        command = [sys.executable, __file__, self._kind, str(self.port), str(self.path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n"
        return self

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def taken(self):
        """Return what was taken, and when, in order."""
        lines = [line.partition(b" ") for line in self.path.read_bytes().splitlines()]
        return [(float(moment), what) for moment, _, what in lines]


class _Bulk(BaseHTTPRequestHandler):
    """Creates documents by id; they are in the file before the answer goes out."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ids = [json.loads(action)["create"]["_id"] for action in body.splitlines()[::2]]
        with self.server.lock:
            new = set(ids) - self.server.ids
            _write_down(self.server.file, [id_.encode() for id_ in ids if id_ in new])
            self.server.ids |= new
        items = [{"create": {"status": 201 if id_ in new else 409}} for id_ in ids]
        answer = json.dumps({"items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class _BulkServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port, path):
        self.lock = threading.Lock()
        self.ids = {line.split()[1].decode() for line in Path(path).read_bytes().splitlines()}
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND)
        super().__init__(("127.0.0.1", port), _Bulk)

    def handle_error(self, request, client_address):
        pass


def _write_down(file, lines):
    now = f"{time.monotonic():.3f} ".encode()
    os.write(file, b"".join(now + line + b"\n" for line in lines))


def _take_lines(connection, file):
    """Write down the whole lines of a connection as they come; a torn one at its end is told as such."""
    rest = b""
    with connection, contextlib.suppress(OSError):
        while piece := connection.recv(RECEIVE_BUFFER):
            *lines, rest = (rest + piece).split(b"\n")
            _write_down(file, lines)
    if rest:
        _write_down(file, [b"torn " + rest])


def main():
    kind, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if kind == "elasticsearch":
        server = _BulkServer(port, path)
        print("ready", flush=True)
        server.serve_forever()
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        print("ready", flush=True)
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_take_lines, args=(connection, file), daemon=True).start()


if __name__ == "__main__":
    main()
