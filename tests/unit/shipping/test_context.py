"""Labels and trace ids of what surrounds a call."""

import asyncio
import contextvars
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest

import elkmon

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def log(handler):
    """A logger of a service with the handler on it."""
    logger = logging.Logger("app.scoring", logging.DEBUG)
    logger.addHandler(handler)
    return logger


@pytest.fixture
def model_log(handler):
    """A model's log."""
    return elkmon.ModelLog("m", handler=handler)


def test_labels_hold_for_every_event_within_and_none_outside(documents, model_log, log):
    """Predictions, truth, failures and records within the block carry its labels; inner ones add, own ones come last."""
    model_log.prediction({})
    with elkmon.bound_labels(tenant="acme", region="east", none=None):
        model_log.prediction({})
        with elkmon.bound_labels({"a key": 7}, region="west"):
            model_log.prediction({}, labels={"region": "own"})
            model_log.outcome("x", label=1)
            model_log.error("x")
            log.info("x", extra={"region": "extra"})
        model_log.prediction({})
    model_log.prediction({})
    outer = {"tenant": "acme", "region": "east"}
    inner = {"tenant": "acme", "region": "west", "a key": "7"}
    labels = [document.get("labels") for document in documents("prediction")]
    assert labels == [None, outer, {**inner, "region": "own"}, outer, None]
    assert [documents(kind)[0]["labels"] for kind in ("feedback", "error")] == [inner, inner]
    assert documents("log")[0]["labels"] == {**inner, "region": "extra"}


def test_labels_join_the_handlers_own(make_handler, path):
    """Labels of the handler, of the block and of the event are on it together, the nearest deciding."""
    handler = make_handler(elkmon.FileTransport(path), labels={"a": "handler", "b": "handler", "c": "handler"})
    with elkmon.bound_labels(b="block", c="block"):
        elkmon.ModelLog("m", handler=handler).prediction({}, labels={"c": "event"})
    assert handler.flush()
    assert b'"labels":{"a":"handler","b":"block","c":"event"}' in path.read_bytes()
    assert path.read_bytes().count(b'"labels"') == 1


def test_tasks_do_not_see_one_anothers_labels(model_log, documents):
    """Each asyncio task has labels of its own, also where they take turns within their blocks."""

    async def request(tenant, others):
        with elkmon.bound_labels(tenant=tenant):
            await others.wait()
            model_log.prediction({}, id=tenant)
            await asyncio.to_thread(model_log.prediction, {}, id=f"{tenant} in a thread")

    async def requests():
        barrier = asyncio.Barrier(3)
        await asyncio.gather(*(request(tenant, barrier) for tenant in ("a", "b", "c")))

    asyncio.run(requests())
    read = {document["elkmon"]["prediction"]["id"]: document["labels"] for document in documents()}
    assert read == {
        f"{tenant}{where}": {"tenant": tenant} for tenant in ("a", "b", "c") for where in ("", " in a thread")
    }


def test_threads_do_not_see_one_anothers_labels(model_log, documents):
    """A thread has labels of its own."""
    barrier = threading.Barrier(4)

    def request(tenant):
        with elkmon.bound_labels(tenant=tenant):
            barrier.wait(timeout=10)
            model_log.prediction({}, id=tenant)
            barrier.wait(timeout=10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(request, "abcd"))
    read = {document["elkmon"]["prediction"]["id"]: document["labels"] for document in documents()}
    assert read == {tenant: {"tenant": tenant} for tenant in "abcd"}


def test_an_exception_goes_through_and_ends_the_block(model_log, documents):
    """What is raised within a block leaves it, and the labels end with it."""
    with pytest.raises(ZeroDivisionError), elkmon.bound_labels(a=1), elkmon.bound_trace(TRACE):
        1 / 0  # noqa: B018  raises
    model_log.prediction({})
    (document,) = documents()
    assert "labels" not in document
    assert "trace" not in document


def test_a_block_may_end_in_another_context(model_log, documents):
    """A framework that ends a block elsewhere than it began it gets no error."""
    block = elkmon.bound_labels(a=1)
    contextvars.Context().run(block.__enter__)
    block.__exit__(None, None, None)
    model_log.prediction({})
    assert "labels" not in documents()[0]


def test_labels_that_cannot_be_read_are_left_out(model_log, documents):
    """Binding never raises, whatever is bound."""

    class Hostile:
        def __str__(self):
            raise RuntimeError

        items = __len__ = __iter__ = __str__

    with elkmon.bound_labels(Hostile(), a=Hostile(), b=1), elkmon.bound_trace(Hostile(), Hostile()):
        model_log.prediction({})
    (document,) = documents()
    assert document["labels"]["b"] == "1"


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ((TRACE,), {"trace": {"id": TRACE}}),
        ((TRACE, SPAN), {"trace": {"id": TRACE}, "span": {"id": SPAN}}),
        ((int(TRACE, 16), int(SPAN, 16)), {"trace": {"id": TRACE}, "span": {"id": SPAN}}),
        ((None,), {}),
    ],
)
def test_bound_trace(model_log, documents, bound, told):
    """A trace that is bound is on every event within, as text or, where it is a number, as hexadecimal digits."""
    with elkmon.bound_trace(*bound), elkmon.bound_labels(a=1):
        model_log.prediction({})
    (document,) = documents()
    assert {part: document[part] for part in ("trace", "span") if part in document} == told


def test_trace_of_a_formatter_is_kept(log, handler, documents):
    """A formatter's own `trace.id`, dotted or not, stays what it is; one that is bound goes before."""

    class Formatter(logging.Formatter):
        def format(self, record):
            return record.msg

    handler.setFormatter(Formatter())
    log.info('{"trace.id": "a", "span": {"id": "b"}}')
    with elkmon.bound_trace("c"):
        log.info('{"trace.id": "a", "span": {"id": 7}}')
    one, two = documents()
    assert (one["trace"], one["span"]) == ({"id": "a"}, {"id": "b"})
    assert two["trace"] == {"id": "c"}
    assert two["labels"] == {"span": '{"id": 7}'}


def module_of(span_context):
    """Make a module that looks like `opentelemetry.trace` as far as a span is asked for."""
    module = ModuleType("opentelemetry.trace")
    module.get_current_span = lambda: SimpleNamespace(get_span_context=lambda: span_context)
    return module


@pytest.mark.parametrize(
    ("span_context", "told"),
    [
        (SimpleNamespace(is_valid=True, trace_id=int(TRACE, 16), span_id=1), (TRACE, "0000000000000001")),
        (SimpleNamespace(is_valid=False, trace_id=0, span_id=0), None),
        (SimpleNamespace(), None),
        (SimpleNamespace(is_valid=True, trace_id="x", span_id=1), None),
    ],
)
def test_spans_of_another_shape(monkeypatch, model_log, documents, span_context, told):
    """Of a module in OpenTelemetry's place a valid span's ids are taken; anything else costs no event."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", module_of(span_context))
    model_log.prediction({})
    (document,) = documents()
    assert (document["trace"]["id"], document["span"]["id"]) == told if told else "trace" not in document


def test_current_span_of_opentelemetry(model_log, log, documents):
    """Where the service uses OpenTelemetry, its current span is on every event within; one that is bound goes first."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    tracer = sdk.TracerProvider().get_tracer("app")
    model_log.prediction({})
    with tracer.start_as_current_span("request") as span:
        model_log.prediction({})
        log.info("x")
        with elkmon.bound_trace(TRACE):
            model_log.prediction({})
    first, second, third = documents("prediction")
    ids = span.get_span_context()
    assert "trace" not in first
    for document in (second, documents("log")[0]):
        assert int(document["trace"]["id"], 16) == ids.trace_id
        assert int(document["span"]["id"], 16) == ids.span_id
        assert (len(document["trace"]["id"]), len(document["span"]["id"])) == (32, 16)
    assert (third["trace"], "span" in third) == ({"id": TRACE}, False)
