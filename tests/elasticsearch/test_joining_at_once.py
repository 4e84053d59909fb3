"""Truth of many models joined on a real Elasticsearch: some without the others, two at once, and again and again."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, connect, usage_of
from elkmon.windows import DAY, HOUR, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LONG = Window(START, START + 15 * DAY)
NOW = LONG.end - MINUTE
MODELS = ("a", "b", "c", "d")


def test_truth_of_some_models_is_joined_without_the_others(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """What belongs to others, waiting or not, stays for them; two that join their own at once lose nothing."""
    send("prediction", [predict(START, f"{number}", model=model) for model in MODELS for number in range(30)])
    truths = [tell_truth(START, f"{number}", model=model, label="x") for model in MODELS for number in range(30)]
    send("feedback", [*truths, *(tell_truth(START, "unknown", model=model, label="x") for model in MODELS)])
    event_log = ElasticsearchEventLog(client, ready)
    joined = event_log.join(NOW, LONG, ["a"], {}, {})
    assert (joined.outcomes, joined.waiting) == (30, 1)
    assert {each.model: each.outcomes for each in event_log.counts(LONG, [])} == {"a": 30, "b": 0, "c": 0, "d": 0}
    found: dict[str, Any] = {}

    def join(*models: str) -> None:
        own = ElasticsearchEventLog(client, ready)
        found["".join(models)] = own.join(NOW, LONG, models, {}, {})

    threads = [threading.Thread(target=join, args=each) for each in (("b", "c"), ("d", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found["bc"].outcomes, found["bc"].waiting) == (60, 2)
    assert (found["da"].outcomes, found["da"].waiting) == (30, 2)
    assert [each.outcomes for each in event_log.counts(LONG, [])] == [30] * 4
    send("prediction", [predict(START + HOUR, "unknown", model=model) for model in MODELS])
    assert event_log.join(NOW, LONG, ["c"], {}, {}).outcomes == 1
    everything = event_log.join(NOW, LONG, [], {}, {})
    assert (everything.outcomes, everything.waiting, everything.pages) == (3, 0, everything.pages)


def test_joining_takes_no_longer_for_what_is_joined(
    elasticsearch_url: str, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """With ten times as many hours joined before, a join of nothing new, or of one hour, asks as little as ever."""
    with connect([elasticsearch_url]) as client:
        event_log = ElasticsearchEventLog(client, ready)
        taken: list[tuple[int, int]] = []
        for hours in (30, 300):
            times = [START + number * HOUR for number in range(hours)]
            send("prediction", [predict(at, f"{at}", model=m) for at in times for m in MODELS])
            send("feedback", [tell_truth(at, f"{at}", model=m, label="x") for at in times for m in MODELS])
            event_log.join(NOW, LONG, [], {}, {})
            before = usage_of(client).requests
            assert event_log.join(NOW, LONG, [], {}, {}).pages == 0
            idle = usage_of(client).requests - before
            send("feedback", [tell_truth(times[3] + hours * SECOND, f"{times[3]}", model="b", label=f"{hours}")])
            joined = event_log.join(NOW, LONG, [], {}, {})
            assert (joined.outcomes, joined.pages) == (1, 1)
            taken.append((idle, usage_of(client).requests - before - idle))
        assert taken[0] == taken[1]
