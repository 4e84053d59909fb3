"""Files that cannot take more, or are taken away."""

import json

from support.shipping import documents_in


def test_full_disk_is_waited_for(run):
    """On a full disk nothing is raised and nothing lost until the end, which counts and says it."""
    out, err, _ = run(
        """
        for _ in range(100): log.prediction({})
        assert not handler.flush(0.5)
        stats = handler.stats()
        assert stats.pending == stats.logged == 100
        handler.close(0.5)
        print(dict(handler.stats().dropped), balanced(handler.stats()))
        """,
        "elkmon.FileTransport('/dev/full')",
    )
    assert out == "{'exit_timeout': 100} True\n"
    assert "elkmon: unavailable: /dev/full: No space left on device" in err


def test_file_that_was_rotated(run, path):
    """After its file was renamed, the transport goes on in a new one."""
    run(f"""
        log.prediction({{"a": 1}})
        assert handler.flush()
        os.rename({str(path)!r}, {str(path)!r} + ".1")
        log.prediction({{"a": 2}})
    """)
    assert [one["features"]["num"]["a"] for one in documents_in(path)] == [2]
    assert [one["features"]["num"]["a"] for one in documents_in(path.with_name(path.name + ".1"))] == [1]


def test_disk_that_fills_up_within_a_line(run, tmp_path, path):
    """A line that was cut off by a full disk stays alone; all events are there once there is room."""
    run("""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
        for number in range(50): log.prediction({"a": number})
        assert not handler.flush(0.3)
        assert 0 < handler.stats().delivered < 50 and balanced(handler.stats())
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert handler.flush()
        assert handler.stats().delivered == 50
    """)
    whole = []
    torn = 0
    for line in path.read_text().splitlines():
        try:
            whole.append(json.loads(line)["features"]["num"]["a"])
        except ValueError:
            torn += 1
    assert whole == list(range(50))
    assert torn == 1


def test_line_torn_by_another_process_stays_alone(run, path):
    """What a process that is gone has left torn, since its disk was full, does not run into the first line of the next."""
    path.write_bytes(b'{"whole": 1}\n{"torn":')
    run("log.prediction({'a': 1}); handler.flush(); log.prediction({'a': 2})")
    first, torn, *lines = path.read_text().splitlines()
    assert (first, torn) == ('{"whole": 1}', '{"torn":')
    assert [json.loads(line)["features"]["num"]["a"] for line in lines] == [1, 2]
