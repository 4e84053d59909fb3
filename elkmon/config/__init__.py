"""
The configuration: `elkmon.toml` and the secrets it names, read once into frozen values.

Every mistake in the file is reported at once. What the settings mean for a verdict is in `elkmon.checks`; who is built from
them in `elkmon.wiring`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from importlib import resources
from pathlib import Path

from elkmon.config.layouts import read_layout, shared_wrongly
from elkmon.config.models import read_model
from elkmon.config.monitor import read_monitor
from elkmon.config.notifiers import read_notifier
from elkmon.config.section import Section, suggestion, toml_key
from elkmon.config.settings import (
    Config,
    MailSettings,
    ModelEntry,
    MonitorSettings,
    Schedule,
    Secret,
    Security,
    StoreSettings,
)
from elkmon.config.store import kept_too_short, read_store
from elkmon.errors import ConfigurationError
from elkmon.windows import format_length

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "Config",
    "MailSettings",
    "ModelEntry",
    "MonitorSettings",
    "Schedule",
    "Secret",
    "Security",
    "StoreSettings",
    "example",
    "find",
    "load",
    "parse",
    "suggestion",
    "toml_key",
]

FILE_NAME = "elkmon.toml"
FILE_VARIABLE = "ELKMON_CONFIG"


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """
    Return the configuration that the file at `path` describes; secrets come from `environ` or files it names.

    Raises:
        ConfigurationError: with every problem found, when it cannot be read or used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}. {_REMEDY}") from error
    try:
        return parse(text, path.parent, environ)
    except ConfigurationError as error:
        raise ConfigurationError([f"{path}: {problem}" for problem in error.problems]) from error


def parse(text: str, folder: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """
    Return the configuration in `text`; relative paths in it start from `folder`.

    Raises:
        ConfigurationError: with every problem found, each with its key path.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"not valid TOML: {error}") from error
    problems: list[str] = []
    root = Section(values, "", problems, folder, environ)
    layouts = {name: read_layout(name, each) for name, each in root.sections("layouts")}
    config = Config(
        store=read_store(root.section("store")),
        notifiers=tuple(filter(None, (read_notifier(name, each) for name, each in root.sections("notifiers")))),
        models=tuple(read_model(name, each, layouts) for name, each in root.sections("models")),
        kibana_url=root.url("kibana_url"),
        horizon=root.length("horizon", Config().horizon),
        monitor=read_monitor(root.section("monitor")),
    )
    root.close()
    problems.extend(_windows_beyond(config.horizon, config.models))
    problems.extend(shared_wrongly(config.models))
    problems.extend(kept_too_short(config.store, config.horizon))
    names = {
        "models": [each.settings.name for each in config.models],
        "notifiers": [each.name for each in config.notifiers],
    }
    problems.extend(
        f"{table}.{toml_key(name)} has a blank name; write [{table}.NAME]"
        for table, its in names.items()
        for name in its
        if not name.strip()
    )
    if problems:
        raise ConfigurationError(problems)
    return config


def find(named: Path | None, environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Path:
    """
    Return where the configuration is: as `named`, else `elkmon.toml` in `folder` (the current one), else as ELKMON_CONFIG
    says.

    Raises:
        ConfigurationError: when there is none.
    """
    if named is not None:
        return named
    here = (folder or Path()) / FILE_NAME
    if here.is_file():
        return here
    if environ.get(FILE_VARIABLE):
        return Path(environ[FILE_VARIABLE])
    raise ConfigurationError(
        f"there is no {FILE_NAME} in {here.parent.absolute()}, and {FILE_VARIABLE} is not set. {_REMEDY}"
    )


def example() -> str:
    """Return the documented example that `elkmon init` writes."""
    return resources.files(__name__).joinpath("example.toml").read_text(encoding="utf-8")


def _windows_beyond(horizon: timedelta, models: tuple[ModelEntry, ...]) -> list[str]:
    return [
        f'models.{toml_key(entry.settings.name)}.window = "{format_length(entry.settings.window)}" is longer than the horizon of '
        f'"{format_length(horizon)}" within which events are counted; make the window shorter or the horizon longer'
        for entry in models
        if entry.settings.window > horizon
    ]


_REMEDY = f"Write one with `elkmon init`, or name it with -c FILE or the environment variable {FILE_VARIABLE}."
