"""
A FastAPI service: each prediction with its latency, each failure, and the truth when it is known.

    uvicorn fastapi_app:app
    curl -X POST localhost:8000/predict -H 'content-type: application/json' -d '{"distance": 1400, "carrier": "UA"}'
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(
    elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL),
    service="flights",
)
model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Deliver before the end: uvicorn ends itself by the signal it got, which runs no exit handlers."""
    yield
    await asyncio.to_thread(handler.close)


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def label(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Label everything that is logged during a request. Nothing of this waits for the network."""
    request_id = request.headers.get("x-request-id")
    with elkmon.bound_labels(request=request_id, path=request.url.path), elkmon.bound_trace(request_id):
        return await call_next(request)


class Flight(BaseModel):
    """What the model is asked about."""

    distance: float
    carrier: str


class Truth(BaseModel):
    """What turned out."""

    label: str


def score_of(flight: Flight) -> float:
    """Stand in for a model."""
    if flight.distance < 0:
        raise ValueError(f"no flight has {flight.distance} miles")
    return min(flight.distance / 5000, 1.0)


@app.post("/predict")
def predict(flight: Flight) -> dict[str, object]:
    """Score a flight; the answer's id is what the truth is told with."""
    with model_log.timed() as call:  # logs the exception, if there is one, and lets it go on
        score = score_of(flight)
        label = "late" if score > 0.5 else "on time"
        prediction_id = call.prediction(flight.model_dump(), score=score, label=label)
    return {"id": prediction_id, "score": score, "label": label}


@app.post("/outcome/{prediction_id}")
async def outcome(prediction_id: str, truth: Truth) -> None:
    """Tell what turned out to be true. Logging is as good in a coroutine: it blocks no loop."""
    model_log.outcome(prediction_id, label=truth.label)
