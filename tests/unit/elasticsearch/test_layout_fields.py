"""Which of their fields is which of elkmon's, as a mapping has it, and what mappings lack."""

from elkmon.elasticsearch.layout_fields import Place, feedback_stream, prediction_stream
from elkmon.elasticsearch.layout_types import Lack, Types, Weight, types_in
from elkmon.layouts import Layout, TruthLayout, Unit


def mapped(**kinds: str) -> Types:
    """Make types from keywords, `__` standing for a dot; several types have a blank between."""
    return {name.replace("__", "."): frozenset(each.split()) for name, each in kinds.items()}


def lacks_of(layout: Layout, types: Types) -> dict[str, Lack]:
    return {each.field: each for each in prediction_stream(layout, ["m"], types).lacks}


def test_patterns_name_features_and_types_tell_their_kind() -> None:
    """An earlier pattern goes before; text is read by its keyword; what the layout names otherwise is no feature."""
    layout = Layout(
        "l",
        "i",
        timestamp="ts",
        model="model",
        score="p",
        latency="took",
        latency_unit=Unit.MILLISECONDS,
        numeric=("n_*",),
        categorical=("code",),
        features=("*",),
        truth=TruthLayout(label="actual"),
    )
    types = mapped(
        ts="date", model="text", model__keyword="keyword", p="float", took="long", n_amount="long double", code="integer",
        word="text", word__raw="keyword", flag="boolean", size="half_float", actual="keyword", box="object", box__x="double",
    )  # fmt: skip

    stream = prediction_stream(layout, ["a", "b"], types)

    assert stream.places == {
        "@timestamp": Place("ts"),
        "elkmon.model.name": Place("model.keyword"),
        "elkmon.prediction.score": Place("p"),
        "event.duration": Place("took", 1e6),
        "features.num.amount": Place("n_amount"),
        "features.cat.code": Place("code"),
        "features.cat.word": Place("word.raw"),
        "features.cat.flag": Place("flag", boolean=True),
        "features.num.size": Place("size"),
        "features.num.box.x": Place("box.x"),
    }
    assert stream.constants == {"elkmon.model.version": ""}
    assert stream.models == ("a", "b")
    assert stream.lacks == ()


def test_each_lack_is_named_with_its_remedy() -> None:
    """Text without a keyword, numbers for dates, nested and flattened fields, types that differ, and what is not there."""
    layout = Layout(
        "l", "i", timestamp="at", model="model", version="none", score="p", numeric=("nest.*", "flat.x", "mixed"),
        features=("when", "lost.*", "torn"), where=(("kind", "x"),),
    )  # fmt: skip
    types = mapped(
        at="long", model="text", p="keyword", nest="nested", nest__a="double", flat="flattened", mixed="long keyword",
        when="date", kind="text", torn="boolean keyword",
    )  # fmt: skip

    found = lacks_of(layout, types)

    assert (found["at"].seen, found["at"].weight) == ("is long, not a date", Weight.FATAL)
    assert "epoch_millis" in found["at"].remedy
    assert (found["model"].seen, found["model"].weight) == ("is text, not a keyword", Weight.FATAL)
    assert "sub-field of type keyword" in found["model"].remedy
    assert (found["none"].seen, found["none"].weight) == ("is not in the mapping", Weight.FATAL)
    assert (found["kind"].seen, found["kind"].weight) == ("is text, not a keyword", Weight.FATAL)
    assert (found["p"].seen, found["p"].weight) == ("is keyword, not a number", Weight.LOSS)
    assert "nest, which is nested" in found["nest.a"].seen
    assert "include_in_parent" in found["nest.a"].remedy
    assert "flat, which is flattened" in found["flat.x"].seen
    assert "differs between the indices" in found["mixed"].remedy
    assert found["torn"].seen == "is boolean in one index and keyword in another, not a keyword"
    assert found["when"].weight is Weight.MINOR
    assert found["lost.*"].seen == "matches no field of the mapping"


def test_two_fields_of_one_name_are_said() -> None:
    """The first in order of name is taken."""
    layout = Layout("l", "i", numeric=("a.*", "b.*"))
    stream = prediction_stream(layout, ["m"], mapped(**{"@timestamp": "date"}, a__x="long", b__x="long"))
    assert stream.places["features.num.x"] == Place("a.x")
    assert [each.field for each in stream.lacks] == ["b.x"]


def test_truth_in_the_predictions_document_is_found_by_what_it_adds() -> None:
    """Only documents that have it are truth; what nothing else says is as of the prediction."""
    layout = Layout(
        "l", "i", timestamp="ts", model="model", id="_id", where=(("kind", "x"),), truth=TruthLayout(label="actual")
    )
    types = mapped(ts="date", model="keyword", actual="boolean", kind="keyword")
    stream = feedback_stream(layout, ["m"], types)
    assert (stream.index, stream.models, stream.present) == ("i", ("m",), ("actual",))
    assert stream.conditions == (("kind", "x"),)
    assert stream.places["elkmon.outcome.label"] == Place("actual", boolean=True)
    assert stream.places["elkmon.prediction.id"] == Place("_id")


def test_truth_that_cannot_be_read_is_no_truth() -> None:
    """Else every document of its index would be one."""
    layout = Layout("l", "i", id="id", truth=TruthLayout("j", timestamp="at", label="actual"))
    stream = feedback_stream(layout, ["m"], mapped(at="date", id="keyword", actual="text"))
    assert stream.index == "j"
    assert stream.constants == {"elkmon.model.name": "m"}
    assert stream.present == ("elkmon.nowhere",)
    assert [each.field for each in stream.lacks] == ["actual"]


def test_fields_of_elasticsearchs_own_are_no_features() -> None:
    """`_id` and its like are left out of what a pattern may match."""
    answer = {
        "fields": {"_id": {"_id": {"metadata_field": True}}, "x": {"long": {"metadata_field": False}, "double": {}}}
    }
    assert types_in(answer) == {"x": frozenset({"long", "double"})}
