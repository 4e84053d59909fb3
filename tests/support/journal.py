"""What tests of the journal look for, and a service that leaves something behind."""

import subprocess
import sys
import textwrap

from support.shipping import documents_in

NOBODY_THERE = "http://localhost:1"


def numbers(path):
    """Read which predictions have arrived."""
    return [one["features"]["num"]["a"] for one in documents_in(path)] if path.exists() else []


def leave_behind(directory, count, *, then="os.kill(os.getpid(), signal.SIGKILL)", start=0, name="m"):
    """Be a service that logs into its journal while nobody takes anything, and is killed."""
    program = f"""
        import os, signal
        import elkmon
        handler = elkmon.PredictionHandler({NOBODY_THERE!r}, journal={str(directory)!r}, totals_every=0)
        log = elkmon.ModelLog({name!r}, handler=handler)
        for number in range({start}, {start} + {count}): log.prediction({{"a": number}})
        {then}
    """
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.PIPE, check=False)


def files(directory, ending):
    return sorted(directory.glob(f"*{ending}"))
