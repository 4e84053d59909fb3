"""
ML model monitoring on the Elastic stack. What a service imports is here, and nothing heavy:

    handler = elkmon.PredictionHandler(elkmon.ElasticsearchTransport("https://localhost:9200", api_key="…"))
    model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)
    prediction_id = model_log.prediction(features={"distance": 1400.0, "carrier": "UA"}, score=0.83, label="late")
    model_log.outcome(prediction_id, label="on time")
"""

from __future__ import annotations

from elkmon.errors import ElkmonError, ShippingError
from elkmon.events import Failure, Outcome, Prediction
from elkmon.shipping.accounting import Stats
from elkmon.shipping.context import bound_labels, bound_trace
from elkmon.shipping.handler import PredictionHandler
from elkmon.shipping.model_log import ModelLog
from elkmon.shipping.transports.elasticsearch import ElasticsearchTransport
from elkmon.shipping.transports.file import FileTransport
from elkmon.shipping.transports.logstash_http import LogstashHttpTransport
from elkmon.shipping.transports.logstash_tcp import LogstashTcpTransport
from elkmon.shipping.trouble import Trouble

__all__ = [
    "ElasticsearchTransport",
    "ElkmonError",
    "Failure",
    "FileTransport",
    "LogstashHttpTransport",
    "LogstashTcpTransport",
    "ModelLog",
    "Outcome",
    "Prediction",
    "PredictionHandler",
    "ShippingError",
    "Stats",
    "Trouble",
    "__version__",
    "bound_labels",
    "bound_trace",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("elkmon")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
