"""How signals end long commands."""

import os
import signal

import pytest

from elkmon.cli.signals import EndedBySignal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_unwinds_the_block_and_the_command_goes_on_to_its_end(number):
    """What the block holds is given back, what follows it is done, and the signals are as they were."""
    before = signal.getsignal(number)
    steps = []

    with EndedBySignal():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            steps.append("given back")
    steps.append("after")

    assert steps == ["given back", "after"]
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_break_off_the_unwinding():
    """Somebody who presses Ctrl-C twice still leaves nothing running."""
    steps = []

    with EndedBySignal():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("given back")

    assert steps == ["given back"]


def test_errors_are_not_swallowed():
    """Only the signal is; an error goes on to who can tell it."""
    with pytest.raises(ZeroDivisionError), EndedBySignal():
        _ = 1 / 0
