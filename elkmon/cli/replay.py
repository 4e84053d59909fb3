"""
`elkmon replay`: events on disk sent by hand.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.cli.progress import shown_progress
from elkmon.shipping.transports import Transport
from elkmon.shipping.transports.named import as_transport


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "replay",
        help="send the events that a service has left on disk",
        description="Sends what is in a journal's directory, in a file of dead letters, or in a file of events. Journals "
        "are cleared away as their events arrive; files stay as they are. What has arrived before is recognised by its "
        "id, so this can be interrupted and repeated. Exit code 4: something is left, or refused.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="the directory, or the file")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--to", metavar="URL", help="an Elasticsearch (else the [store] of the configuration)")
    where.add_argument("--logstash", metavar="URL", help="the http input of a Logstash instead")
    parser.add_argument(
        "--patience",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="give up after so long without success (default 120)",
    )
    parser.add_argument(
        "--rejected",
        type=Path,
        metavar="FILE",
        help="append events of journals that are refused for good to this file (default DIRECTORY.rejected.ndjson)",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=replay)


def replay(arguments: argparse.Namespace) -> ExitCode:
    """Send it, and say what became of it."""
    transport = _transport(arguments)
    from elkmon.shipping.replay import replay as send
    from elkmon.shipping.replay import sentences

    try:
        with shown_progress() as progress:
            found = send(
                arguments.path,
                transport,
                patience=max(0.1, arguments.patience),
                progress=progress,
                rejected=arguments.rejected,
            )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where this one was", file=sys.stderr)
        raise
    if arguments.json:
        print_json(found)
    else:
        for line in sentences(found):
            print(line)
    nothing = found.damaged and not found.delivered
    return ExitCode.UNDELIVERED if found.left or found.rejected or nothing else ExitCode.HEALTHY


def _transport(arguments: argparse.Namespace) -> Transport:
    if arguments.logstash:
        return as_transport({"()": "LogstashHttpTransport", "hosts": arguments.logstash})
    if arguments.to:
        return as_transport({"()": "ElasticsearchTransport", "hosts": arguments.to})
    store = read_config(arguments).store
    options: dict[str, Any] = {"hosts": store.hosts, "ca_file": store.ca_certs, "timeout": store.timeout}
    if store.api_key:
        options["api_key"] = store.api_key.reveal()
    elif store.password:
        options["basic_auth"] = (store.username, store.password.reveal())
    return as_transport({"()": "ElasticsearchTransport", **options})
