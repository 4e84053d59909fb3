"""The status file: always whole, renewed though nothing happens."""

import threading
from itertools import count

import pytest

from elkmon.errors import ConfigurationError
from elkmon.health import Heartbeat


class Texts:
    """Counts what was asked for, and lets a test wait for the n-th."""

    def __init__(self):
        self._numbers = count(1)
        self.asked = threading.Condition()
        self.last = 0

    def __call__(self):
        with self.asked:
            self.last = next(self._numbers)
            self.asked.notify_all()
            return f"{self.last}\n"

    def wait_for(self, number):
        with self.asked:
            assert self.asked.wait_for(lambda: self.last >= number, timeout=30)


def test_it_is_written_at_the_start_and_again_and_again(tmp_path):
    """Nothing has to happen for it to be written."""
    texts = Texts()
    with Heartbeat(tmp_path / "status.json", texts, print, every=0.01):
        assert int((tmp_path / "status.json").read_text()) >= 1
        texts.wait_for(4)

    assert int((tmp_path / "status.json").read_text()) >= 3
    assert [each.name for each in tmp_path.iterdir()] == ["status.json"]


def test_what_happens_is_written_at_once(tmp_path):
    """A long interval does not keep news back."""
    texts = Texts()
    with Heartbeat(tmp_path / "status.json", texts, print, every=3600) as heartbeat:
        heartbeat.beat()
        texts.wait_for(2)


def test_a_file_that_cannot_be_written_is_a_mistake_at_the_start(tmp_path):
    """A folder that is not there is said before anything is watched."""
    with (
        pytest.raises(ConfigurationError, match=r"status file .* cannot be written"),
        Heartbeat(tmp_path / "missing" / "status.json", lambda: "", print),
    ):
        pass


def test_later_it_is_said_once_and_tried_again(tmp_path):
    """A folder that was removed and comes back ends in a file that is up to date."""
    folder, texts, said = tmp_path / "run", Texts(), []
    folder.mkdir()
    with Heartbeat(folder / "status.json", texts, said.append, every=0.01):
        moved = folder.rename(tmp_path / "away")
        seen = texts.last
        texts.wait_for(seen + 4)
        moved.rename(folder)
        seen = texts.last
        texts.wait_for(seen + 3)

    assert len(said) == 1
    assert int((folder / "status.json").read_text()) > seen
