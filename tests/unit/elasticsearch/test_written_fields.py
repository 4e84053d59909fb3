"""What the monitor writes and what `fields.py` says it writes are the same."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from elkmon import fields
from elkmon.alerts import Alert
from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.elasticsearch.finding_documents import finding_document
from elkmon.elasticsearch.outcome_documents import Predicted, Truth, changed, outcome_document, waiting_document
from elkmon.elasticsearch.profile_documents import baseline_document, profile_document, ruler_document
from elkmon.elasticsearch.story_documents import alert_document, delivery_document, run_document
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.ports import Delivery, Run
from elkmon.profiles import Profile
from elkmon.rulers import CategoricalScale, Ruler
from elkmon.schema import RESULTS, Document
from elkmon.windows import HOUR, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
RULER = Ruler({"features.cat.origin": CategoricalScale(("EWR",))})
PROFILE = Profile("m", "1", START, START + HOUR, RULER.id)
SUBJECT = Subject(Family.DRIFT, Kind.FEATURE, "origin", "features.cat.origin")
FINDING = Finding(
    model="m", version="1", window=Window(START, START + HOUR), subject=SUBJECT, status=Status.WARNING, judged_at=START,
    measure="total_variation", value=0.1, baseline_value=0.0, limit=0.05, critical_limit=0.15, p_value=0.0, q_value=0.0,
    lower=0.08, upper=0.12, rows=9, reference_rows=9, coverage=1.0, reason="floor", beside={"psi": 0.1}, baseline="b",
    settings="s", content="c", revision=1, previous=Status.OK, completeness=0.9, provisional=True,
)  # fmt: skip
ALERT = Alert("m", SUBJECT, episode=1, last_window=START + HOUR, opened_at=START, resolved_at=START + HOUR)
BASELINE = Baseline("m", "1", RULER, Source(SourceKind.FILE, "reference.csv"), PROFILE, START)


def names(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Name every leaf of a document; an open map and what is packed are one."""
    for key, value in document.items():
        name = prefix + key
        if f"{name}.*" in fields.ALL:
            yield f"{name}.*"
        elif isinstance(value, Mapping) and name != fields.PACKED:
            yield from names(value, f"{name}.")
        else:
            yield name


def outcomes() -> Iterator[dict[str, Any]]:
    """Yield outcomes of a regression and of a classification, and one whose truth changed."""
    number = Truth("m", "p", START, "e", value=2.0)
    of_segment = Predicted("1", START, value=3.0, segments=("origin=EWR",))
    label = Truth("m", "p", START, "e", label="late")
    yield outcome_document(number, of_segment, None)
    yield (first := outcome_document(label, Predicted("1", START, label="late", score=0.9), "late"))
    later = replace(label, known_at=START + HOUR, label="on time")
    second = changed(first, later, outcome_document(later, Predicted("1", START, label="late", score=0.9), "late"))
    assert second is not None
    yield second


def test_results_carry_the_fields_of_their_kind() -> None:
    """Each kind of result carries the fields that fields.py gives to it: no other, and each in at least one document."""
    truths = [Truth("m", "p", START, "e", value=2.0), Truth("m", "p", START, "e", label="late")]
    documents = {
        Document.OUTCOME: [*outcomes()],
        Document.PENDING: [waiting_document(truth) for truth in truths],
        Document.PROFILE: [profile_document(PROFILE)],
        Document.FINDING: [finding_document(FINDING)],
        Document.RULER: [ruler_document(RULER)],
        Document.BASELINE: [baseline_document(BASELINE)],
        Document.ALERT: [alert_document(ALERT)],
        Document.STATE: [delivery_document(Delivery("mail", (), START)), run_document(Run("r", START, START, START))],
    }
    written = {kind: {name for each in of_kind for name in names(each)} for kind, of_kind in documents.items()}
    written[Document.STATE].add(fields.MODEL_NAME)  # of the join's ledger, whose documents are made where it is kept
    assert written == {kind: set(fields.of(kind)) for kind in RESULTS}
