"""Logstash's tcp input with the json_lines codec, as far as a sender can see."""

import contextlib
import json
import socket
import threading
import time


class Lines:
    """Accepts one connection after the other and keeps the lines of each, as json_lines would."""

    piece = 1 << 20

    def __init__(self, port=0, context=None):
        self.connections = []
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(0.02)
        self.port = self._listening.getsockname()[1]
        self._open = []
        self._stopped = False
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        while not self._stopped:
            with contextlib.suppress(OSError):
                connection, _ = self._listening.accept()
                if self._context is not None:
                    connection = self._secured(connection)
                connection.settimeout(0.02)
                self._open.append(connection)
                self.connections.append(bytearray())
            for connection, received in zip(self._open, self.connections[-len(self._open) :], strict=False):
                with contextlib.suppress(OSError):
                    received.extend(connection.recv(self.piece))

    def _secured(self, connection):
        connection.settimeout(5)
        try:
            return self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            raise

    def documents(self):
        """Return what arrived as whole lines."""
        lines = b"".join(bytes(received[: received.rfind(b"\n") + 1]) for received in self.connections).splitlines()
        return [json.loads(line) for line in lines]

    def wait(self, count):
        """Wait for a number of documents."""
        deadline = time.monotonic() + 10
        while len(self.documents()) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.documents()

    def stop(self):
        self._stopped = True
        self._thread.join()
        for connection in self._open:
            connection.close()
        self._listening.close()
