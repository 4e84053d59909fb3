"""A small HTTP proxy: connects for https, fetches for http, and can stop forwarding without a word."""

import contextlib
import re
import select
import socket
import threading


class Proxy:
    """
    Forwards, for whoever brings the right `Proxy-Authorization` where it wants one, to `elsewhere` whatever is asked for.

    It keeps the head of each request it got, and says nothing more, either way, while it is `silent`.
    """

    def __init__(self, elsewhere, wants=None):
        self.heads = []
        self.silent = False
        self._elsewhere = elsewhere
        self._wants = wants
        self._stopped = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.02)
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self):
        self._stopped = True
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self):
        while not self._stopped:
            with contextlib.suppress(TimeoutError):
                client, _ = self._listening.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(client,)))
                self._threads[-1].start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(5)
            received = b""
            while b"\r\n\r\n" not in received:
                piece = client.recv(65536)
                if not piece:
                    return
                received += piece
            head, _, rest = received.partition(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self._wants is not None and f"Proxy-Authorization: {self._wants}" not in head.decode().split("\r\n"):
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._elsewhere)) as server:
                if head.startswith(b"CONNECT "):
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    server.sendall(rest)
                else:
                    server.sendall(_as_the_server_knows_it(received))
                self._forward({client: server, server: client})

    def _forward(self, others):
        while not self._stopped:
            readable, _, _ = select.select(list(others), [], [], 0.02)
            for one in readable if not self.silent else ():
                piece = one.recv(65536)
                if not piece:
                    return
                others[one].sendall(_as_the_server_knows_it(piece))


def _as_the_server_knows_it(piece):
    """Take from a request's head what was meant for the proxy; leave everything else as it is."""
    if not piece.startswith(b"POST http://"):
        return piece
    head, end, rest = piece.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Proxy-")]
    lines[0] = re.sub(rb"http://[^/]+", b"", lines[0])
    return b"\r\n".join(lines) + end + rest
