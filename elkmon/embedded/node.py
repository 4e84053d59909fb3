"""
The child process: one Elasticsearch node in a Java virtual machine of its own, by JPype.

Run as a script, so that nothing of elkmon is imported. Its standard input is its lifeline: the first line describes
the node as JSON; end of file, the parent's death or SIGTERM end it. What it writes goes to the node's log.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

_SECONDS_TO_CLOSE = 15.0
_SECONDS_BETWEEN_LOOKS = 0.5
_JAVA_OPTIONS = (
    "-Xrs",  # signals are this program's business, not Java's
    "-XX:+UseSerialGC",  # as quick as the default here, with 170 MB less
    "-XX:+ExitOnOutOfMemoryError",  # a node without memory hangs; one that is gone is noticed
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.allocator.numDirectArenas=0",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",  # Lucene and Netty use it still, and Java 25 would warn at length
)


def main() -> None:
    """Run the node described on standard input until told to end."""
    node = json.loads(sys.stdin.readline())
    lifeline = _Lifeline(node["parent"], Path(node["home"]))
    try:
        _start_java(node)
        running = _start_node(node)
        lifeline.wait()
        running.close()
    except BaseException as error:  # noqa: BLE001 whatever it is, the parent reads it in the log
        _write_down(error)
        lifeline.leave(1)
    lifeline.leave(0)


class _Lifeline:
    """Watches for all that ends this process, on a thread of its own: Java takes seconds to start and may hang."""

    def __init__(self, parent: int, home: Path) -> None:
        self._parent = parent
        self._home = home
        self._cut = False
        self._running = False
        self._end = threading.Event()
        self._signals, wakeup = os.pipe()
        os.set_blocking(wakeup, False)
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, lambda *_: None)  # it is the byte in the pipe that counts
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(ignored, signal.SIG_IGN)  # a terminal sends them to the parent too, which ends us in order
        threading.Thread(target=self._watch, daemon=True).start()

    def wait(self) -> None:
        """Return when the node is to be closed."""
        self._running = True
        self._end.wait()

    def leave(self, code: int) -> None:
        """End at once: nothing is left to be done, and Java's own end would wait for its threads."""
        if self._cut:  # a parent that was killed cannot remove it
            shutil.rmtree(self._home, ignore_errors=True)
        sys.stdout.flush()
        os._exit(code)

    def _watch(self) -> None:
        stdin = sys.stdin.fileno()
        readable: list[int] = []
        # A worker the parent forked may hold the pipe open after it; then only the parent's id tells.
        while not readable and os.getppid() == self._parent:
            readable, _, _ = select.select([stdin, self._signals], [], [], _SECONDS_BETWEEN_LOOKS)
        self._cut = self._signals not in readable
        if self._running:
            self._end.set()
            threading.Event().wait(_SECONDS_TO_CLOSE)
        self.leave(1)


def _start_java(node: dict[str, Any]) -> None:
    import jpype  # type: ignore[import-untyped]

    home = Path(node["home"])
    jpype.startJVM(
        node["libjvm"],
        *_JAVA_OPTIONS,
        f"-Xms{node['heap']}",
        f"-Xmx{node['heap']}",
        f"-Djava.io.tmpdir={home / 'tmp'}",
        f"-Dlog4j.configurationFile={home / 'config' / 'log4j2.properties'}",
        classpath=[f"{node['distribution']}/lib/*"],
        convertStrings=False,
    )


def _start_node(node: dict[str, Any]) -> Any:
    from jpype import JClass

    JClass("org.elasticsearch.common.logging.LogConfigurator").configureESLogging()
    settings = JClass("org.elasticsearch.common.settings.Settings").builder()
    for name, value in node["settings"].items():
        settings.put(name, value)
    environment = JClass("org.elasticsearch.env.Environment")(settings.build(), None)
    modules = JClass("java.nio.file.Path").of(f"{node['distribution']}/modules")
    plugins = JClass("org.elasticsearch.plugins.PluginsLoader")
    none, nothing = JClass("java.util.Set").of(), JClass("java.util.Map").of()
    loader = plugins.createPluginsLoader(plugins.loadModulesBundles(modules), none, nothing, False)
    return JClass("org.elasticsearch.node.Node")(environment, loader).start()


def _write_down(error: BaseException) -> None:
    """The whole of it, then its causes in a line each: the parent shows the end of the log."""
    print(error.stacktrace() if hasattr(error, "stacktrace") else traceback.format_exc())  # noqa: T201 to the log
    cause: Any = error
    while cause is not None:
        print(f"{'because of ' if cause is not error else ''}{cause}")  # noqa: T201 to the log
        cause = cause.getCause() if hasattr(cause, "getCause") else None


if __name__ == "__main__":
    main()
