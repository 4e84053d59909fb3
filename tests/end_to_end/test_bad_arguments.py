"""Commands and configurations that mean nothing: exit code 2, and what was meant by whom is said."""

from pathlib import Path

import pytest

from support.shop import Command, configure

ONE_DAY = ("2026-01-01", "2026-01-02")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "--at", "yesterday"), "'yesterday' is not a time; Times are ISO 8601"),
        (("check", "--at", "2999-01-01"), "lies in the future"),
        (("check", "--at", "0001-01-01"), "outside the years 1970 to 9998"),
        (("check", "shopp"), "model 'shopp' is not configured, did you mean shop?; configured: shop"),
        (("run", "nobody"), "model 'nobody' is not configured; configured: shop"),
        (("report", "--model", "nobody"), "model 'nobody' is not configured"),
        (("check", "--from", "2999-01-01"), "does not lie before"),
        (("report", "--from", "2026-02-01", "--to", "2026-01-01"), "a window ends after it begins"),
        (("report", "--from", "2026-01-01", "--to", "2026-01-01"), "a window ends after it begins"),
        (("report", "--from", "2026-01-01T00:30"), "whole UTC hour"),
        (("report", "--from", "2026-01-01", "--last", "3d"), "keep one of them"),
        (("report", "--last", "3"), "'3' is not a length of time"),
        (("report", "--to", "0001-01-01"), "outside the years 1970 to 9998"),
        (("baseline",), "COMMAND"),
        (("baseline", "create", "", "--from-window", *ONE_DAY), "the model's name is blank"),
        (("baseline", "create", "shop"), "one of the arguments --from-window --from-file is required"),
        (("baseline", "create", "shop", "--from-window", "2026-01-01"), "expected 2 arguments"),
        (("baseline", "create", "shop", "--from-window", *reversed(ONE_DAY)), "a window ends after it begins"),
        (("baseline", "create", "shop", "--from-window", *ONE_DAY, "--categorical", "a"), "with --from-file only"),
        (
            ("baseline", "create", "shop", "--from-window", *ONE_DAY, "--new-ruler", "--ruler-of", "a"),
            "not allowed with",
        ),
        (("baseline", "create", "shop", "--from-file", "a.csv"), "a.csv does not exist"),
        (("baseline", "create", "shop", "--from-file", "a.csv", "--version", "1", "--column", "scor=p"), "mean score?"),
        (("check", "-c", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("check", "-c", "."), "Is a directory"),
        (("embedded", "--port", "many"), "invalid int value: 'many'"),
        (("demo", "--weeks", "0"), "choose from 1 to 26"),
        (("chekc",), "invalid choice: 'chekc'"),
        ((), "COMMAND"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_arguments_that_mean_nothing_are_exit_code_two(command: Command, arguments: tuple[str, ...], said: str):
    """Nothing is asked of the store; the argument, its value and what would be right are said."""
    configure("http://127.0.0.1:9", "default", "shop")

    done = command(*arguments)

    assert done.code == 2
    assert said in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[store\nhosts = 1", "elkmon.toml: not valid TOML: Expected ']'"),
        ('[store]\nnamespace = "prod-*"\n[models.shop]', '"prod-*" cannot be part of an index name'),
        ('[modles.shop]\nwindow = "1d"', "modles is not a key of elkmon, did you mean models?"),
        ('[store]\nusername = "u"\npassword_file = "."\n[models.shop]', 'store.password_file = "." cannot be read'),
        ("", "no model is configured; add a table [models.NAME]"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_exit_code_two(command: Command, text: str, said: str):
    """Corrupt, misspelt, reaching for other indices, with a secret that cannot be read, or with nothing to watch."""
    Path("elkmon.toml").write_text(text, encoding="utf-8")

    done = command("check")

    assert done.code == 2
    assert said in done.err


def test_a_variable_that_points_nowhere_is_said(command: Command, monkeypatch: pytest.MonkeyPatch):
    """With the path it named and the ways to name another."""
    monkeypatch.setenv("ELKMON_CONFIG", "/nowhere/elkmon.toml")

    done = command("alerts")

    assert done.code == 2
    assert "/nowhere/elkmon.toml cannot be read" in done.err
    assert "elkmon init" in done.err
