"""
A plain pool of processes: workers deliver at their end, without being told.

    python pool.py
"""

import multiprocessing
import os

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL))
model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)


def score(distance: float) -> float:
    """Score a flight, in a worker."""
    with model_log.timed() as call:
        score = min(distance / 5000, 1.0)
        call.prediction({"distance": distance}, score=score)
    return score


if __name__ == "__main__":
    pool = multiprocessing.Pool(2)
    pool.map(score, [500.0 * number for number in range(10)])
    # Leaving `with Pool() as pool:` kills the workers, and with them what they logged a moment ago: end them like this.
    pool.close()
    pool.join()
