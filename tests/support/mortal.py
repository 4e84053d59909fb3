"""A service that is killed without warning, again and again, each time in the middle of its work."""

import os
import random
import signal
import time

import elkmon


def killed_service(transport, directory, prefix, *, seconds, namespace="default", events=400):
    """
    Fork a service that logs predictions with the ids `<prefix>-<number>` into a journal, and kill it.

    Args:
        transport: where it ships to, meanwhile.
        directory: its journal.
        prefix: begins its ids.
        namespace: where its events belong.
        seconds: how long it lives after its first event.
        events: how many it logs at most; then it waits for its end.

    Returns:
        How many of its calls had returned.
    """
    told, say = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(told)
            _serve(transport, directory, prefix, namespace, events, say)
        finally:
            os._exit(1)  # reached by a mistake only
    os.close(say)
    returned = len(os.read(told, 1))
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    while more := os.read(told, 65536):
        returned += len(more)
    os.close(told)
    return returned


def _serve(transport, directory, prefix, namespace, events, say):
    handler = elkmon.PredictionHandler(
        transport, namespace=namespace, journal=directory, totals_every=0, flush_every=0.005
    )
    log = elkmon.ModelLog("m", handler=handler)
    dice = random.Random(prefix)
    for number in range(events):
        log.prediction({"number": number, "text": "x" * dice.randrange(2000)}, id=f"{prefix}-{number}")
        os.write(say, b".")  # the call has returned; a pipe outlives its writer
        time.sleep(dice.choice((0, 0, 0, 0.0005)))
    time.sleep(60)
