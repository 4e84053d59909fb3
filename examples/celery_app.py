"""
A celery worker with a pool of processes. The broker is a folder, so that it runs without a server.

    celery -A celery_app worker --pool prefork --concurrency 2
    python celery_app.py            (in another terminal: asks for five predictions)
"""

import os
import tempfile
from pathlib import Path

from celery import Celery

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")
FOLDER = Path(os.environ.get("BROKER_FOLDER", tempfile.gettempdir())) / "elkmon-example-broker"
FOLDER.mkdir(exist_ok=True)

app = Celery("celery_app", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": str(FOLDER),
    "data_folder_out": str(FOLDER),
    "control_folder": str(FOLDER / "control"),
    "polling_interval": 0.1,
}

# Made once, in the parent; each process of the pool has its own queue and connection after the fork.
handler = elkmon.PredictionHandler(elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL))
model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)


@app.task
def score(order: int, distance: float) -> None:
    """Score a flight. The order's number as the id: a task that celery runs again is stored once."""
    with elkmon.bound_labels(task=score.request.id), model_log.timed() as call:
        call.prediction({"distance": distance}, score=min(distance / 5000, 1.0), id=order)


if __name__ == "__main__":
    for number in range(5):
        score.delay(number, 1000.0 * number)
