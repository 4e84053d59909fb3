"""
Looks at every link from the configuration to the mail server and says, one line each, whether it holds and what to do if not.

Changes nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from elkmon.config import Config, find, load
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.installation import examine_installation
from elkmon.doctor.kibana import examine_kibana
from elkmon.doctor.layouts import examine_layouts
from elkmon.doctor.mail import examine_mail
from elkmon.doctor.models import examine_models
from elkmon.doctor.store import examine_store, server_version
from elkmon.errors import ConfigurationError, StoreUnreachable
from elkmon.presentation.writing import clean

__all__ = ["Examination", "Link", "Verdict", "examine"]


def examine(named: Path | None, now: datetime) -> Iterator[Examination]:
    """Yield what is found at each link, as it is found; `named` is the configuration's file, where one was given."""
    yield from examine_installation()
    try:
        path = find(named)
        config = load(path)
    except ConfigurationError as error:
        for problem in error.problems:
            yield Examination(Link.CONFIGURATION, "file", Verdict.PROBLEM, problem)
        return
    yield Examination(Link.CONFIGURATION, "file", Verdict.OK, f"{path}: {_contents(config)}")
    if not config.models:
        yield Examination(
            Link.CONFIGURATION,
            "models",
            Verdict.PROBLEM,
            "none is configured",
            "add a table [models.NAME] for each model",
        )
    server = ""
    try:
        probe = yield from examine_store(config.store)
        if probe is not None:
            server = server_version(probe)
            yield from examine_layouts(config, probe, now)
            yield from examine_models(config, probe, now)
        else:
            yield Examination(
                Link.MODELS, "models", Verdict.SKIPPED, "not looked at until the store's problems are solved"
            )
    except StoreUnreachable as error:
        yield Examination(
            Link.STORE, "host", Verdict.PROBLEM, f"it has stopped answering: {error}", "see its log, and run this again"
        )
    if config.kibana_url:
        yield examine_kibana(config.kibana_url, config.store, server)
    for settings in config.notifiers:
        yield examine_mail(settings)
    if not config.notifiers:
        yield Examination(
            Link.MAIL, "notifiers", Verdict.WARNING, "nobody is told", 'add a table [notifiers.NAME] with kind = "mail"'
        )


def _contents(config: Config) -> str:
    models = ", ".join(clean(entry.settings.name) for entry in config.models) or "no model"
    return f"{models}; {len(config.notifiers)} notifiers; namespace {config.store.namespace}"
