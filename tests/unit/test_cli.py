"""The command line where it needs no store: help, exit codes, errors in words."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from elkmon import cli
from elkmon.cli import ExitCode, exit_code_of, main, make_parser
from elkmon.config import example
from elkmon.errors import (
    ConfigurationError,
    DeliveryError,
    EmbeddedError,
    MissingExtra,
    PartialAnswer,
    ReferenceDataError,
    StoreUnreachable,
)

COMMANDS = {
    "demo",
    "init",
    "setup",
    "embedded",
    "baseline",
    "check",
    "run",
    "replay",
    "report",
    "alerts",
    "doctor",
    "forget",
}
BASELINE_COMMANDS = {"create", "list", "show", "diff"}


def parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(action.choices)


def test_the_commands_are_those_of_the_architecture_and_no_others():
    """What does not work yet is not offered."""
    commands = parsers(make_parser())

    assert set(commands) == COMMANDS
    assert set(parsers(commands["baseline"])) == BASELINE_COMMANDS


@pytest.mark.parametrize(
    "command",
    [(), *((each,) for each in sorted(COMMANDS)), *(("baseline", each) for each in sorted(BASELINE_COMMANDS))],
)
def test_every_command_has_help(command, capsys):
    """Help says what the command is for, and what each of its options is."""
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])

    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: {' '.join(('elkmon', *command))}")


def test_every_option_is_explained():
    """No option stands there without a word about it."""
    commands = parsers(make_parser())
    for parser in (*commands.values(), *parsers(commands["baseline"]).values()):
        assert parser.description
        for action in parser._actions:
            assert action.help or isinstance(action, argparse._SubParsersAction), (parser.prog, action.dest)


def test_help_imports_nothing_heavy():
    """`elkmon --help` answers at once: none of the monitor's packages is loaded for it."""
    code = (
        "import sys; from elkmon.cli import make_parser; make_parser(); "
        "print([m for m in ('pandas', 'numpy', 'scipy', 'elasticsearch', 'jinja2', 'apscheduler', 'matplotlib', 'tqdm',"
        " 'jpype', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x"), 2),
        (MissingExtra("pandas", "monitor"), 2),
        (ReferenceDataError("x"), 2),
        (StoreUnreachable("x"), 3),
        (PartialAnswer("x"), 3),
        (EmbeddedError("x"), 3),
        (DeliveryError("x"), 4),
    ],
)
def test_each_error_has_its_exit_code(error, code):
    """2 usage or configuration, 3 could not judge, 4 could not deliver."""
    assert exit_code_of(error) == code


def test_wrong_usage_is_exit_code_two():
    """The parser's own complaint has the exit code of a usage error."""
    with pytest.raises(SystemExit) as ended:
        main(["chek"])

    assert ended.value.code == ExitCode.USAGE


def test_init_writes_the_example_and_never_overwrites(tmp_path, monkeypatch, capsys):
    """A configuration somebody has worked on is safe, unless --force is said."""
    monkeypatch.chdir(tmp_path)

    assert main(["init"]) == 0
    assert Path("elkmon.toml").read_text(encoding="utf-8") == example()
    Path("elkmon.toml").write_text("# mine\n", encoding="utf-8")
    assert main(["init"]) == ExitCode.USAGE
    assert Path("elkmon.toml").read_text(encoding="utf-8") == "# mine\n"
    assert "add --force" in capsys.readouterr().err
    assert main(["init", "--force"]) == 0
    assert Path("elkmon.toml").read_text(encoding="utf-8") == example()
    assert main(["init", "nowhere/elkmon.toml"]) == ExitCode.USAGE


def test_no_configuration_is_said_with_its_remedy(tmp_path, monkeypatch, capsys):
    """A first-time user is told what to do next, not shown a traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ELKMON_CONFIG", raising=False)

    assert main(["check"]) == ExitCode.USAGE
    assert "elkmon init" in capsys.readouterr().err


def test_every_mistake_of_the_configuration_is_a_line(tmp_path, capsys):
    """All are told at once, one a line."""
    path = tmp_path / "elkmon.toml"
    path.write_text('horizn = "3d"\n[models.m]\nmin_row = 1\n', encoding="utf-8")

    assert main(["alerts", "-c", str(path)]) == ExitCode.USAGE
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert any("did you mean horizon?" in line for line in lines)
    assert any("did you mean min_rows?" in line for line in lines)


def test_a_missing_package_is_answered_with_what_to_install(tmp_path):
    """Without the extra a command says which one to install; no traceback."""
    (tmp_path / "elkmon.toml").write_text(example(), encoding="utf-8")
    # A finder that knows none of them stands for an environment with the base install alone.
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'elasticsearch', 'elastic_transport'}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from elkmon.cli import main\n"
        "sys.exit(main(['alerts']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)

    assert done.returncode == ExitCode.USAGE
    assert done.stderr.strip().endswith("pip install 'elkmon[monitor]'")
    assert "Traceback" not in done.stderr


def test_an_unexpected_error_is_short_and_says_how_to_see_more(monkeypatch, capsys, tmp_path):
    """A mistake of elkmon itself is a line, and a traceback where ELKMON_DEBUG asks for it."""

    def fail(_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(cli.initialise, "initialise", fail)
    monkeypatch.delenv("ELKMON_DEBUG", raising=False)
    assert main(["init", str(tmp_path / "x.toml")]) == ExitCode.UNJUDGED
    err = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: division by zero" in err
    assert "ELKMON_DEBUG=1" in err
    assert "Traceback" not in err

    monkeypatch.setenv("ELKMON_DEBUG", "1")
    assert main(["init", str(tmp_path / "x.toml")]) == ExitCode.UNJUDGED
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error():
    """`elkmon … | head` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "elkmon", "init", "/dev/stderr", "--force"],
        stdout=write, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write)

    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
