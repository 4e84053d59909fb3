"""
A service's own formatter of python-json-logger: ordinary records look as it says; predictions are elkmon's.

    python json_formatter.py
"""

import logging
import os
from typing import Any

from pythonjsonlogger.json import JsonFormatter

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")


class OurFormatter(JsonFormatter):
    """As all services of this company log."""

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Add what every line has."""
        super().add_fields(log_data, record, message_dict)
        log_data["thread"] = {"name": record.threadName}
        log_data["company"] = {"unit": "operations"}


handler = elkmon.PredictionHandler(elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL))
handler.setFormatter(OurFormatter("%(message)s", rename_fields={"order": "company_order"}))
log = logging.getLogger("flights")
log.addHandler(handler)
log.setLevel(logging.INFO)

if __name__ == "__main__":
    log.info("booked", extra={"order": 4711})
    prediction = elkmon.Prediction("flight-delay", version="3", features={"distance": 1400.0}, score=0.83, label="late")
    log.info("scored", extra={"prediction": prediction})
