"""Layouts of indices that are there: what is read of them, and how every mistake is reported."""

from dataclasses import fields
from pathlib import Path

import pytest

from elkmon.config import example, parse
from elkmon.errors import ConfigurationError
from elkmon.layouts import FailureLayout, Layout, TruthLayout, Unit

FULL = """
[layouts.scoring]
index = "scoring-*"
timestamp = "ts"
model = "model.id"
version = "model.revision"
id = "request_id"
score = "output.probability"
label = "output.class"
value = "output.amount"
scores = "output.probabilities.*"
latency = "took"
latency_unit = "us"
numeric = ["inputs.n_*"]
categorical = "zip"
features = ["context.*"]
where = [["kind", "scored"], ["kind", "rescored"]]
[layouts.scoring.truth]
index = "truth"
timestamp = "known_at"
id = "request"
model = "model"
label = "class"
value = "amount"
where = [["state", "final"]]
[layouts.scoring.failures]
where = [["kind", "failed"]]

[models.lending]
layout = "scoring"
[models.churn]
"""


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        parse(text, Path(), {})
    return raised.value.problems


def test_everything_that_can_be_said_is_read() -> None:
    """Each key arrives in its place, and belongs to the model that names the layout."""
    lending, churn = parse(FULL, Path(), {}).models

    assert lending.layout == Layout(
        "scoring",
        "scoring-*",
        timestamp="ts",
        model="model.id",
        version="model.revision",
        id="request_id",
        score="output.probability",
        label="output.class",
        value="output.amount",
        scores="output.probabilities.*",
        latency="took",
        latency_unit=Unit.MICROSECONDS,
        numeric=("inputs.n_*",),
        categorical=("zip",),
        features=("context.*",),
        where=(("kind", "scored"), ("kind", "rescored")),
        truth=TruthLayout("truth", "known_at", "request", "model", "class", "amount", (("state", "final"),)),
        failures=FailureLayout("", "", (("kind", "failed"),)),
    )
    assert churn.layout is None


def test_failed_calls_are_judged_where_somebody_logs_them() -> None:
    """The handler logs them; a layout must name them."""
    lending, churn = parse(FULL, Path(), {}).models
    unnamed = parse('[layouts.l]\nindex = "i"\nscore = "p"\n[models.m]\nlayout = "l"', Path(), {}).models[0]
    assert [each.settings.failures for each in (lending, churn, unnamed)] == [True, True, False]


def test_every_mistake_is_said_at_once() -> None:
    """Misspelt keys with what was meant, and what goes against each other or is missing."""
    problems = problems_of(
        """
[layouts.scoring]
index = "Scoring"
timestap = "ts"
version = "v"
only_version = "1"
latency_unit = "minutes"
numeric = ["*.n_*"]
scores = "probability"
where = [["kind"]]
[layouts.scoring.truth]
labell = "actual"
[layouts.scoring.failures]
[models.m]
layout = "scorin"
"""
    )
    said = "\n".join(problems)
    assert 'layouts.scoring.index = "Scoring" cannot be an index' in said
    assert "layouts.scoring.timestap is not a key of elkmon, did you mean timestamp?" in said
    assert "layouts.scoring.only_version goes against version" in said
    assert 'layouts.scoring.latency_unit = "minutes" is none of s, ms, us, ns' in said
    assert 'layouts.scoring.numeric = "*.n_*" has more than one *' in said
    assert 'layouts.scoring.scores = "probability" needs a *' in said
    assert "layouts.scoring.where" in said
    assert "layouts.scoring.truth.labell is not a key of elkmon, did you mean label?" in said
    assert "layouts.scoring.truth.label is missing" in said
    assert "layouts.scoring.id is missing: truth is joined by it" in said
    assert "layouts.scoring.failures.where is missing" in said
    assert 'models.m.layout = "scorin" is no table under layouts, did you mean scoring?' in said
    assert len(problems) == 12


def test_a_layout_says_something_to_watch() -> None:
    """An index alone has nothing that could be judged."""
    assert problems_of('[layouts.l]\nindex = "i"') == (
        "layouts.l.features is missing: name features, a score, a label or a value, so that there is something to watch",
    )


def test_models_that_share_a_layout_must_be_told_apart() -> None:
    """By a field in the predictions, and in the truth where that is elsewhere."""
    shared = '[models.a]\nlayout = "l"\n[models.b]\nlayout = "l"\n[layouts.l]\nindex = "i"\nid = "id"\nscore = "p"\n'
    truth = '[layouts.l.truth]\nindex = "t"\nlabel = "x"\n'
    assert "layouts.l.model is missing: a and b share the layout" in problems_of(shared)[0]
    assert (
        "layouts.l.truth.model is missing: a and b share the layout" in problems_of(f'{shared}model = "m"\n{truth}')[0]
    )


def test_the_example_names_every_key() -> None:
    """Whoever reads `elkmon init`'s file sees all that can be said of a layout."""
    text = example()
    keys = {each.name for values in (Layout, TruthLayout, FailureLayout) for each in fields(values)} - {"name"}
    assert {key for key in keys if f"# {key} = " not in text and f"[layouts.scoring.{key}]" not in text} == {
        "only_version"
    }
    assert 'only_version = "1"' in text


def test_the_documented_layouts_can_be_used() -> None:
    """What the page on existing logs shows is accepted as it stands there."""
    page = (Path(__file__).parents[3] / "docs" / "existing-logs.md").read_text(encoding="utf-8")
    shown = [part.partition("```")[0] for part in page.split("```toml\n")[1:]]

    lending, credit = parse("\n".join(shown), Path(), {}).models

    assert lending.layout is not None
    assert lending.layout.features == ("in_*",)
    assert credit.layout is not None
    assert credit.layout.truth == TruthLayout("labels", timestamp="seen", id="_id", label="truth")
