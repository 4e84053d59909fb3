"""What a service imports weighs little, and needs nothing but python-json-logger."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pythonjsonlogger

import elkmon

PACKAGE = Path(elkmon.__file__).parent
HEAVY = ("pandas", "numpy", "scipy", "elasticsearch", "jinja2", "apscheduler", "matplotlib", "jpype")
PROGRAM = """
import json, sys
sys.path[:0] = {paths}
import elkmon
imported = sorted(sys.modules)
import logging, threading
threads = threading.active_count()
handler = elkmon.PredictionHandler(elkmon.FileTransport({file}))
log = logging.getLogger("app")
log.addHandler(handler)
elkmon.ModelLog("m", handler=handler).prediction({{"distance": 1.5, "carrier": "UA", "gate": None}}, score=0.5)
log.error("failed")
handler.close()
print(json.dumps([imported, sorted(sys.modules), threads, handler.stats().delivered]))
"""


def test_base_install_is_enough(tmp_path):
    """In a fresh interpreter with python-json-logger only, a handler ships, and nothing heavy is among the modules."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for package in (PACKAGE, Path(pythonjsonlogger.__file__).parent):
        (packages / package.name).symlink_to(package)
    program = PROGRAM.format(paths=[str(packages)], file=repr(str(tmp_path / "events.ndjson")))
    # -I -S: without site-packages, environment and current folder
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    imported, used, threads, delivered = json.loads(run.stdout)
    assert delivered == 2
    assert threads == 1
    assert not {name.partition(".")[0] for name in used} & {*HEAVY, "orjson"}
    assert not {"ssl", "http.client", "socket", "asyncio"} & set(imported)
    assert len((tmp_path / "events.ndjson").read_text().splitlines()) == 4


def test_light_half_names_no_other_package():
    """No file of the light half names a third-party package but python-json-logger and orjson, nor the heavy half."""
    allowed = {*sys.stdlib_module_names, "pythonjsonlogger", "orjson"}
    light = {"errors", "schema", "fields", "identity", "values", "events", "shipping"}
    files = [PACKAGE / "__init__.py", *(PACKAGE / f"{name}.py" for name in light - {"shipping"})]
    for file in (*files, *(PACKAGE / "shipping").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in names:
                top, _, rest = name.partition(".")
                assert top in allowed or rest.partition(".")[0] in light, f"{file.name} imports {name}"
