"""The README's own blocks, run as they stand."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError

import pytest
from elasticsearch import Elasticsearch

from elkmon.cli import main
from elkmon.config import parse
from elkmon.elasticsearch import setup
from support.services import end, free_port, post, serving

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's blocks of one language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    return [block for name, block in fenced if name == language]


def test_quick_start_delivers(elasticsearch_url: str, namespace: str, client: Elasticsearch) -> None:
    """The Python block, given a real Elasticsearch, delivers its prediction and its truth."""
    setup(client, namespace)
    block, _ = blocks("python")
    code = block.replace("http://localhost:9200", elasticsearch_url).replace(
        'service="pricing"', f'service="pricing", namespace="{namespace}"'
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    client.indices.refresh(index=f"logs-elkmon.*-{namespace}")
    found = client.search(index=f"logs-elkmon.prediction-{namespace},logs-elkmon.feedback-{namespace}")
    predicted, truth = sorted(
        (hit["_source"]["elkmon"] for hit in found["hits"]["hits"]), key=lambda each: "outcome" in each
    )
    assert (predicted["prediction"]["score"], predicted["prediction"]["label"]) == (0.83, "late")
    assert truth["outcome"]["label"] == "on time"
    assert truth["prediction"]["id"] == predicted["prediction"]["id"]


def test_fastapi_service_delivers(
    elasticsearch_url: str, namespace: str, client: Elasticsearch, tmp_path: Path
) -> None:
    """The FastAPI service, started by the README's command, ships a prediction and a failure before it is gone."""
    setup(client, namespace)
    _, block = blocks("python")
    code = block.replace("http://localhost:9200", elasticsearch_url).replace(
        'service="flights"', f'service="flights", namespace="{namespace}"'
    )
    (tmp_path / "main.py").write_text(code)
    log, port = tmp_path / "log", free_port()

    with serving(port, "uvicorn", "main:app", "--port", port, cwd=tmp_path, log=log) as server:
        answer = post(port, "/predict", {"distance": 4000, "carrier": "UA"})
        with pytest.raises(HTTPError, match="500"):
            post(port, "/predict", {})
        end(server, log, codes=(-signal.SIGTERM,))

    client.indices.refresh(index=f"logs-elkmon.*-{namespace}")
    (prediction,) = client.search(index=f"logs-elkmon.prediction-{namespace}")["hits"]["hits"]
    assert prediction["_source"]["elkmon"]["prediction"] == {"id": answer["id"], "score": 0.8, "label": "late"}
    (failure,) = client.search(index=f"logs-elkmon.error-{namespace}")["hits"]["hits"]
    assert failure["_source"]["error"]["type"] == "KeyError"
    assert list((tmp_path / "journal").iterdir()) == []


def test_configuration_is_valid() -> None:
    """The TOML block is a configuration without a mistake."""
    (block,) = blocks("toml")

    config = parse(block, Path(), {"ELKMON_API_KEY": "k", "ELKMON_SMTP_PASSWORD": "p"})

    assert [entry.settings.name for entry in config.models] == ["flight-delay"]


def test_commands_exist(capsys) -> None:
    """Every elkmon command the README names has help under that name."""
    commands = {
        line.split("#")[0].split()[1]
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith("elkmon ")
    }

    for command in sorted(commands):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0
        assert command in capsys.readouterr().out
    assert len(commands) >= 7
