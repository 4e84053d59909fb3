"""The examples that are services, run by the servers they are made for, and ended by SIGTERM."""

import signal
import urllib.error

import pytest

from support.services import EXAMPLES, end, free_port, post, running, serving, stored, wait_for


def test_fastapi_under_uvicorn(store, tmp_path):
    """Predictions with latency, labels and trace, their truth, and a failure: all of it arrives before uvicorn is gone."""
    log, port = tmp_path / "log", free_port()
    with serving(
        port, "uvicorn", "fastapi_app:app", "--port", port, cwd=EXAMPLES, log=log, ELKMON_URL=store.url
    ) as server:
        answer = post(port, "/predict", {"distance": 4000, "carrier": "UA"}, **{"x-request-id": "r-1"})
        with pytest.raises(urllib.error.HTTPError, match="500"):
            post(port, "/predict", {"distance": -1, "carrier": "UA"}, **{"x-request-id": "r-2"})
        post(port, f"/outcome/{answer['id']}", {"label": "on time"})
        end(server, log, codes=(-signal.SIGTERM,))  # uvicorn ends itself by the signal it got
    (prediction,) = stored(store)
    assert prediction["elkmon"]["prediction"] == {"id": answer["id"], "score": 0.8, "label": "late"}
    assert prediction["features"] == {"num": {"distance": 4000.0}, "cat": {"carrier": "UA"}}
    assert prediction["event"]["duration"] > 0
    assert prediction["labels"] == {"request": "r-1", "path": "/predict"}
    assert prediction["trace"]["id"] == "r-1"
    (failure,) = stored(store, "error")
    assert failure["error"]["message"] == "no flight has -1.0 miles"
    assert failure["labels"]["request"] == "r-2"
    (truth,) = stored(store, "feedback")
    assert truth["elkmon"]["prediction"]["id"] == answer["id"]
    assert truth["elkmon"]["outcome"] == {"label": "on time"}


def test_flask_under_gunicorn(store, tmp_path):
    """With the application loaded before the workers are forked, both they and the parent deliver, each its own."""
    log, port = tmp_path / "log", free_port()
    command = ("gunicorn", "-c", "gunicorn.conf.py", "flask_app:app")
    with serving(port, *command, cwd=EXAMPLES, log=log, BIND=f"127.0.0.1:{port}", ELKMON_URL=store.url) as server:
        answers = [post(port, "/predict", {"distance": 100.0 * number}) for number in range(30)]
        with pytest.raises(urllib.error.HTTPError, match="500"):
            post(port, "/predict", {"carrier": "UA"}, **{"x-request-id": "r-2"})
        end(server, log)
    predictions = stored(store)
    assert {one["elkmon"]["prediction"]["id"]: one["process"]["pid"] for one in predictions} == {
        answer["id"]: answer["worker"] for answer in answers
    }
    (loaded,) = stored(store, "log")
    assert loaded["message"] == "loaded"
    assert loaded["process"]["pid"] == server.pid
    errors = stored(store, "error")
    assert sorted(one["error"]["type"] for one in errors) == ["KeyError", "KeyError"]  # of the call, and Flask's own
    assert [one["labels"] for one in errors if "labels" in one] == [{"request": "r-2"}]


def test_celery(store, tmp_path):
    """The processes of a celery worker's pool deliver what their tasks log, also at their end."""
    log = tmp_path / "log"
    broker = {"BROKER_FOLDER": str(tmp_path), "ELKMON_URL": store.url}
    command = ("celery", "-A", "celery_app", "worker", "--pool", "prefork", "--concurrency", "2", "--without-mingle")
    with (
        running(*command, cwd=EXAMPLES, log=log, **broker) as worker,
        running("celery_app", cwd=EXAMPLES, log=tmp_path / "client", **broker) as client,
    ):
        assert client.wait(60) == 0, (tmp_path / "client").read_text()
        wait_for(lambda: len(stored(store)) == 5, "five predictions arrived")
        end(worker, log)
    assert sorted(one["elkmon"]["prediction"]["id"] for one in stored(store)) == ["0", "1", "2", "3", "4"]
    assert worker.pid not in {one["process"]["pid"] for one in stored(store)}
    assert all(one["labels"]["task"] for one in stored(store))
