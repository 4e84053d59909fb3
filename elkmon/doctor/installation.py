"""
Whether the packages the monitor needs are installed.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from elkmon.doctor.examination import Examination, Link, Verdict

_MONITOR = ("elasticsearch", "pandas", "scipy", "apscheduler", "jinja2", "matplotlib", "tqdm")


def examine_installation() -> Iterator[Examination]:
    """Yield one line about Python and the packages of `elkmon[monitor]`."""
    versions = {package: version_of(package) for package in _MONITOR}
    missing = [package for package, version in versions.items() if version is None]
    if missing:
        yield Examination(
            Link.INSTALLATION,
            "packages",
            Verdict.PROBLEM,
            f"not installed: {', '.join(missing)}",
            "pip install 'elkmon[monitor]'",
        )
        return
    listed = ", ".join(f"{package} {version}" for package, version in versions.items())
    yield Examination(Link.INSTALLATION, "packages", Verdict.OK, f"Python {platform.python_version()}, {listed}")


def version_of(package: str) -> str | None:
    """Return the installed version of `package`; None when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
