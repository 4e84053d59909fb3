"""
`elkmon embedded`: a real Elasticsearch node in the foreground, for trying things out.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from elkmon.cli.arguments import Commands
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.signals import EndedBySignal
from elkmon.errors import ConfigurationError, EmbeddedError


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "embedded",
        help="run a real Elasticsearch node, for trying out",
        description="Runs one real Elasticsearch node on 127.0.0.1 until Ctrl-C, and prints its URL. Not for production.",
    )
    parser.add_argument("--port", type=int, default=9200, help="HTTP port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the data here (default: it is thrown away)")
    parser.add_argument("--version", metavar="V", help="version of Elasticsearch (default: the newest that can be had)")
    parser.add_argument("--heap", default="512m", metavar="SIZE", help="memory for Java (default: %(default)s)")
    parser.set_defaults(command=embedded)


def embedded(arguments: argparse.Namespace) -> ExitCode:
    """Run a node until a signal ends it."""
    from elkmon.embedded import DEFAULT_VERSION, EmbeddedElasticsearch

    version = arguments.version or DEFAULT_VERSION
    try:
        node = EmbeddedElasticsearch(version=version, port=arguments.port, data=arguments.data, heap=arguments.heap)
    except EmbeddedError as error:  # not started yet: an argument is wrong
        raise ConfigurationError(str(error)) from error
    with EndedBySignal():
        print(f"Starting Elasticsearch {node.version} …", file=sys.stderr, flush=True)
        with node:
            print(node.url, flush=True)
            print("Press Ctrl-C to stop it.", file=sys.stderr, flush=True)
            while True:
                signal.pause()
    return ExitCode.HEALTHY
