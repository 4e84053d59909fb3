"""
Logging as YAML: the same dictionary, in a file.

    python yaml_config.py
"""

import logging
import logging.config
import os
from pathlib import Path

import yaml

import elkmon

config = yaml.safe_load((Path(__file__).parent / "logging.yaml").read_text(encoding="utf-8"))
if "ELKMON_URL" in os.environ:
    config["handlers"]["elkmon"]["transport"] = os.environ["ELKMON_URL"]
if "ELKMON_FILE" in os.environ:
    config["handlers"]["elkmon"]["transport"] = {"()": "elkmon.FileTransport", "path": os.environ["ELKMON_FILE"]}
logging.config.dictConfig(config)

log = logging.getLogger("flights")

if __name__ == "__main__":
    log.info("model loaded", extra={"size": 3})
    prediction = elkmon.Prediction("flight-delay", version="3", features={"distance": 1400.0}, score=0.83, label="late")
    log.info("scored", extra={"prediction": prediction})
