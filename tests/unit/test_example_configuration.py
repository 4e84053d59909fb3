"""The documented example that `elkmon init` writes."""

import tomllib
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

from elkmon.checks import ModelSettings
from elkmon.config import (
    Config,
    MailSettings,
    MonitorSettings,
    Schedule,
    StoreSettings,
    example,
    parse,
)


def test_the_example_parses_and_is_all_defaults():
    """What `elkmon init` writes can be used as it is, and says nothing but the defaults and one model."""
    config = parse(example(), Path(), {})

    assert config.store == StoreSettings()
    assert [entry.settings for entry in config.models] == [ModelSettings("flight-delay")]
    assert config.models[0].schedule == Schedule()


def test_the_example_names_every_key():
    """Uncommented, the example says something for every setting there is, and can be read."""
    lines = [line.removeprefix("# ") for line in example().splitlines() if _is_setting(line)]
    written = tomllib.loads("\n".join(_without_alternatives(lines)))
    keys = set(_keys(written)) | {line.split(" = ")[0] for line in lines if " = " in line}

    tables = (StoreSettings, MonitorSettings, MailSettings, ModelSettings, Config)
    wanted = {field.name for values in tables for field in fields(values) if field.init}
    secrets = {f"{name}{suffix}" for name in ("api_key", "password") for suffix in ("_env", "_file")}
    by_table_name = {"name"}
    assert (wanted - by_table_name - {"api_key", "password"}) | secrets | {"schedule", "kind"} <= keys


def test_the_examples_suggestions_are_accepted(tmp_path):
    """Each line of the example that is commented out is right when it is uncommented."""
    lines = [line.removeprefix("# ") for line in example().splitlines() if _is_setting(line)]
    (tmp_path / "ca.crt").write_text("certificate")

    config = parse(
        "\n".join(_without_alternatives(lines)), tmp_path, {"ELKMON_API_KEY": "k", "ELKMON_SMTP_PASSWORD": "p"}
    )

    assert config.models[0].settings.labels_after == timedelta(days=14)
    assert config.notifiers[0].recipients == ("data-team@example.com",)


def _is_setting(line: str) -> bool:
    text = line.removeprefix("# ")
    return text.startswith("[") or (" = " in text and text.split(" = ")[0].isidentifier())


def _without_alternatives(lines: list[str]) -> list[str]:
    """Of the several ways to log in, keep the first of each table."""
    kept, taken = [], False
    for line in lines:
        taken = taken and not line.startswith("[")
        if line.startswith(("api_key", "password")):
            if taken:
                continue
            taken = True
        if line.startswith('username = "elkmon"'):
            continue
        kept.append(line)
    return kept


def _keys(table: dict[str, object]) -> list[str]:
    found = []
    for key, value in table.items():
        found.append(key)
        if isinstance(value, dict):
            found.extend(_keys(value))
    return found
