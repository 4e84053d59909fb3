"""
A Flask service under gunicorn, loaded once and forked (`preload_app`): each worker ships for itself.

    gunicorn -c gunicorn.conf.py flask_app:app
    curl -X POST localhost:8000/predict -H 'content-type: application/json' -d '{"distance": 1400, "carrier": "UA"}'
"""

import logging
import os

from flask import Flask, request

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(
    elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL),
    service="flights",
)
model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)

app = Flask(__name__)
app.logger.addHandler(handler)  # unhandled exceptions become error events
app.logger.setLevel(logging.INFO)
app.logger.info("loaded")


@app.post("/predict")
def predict() -> dict[str, object]:
    """Score a flight."""
    features = request.get_json()
    with elkmon.bound_labels(request=request.headers.get("x-request-id")), model_log.timed() as call:
        score = min(features["distance"] / 5000, 1.0)
        label = "late" if score > 0.5 else "on time"
        prediction_id = call.prediction(features, score=score, label=label)
    return {"id": prediction_id, "score": score, "label": label, "worker": os.getpid()}
