"""
A batch job over a DataFrame. With ids and timestamps of its own it can run twice, and is stored once.

    python batch.py
"""

import os
import sys

import pandas as pd

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(
    elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL),
    when_full="block",  # a job may wait for the store, a service would rather drop
    block_seconds=60,
)
model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler, categorical=["flight"])

flights = pd.DataFrame(
    {
        "order": range(1, 1001),
        "scheduled": pd.date_range("2013-08-05", periods=1000, freq="min", tz="UTC"),
        "flight": [number % 40 for number in range(1000)],
        "distance": [100.0 + number for number in range(1000)],
    }
)

if __name__ == "__main__":
    scores = (flights["distance"] / 5000).clip(upper=1.0)
    model_log.predictions(
        flights[["flight", "distance"]],
        scores=scores,
        labels=["late" if score > 0.2 else "on time" for score in scores],
        timestamps=flights["scheduled"],
        ids=flights["order"],
    )
    # A job knows how it went: everything arrived, or it failed.
    handler.close(timeout=60)
    stats = handler.stats()
    print(stats)
    sys.exit(0 if stats.delivered == stats.logged == len(flights) else 1)
