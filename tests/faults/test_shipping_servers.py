"""The servers a handler lives in: their workers are forked, killed and told to end, or are greenlets, or one loop."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from support.services import end, free_port, post, running, serving, stored, wait_for

HANDLER = """
import os
import elkmon

handler = elkmon.PredictionHandler({url!r}, totals_every=0, flush_every={flush_every})
log = elkmon.ModelLog("m", handler=handler)
"""

WSGI = """
import json

def app(environ, start_response):
    length = int(environ["CONTENT_LENGTH"])
    number = json.loads(environ["wsgi.input"].read(length))["number"]
    log.prediction({"number": number})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"worker": os.getpid()}).encode()]
"""

ASGI = """
import asyncio, json, sys

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(handler.close)
        await send({"type": "lifespan.shutdown.complete"})
        return
    number = json.loads((await receive())["body"])["number"]
    log.prediction({"number": number})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps({"worker": os.getpid()}).encode()})

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, port=int(sys.argv[1]))
"""


@pytest.fixture
def write(tmp_path, store):
    """Write a module `service` that has a handler and goes on like `text`; the queue lingers longer than the test."""

    def write(text, *, before="", flush_every=60.0):
        program = before + HANDLER.format(url=store.url, flush_every=flush_every) + textwrap.dedent(text)
        (tmp_path / "service.py").write_text(program)

    return write


def numbers(store):
    return sorted(one["features"]["num"]["number"] for one in stored(store))


def test_gunicorn_with_preload_told_to_end(write, store, tmp_path):
    """Workers forked from a loaded application deliver when SIGTERM ends them, though nobody flushes."""
    write(WSGI)
    log, port = tmp_path / "log", free_port()
    command = ("gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{port}", "service:app")
    with serving(port, *command, cwd=tmp_path, log=log) as server:
        workers = {post(port, "/", {"number": number})["worker"] for number in range(20)}
        end(server, log)
    assert numbers(store) == list(range(20))
    assert {one["process"]["pid"] for one in stored(store)} == workers


def test_gunicorn_whose_worker_is_killed(write, store, tmp_path):
    """A killed worker costs what it had not sent; the worker in its place ships under a name of its own."""
    write(WSGI, flush_every=0.01)
    log, port = tmp_path / "log", free_port()
    command = ("gunicorn", "--preload", "--workers", "1", "--bind", f"127.0.0.1:{port}", "service:app")
    with serving(port, *command, cwd=tmp_path, log=log) as server:
        killed = post(port, "/", {"number": 0})["worker"]
        wait_for(lambda: numbers(store) == [0], "the first event")
        os.kill(killed, signal.SIGKILL)
        successor = post(port, "/", {"number": 1})["worker"]
        assert successor != killed
        end(server, log)
    assert numbers(store) == [0, 1]
    assert len({one["elkmon"]["process"] for one in stored(store)}) == 2


@pytest.mark.parametrize("command", [["uvicorn", "service:app", "--port"], ["service"]])
def test_uvicorn_told_to_end(write, store, tmp_path, command):
    """SIGTERM ends uvicorn with everything delivered; its dictConfig, which closes all handlers, does no harm."""
    write(ASGI)
    log, port = tmp_path / "log", free_port()
    with serving(port, *command, port, cwd=tmp_path, log=log) as server:
        for number in range(20):
            post(port, "/", {"number": number})
        end(server, log, codes=(-signal.SIGTERM,))
    assert numbers(store) == list(range(20))


def test_celery_prefork(write, store, tmp_path):
    """The processes of a celery worker's pool deliver at the pool's end what is still queued."""
    write(
        """
        from celery import Celery

        folder = os.path.dirname(__file__)
        app = Celery("service", broker="filesystem://")
        app.conf.broker_transport_options = {
            "data_folder_in": folder,
            "data_folder_out": folder,
            "control_folder": folder + "/control",
            "polling_interval": 0.05,
        }

        @app.task
        def score(number):
            log.prediction({"number": number})
            print("scored", number, flush=True)

        if __name__ == "__main__":
            for number in range(4): score.delay(number)
        """
    )
    subprocess.run([sys.executable, "-c", "import service\nfor number in range(4): service.score.delay(number)"],
                   cwd=tmp_path, check=True, timeout=60)  # fmt: skip
    log = tmp_path / "log"
    command = ("celery", "-A", "service", "worker", "--pool", "prefork", "--concurrency", "2", "--without-mingle")
    with running(*command, cwd=tmp_path, log=log) as worker:
        wait_for(lambda: log.read_text().count("scored") == 4, "four tasks were done")
        assert numbers(store) == []
        end(worker, log)
    assert numbers(store) == list(range(4))
    assert worker.pid not in {one["process"]["pid"] for one in stored(store)}


def test_gevent_workers_of_gunicorn(write, store, tmp_path):
    """Patched after the handler was made, as gunicorn's gevent workers are when the application is loaded before."""
    write(WSGI, flush_every=0.01)
    log, port = tmp_path / "log", free_port()
    command = ("gunicorn", "-k", "gevent", "--preload", "--workers", "1", "--bind", f"127.0.0.1:{port}", "service:app")
    with serving(port, *command, cwd=tmp_path, log=log) as server:
        post(port, "/", {"number": 0})
        wait_for(lambda: numbers(store) == [0], "the first event")  # while the worker waits for requests
        for number in range(1, 10):
            post(port, "/", {"number": number})
        end(server, log)
    assert numbers(store) == list(range(10))


GREENLETS = """
import gevent

def work(number):
    for _ in range(50):
        log.prediction({"number": number})
        gevent.sleep(0)

idle = gevent.spawn(lambda: [gevent.sleep(0.01) for _ in range(20)])
gevent.joinall([gevent.spawn(work, number) for number in range(20)])
assert handler.flush(20), handler.stats()
idle.join()
assert handler.stats().delivered == 1000, handler.stats()
log.prediction({"number": 99})
"""

PATCH = "import gevent.monkey; gevent.monkey.patch_all()\n"


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_gevent(write, store, tmp_path, when):
    """Greenlets deliver, also at the end, whether gevent patched before the import, before the handler, or after it."""
    before = {"before": PATCH, "between": "import elkmon\n" + PATCH, "after": ""}[when]
    write((PATCH if when == "after" else "") + GREENLETS, before=before, flush_every=0.01)
    subprocess.run([sys.executable, "service.py"], cwd=tmp_path, check=True, timeout=60)
    assert numbers(store) == sorted([*range(20)] * 50 + [99])


def test_asyncio(write, store, tmp_path):
    """Nothing of a call happens on the network in the loop's thread; a server that does not answer holds up no task."""
    write(
        """
        import asyncio, socket, sys, threading, time

        calls = []
        main = threading.get_ident()
        sys.addaudithook(lambda event, _: event.startswith("socket.") and calls.append((threading.get_ident(), event)))
        silent = socket.create_server(("127.0.0.1", 0))
        calls.clear()
        stalled = elkmon.PredictionHandler(f"http://127.0.0.1:{silent.getsockname()[1]}", totals_every=0)
        stalled_log = elkmon.ModelLog("m", handler=stalled)

        async def tick(gaps):
            last = time.monotonic()
            while True:
                await asyncio.sleep(0.001)
                now = time.monotonic()
                gaps.append(now - last)
                last = now

        async def work(number):
            for _ in range(100):
                log.prediction({"number": number})
                stalled_log.prediction({"number": number})
                await asyncio.sleep(0.001)

        async def everything():
            gaps = []
            ticker = asyncio.create_task(tick(gaps))
            calls.clear()
            await asyncio.gather(*(work(number) for number in range(10)))
            on_loop = [event for thread, event in calls if thread == main]
            assert await asyncio.to_thread(handler.flush, 20)
            ticker.cancel()
            return gaps, on_loop

        gaps, on_loop = asyncio.run(everything())
        assert on_loop == [], on_loop
        assert any(event == "socket.connect" for thread, event in calls)
        assert stalled.stats().pending == 1000
        assert max(gaps) < 2, max(gaps)
        print(f"longest gap: {max(gaps) * 1000:.1f} ms")
        stalled.close(timeout=0.1)
        """,
        flush_every=0.01,
    )
    subprocess.run([sys.executable, "service.py"], cwd=tmp_path, check=True, timeout=60)
    assert numbers(store) == sorted([*range(10)] * 100)
