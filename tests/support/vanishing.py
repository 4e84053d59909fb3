"""
A program in a network of its own, which can be taken away: what is sent then is lost on the way, and nobody says so.

As a program: `vanishing.py elasticsearch|http|tcp`. It prints what became of the events, and ends with 77 where the
system does not let it have a network of its own.
"""

import ctypes
import fcntl
import json
import socket
import struct
import sys
import threading
import time

import elkmon

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS = 0x8914
UP = 1
NOT_ALLOWED = 77
TIMEOUT = 0.5


def leave_for_a_network_of_our_own():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET):
        sys.exit(NOT_ALLOWED)


def set_network(flags):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))


def take_lines(listening, taken):
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=lambda one=connection: taken.extend(one.makefile("rb")), daemon=True).start()


def main():
    leave_for_a_network_of_our_own()
    set_network(UP)
    told = []
    if sys.argv[1] == "tcp":
        taken = []
        listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=take_lines, args=(listening, taken), daemon=True).start()
        transport = elkmon.LogstashTcpTransport("127.0.0.1", listening.getsockname()[1], timeout=TIMEOUT)
    else:
        from support.shipping import Store

        store = Store().start()
        taken = store.documents
        kind = elkmon.ElasticsearchTransport if sys.argv[1] == "elasticsearch" else elkmon.LogstashHttpTransport
        transport = kind(f"http://127.0.0.1:{store.server_address[1]}", timeout=TIMEOUT)
    handler = elkmon.PredictionHandler(transport, totals_every=0, flush_every=0, on_trouble=told.append)
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 1})
    assert handler.flush(10)
    set_network(0)
    start = time.monotonic()
    log.prediction({"a": 2})
    while not told and time.monotonic() < start + 30:
        time.sleep(0.01)
    noticed = time.monotonic() - start
    time.sleep(0.2)
    pending = handler.stats().pending
    set_network(UP)
    settled = handler.flush(30)
    stats = handler.stats()
    print(
        json.dumps([noticed, pending, settled, stats.logged, stats.delivered, len(taken), told[0].detail]), flush=True
    )
    handler.close(1)
    if sys.argv[1] != "tcp":
        store.stop()


if __name__ == "__main__":
    main()
