"""
Every stored field once: its name, its Elasticsearch type, what it means and which documents carry it.

Index templates, data views, dashboards and the field reference are derived from here, so they cannot disagree.
A `Field` is its dotted name, so it serves as a key wherever a name is wanted.
"""

from __future__ import annotations

from elkmon.schema import EVENTS, RESULTS, Document, Field

_LOGGED = (Document.PREDICTION, Document.FEEDBACK, Document.ERROR, Document.LOG)
_DATED = tuple(document for document in Document if document is not Document.RULER)
_PREDICTED = (Document.PREDICTION, Document.OUTCOME)
_VERSIONED = (Document.PROFILE, Document.FINDING, Document.BASELINE)
_OF_MODELS = (*_VERSIONED, Document.ALERT)

# Every event
TIMESTAMP = Field(
    "@timestamp",
    "date",
    "When it happened: predicted, became known, failed, was counted; of a result the end of its window",
    *_DATED,
)
EVENT_ID = Field("event.id", "keyword", "The document's `_id`", *EVENTS)
EVENT_SEQUENCE = Field(
    "event.sequence",
    "long",
    "Number within handler, stream and model, given before anything can be dropped: gaps are lost events",
    *_LOGGED,
)
EVENT_DURATION = Field("event.duration", "long", "Latency in nanoseconds", Document.PREDICTION, Document.ERROR)
SERVICE_NAME = Field("service.name", "keyword", "The service that predicts", *EVENTS)
SERVICE_VERSION = Field("service.version", "keyword", "Its version", *EVENTS)
SERVICE_ENVIRONMENT = Field("service.environment", "keyword", "Where it runs: production, staging, …", *EVENTS)
HOST_NAME = Field("host.name", "keyword", "The host it runs on", *EVENTS)
PROCESS_PID = Field("process.pid", "long", "Its process id", *EVENTS)
LABELS = Field("labels.*", "keyword", "Whatever the service wants to search by", *EVENTS)
TRACE_ID = Field("trace.id", "keyword", "The trace the event belongs to: OpenTelemetry's, or as bound", *_LOGGED)
SPAN_ID = Field("span.id", "keyword", "The span it was logged in", *_LOGGED)
DATA_STREAM_TYPE = Field("data_stream.type", "keyword", "Always `logs`", *EVENTS)
DATA_STREAM_DATASET = Field("data_stream.dataset", "keyword", "`elkmon.` and the kind of event", *EVENTS)
DATA_STREAM_NAMESPACE = Field("data_stream.namespace", "keyword", "The installation's namespace", *EVENTS)
PROCESS = Field("elkmon.process", "keyword", "Random per process and handler; sequence numbers belong to it", *EVENTS)

# Models and predictions
MODEL_NAME = Field("elkmon.model.name", "keyword", "The model", *_DATED)
MODEL_VERSION = Field("elkmon.model.version", "keyword", "Its version", *_LOGGED, Document.OUTCOME, *_VERSIONED)
PREDICTION_ID = Field(
    "elkmon.prediction.id",
    "keyword",
    "The service's own id of the prediction, or a generated one; truth names it",
    Document.PREDICTION,
    Document.FEEDBACK,
    Document.ERROR,
    Document.OUTCOME,
    Document.PENDING,
)
PREDICTION_VALUE = Field("elkmon.prediction.value", "double", "The predicted number (regression)", *_PREDICTED)
PREDICTION_LABEL = Field("elkmon.prediction.label", "keyword", "The predicted class (classification)", *_PREDICTED)
PREDICTION_SCORE = Field("elkmon.prediction.score", "double", "The probability of the positive class", *_PREDICTED)
PREDICTION_SCORES = Field(
    "elkmon.prediction.scores.*", "double", "Per class: its predicted probability", Document.PREDICTION
)
FEATURES_NUMERIC = Field(
    "features.num.*", "double", "Numeric features; the client decides the type", Document.PREDICTION, Document.ERROR
)
FEATURES_CATEGORICAL = Field("features.cat.*", "keyword", "Categorical features", Document.PREDICTION, Document.ERROR)
MISSING = Field(
    "elkmon.missing",
    "keyword",
    "Names of features that were None, NaN or infinite",
    Document.PREDICTION,
    Document.ERROR,
)
REJECTED = Field(
    "elkmon.rejected.*",
    "flattened",
    "Values that go against a declared type, under their feature's name",
    Document.PREDICTION,
    Document.ERROR,
)
REJECTED_NAMES = Field(
    "elkmon.rejected_names",
    "keyword",
    "Names of the features under `elkmon.rejected`",
    Document.PREDICTION,
    Document.ERROR,
)
NOTES = Field(
    "elkmon.notes", "keyword", "What the handler had to change: text cut, characters replaced, a cycle", *_LOGGED
)

# Truth
OUTCOME_VALUE = Field(
    "elkmon.outcome.value", "double", "The true number", Document.FEEDBACK, Document.OUTCOME, Document.PENDING
)
OUTCOME_LABEL = Field(
    "elkmon.outcome.label", "keyword", "The true class", Document.FEEDBACK, Document.OUTCOME, Document.PENDING
)
OUTCOME_KNOWN_AT = Field(
    "elkmon.outcome.known_at", "date", "When the truth became known", Document.OUTCOME, Document.PENDING
)
OUTCOME_LOG_LOSS = Field(
    "elkmon.outcome.log_loss", "double", "−ln of the probability given to the true class", Document.OUTCOME
)
OUTCOME_BRIER = Field(
    "elkmon.outcome.brier", "double", "Squared error of the positive class's probability", Document.OUTCOME
)
OUTCOME_ERROR = Field("elkmon.outcome.error", "double", "Predicted − true value", Document.OUTCOME)
OUTCOME_ABSOLUTE_ERROR = Field("elkmon.outcome.absolute_error", "double", "|predicted − true|", Document.OUTCOME)
OUTCOME_SQUARED_ERROR = Field("elkmon.outcome.squared_error", "double", "(predicted − true)²", Document.OUTCOME)
OUTCOME_VALUE_SQUARED = Field(
    "elkmon.outcome.value_squared", "double", "Square of the true value, for R²", Document.OUTCOME
)
OUTCOME_ABSOLUTE_PERCENTAGE_ERROR = Field(
    "elkmon.outcome.absolute_percentage_error",
    "double",
    "|predicted − true| / |true| where the truth is not 0",
    Document.OUTCOME,
)
OUTCOME_CORRECTIONS = Field(
    "elkmon.outcome.corrections",
    "long",
    "How often the outcome changed after it was first written: its hour is profiled again",
    Document.OUTCOME,
)
OUTCOME_SEGMENTS = Field(
    "elkmon.outcome.segments", "keyword", "The segments its prediction belongs to", Document.OUTCOME
)

# Errors and ordinary records
MESSAGE = Field("message", "text", "The log message", Document.ERROR, Document.LOG)
LOG_LEVEL = Field("log.level", "keyword", "Level of the log record", Document.ERROR, Document.LOG)
LOG_LOGGER = Field("log.logger", "keyword", "Name of the logger", Document.ERROR, Document.LOG)
ERROR_TYPE = Field("error.type", "keyword", "Qualified class of the exception", Document.ERROR)
ERROR_MESSAGE = Field("error.message", "text", "What it says", Document.ERROR)
ERROR_STACK_TRACE = Field("error.stack_trace", "text", "Frames, causes and groups, capped", Document.ERROR)

# The shipper's accounts
SHIPPER_STREAM = Field("elkmon.shipper.stream", "keyword", "The stream these totals are for", Document.SHIPPER)
SHIPPER_LOGGED = Field("elkmon.shipper.logged", "long", "Events accepted since the handler was made", Document.SHIPPER)
SHIPPER_DELIVERED = Field(
    "elkmon.shipper.delivered", "long", "Of these, acknowledged by the other end", Document.SHIPPER
)
SHIPPER_PENDING = Field("elkmon.shipper.pending", "long", "Of these, waiting", Document.SHIPPER)
SHIPPER_DROPPED = Field("elkmon.shipper.dropped.*", "long", "Of these, lost, by reason", Document.SHIPPER)
SHIPPER_DROPPED_FROM = Field("elkmon.shipper.dropped_from", "date", "Earliest `@timestamp` lost", Document.SHIPPER)
SHIPPER_DROPPED_TO = Field("elkmon.shipper.dropped_to", "date", "Latest `@timestamp` lost", Document.SHIPPER)

# What is judged, and by what
SEGMENT = Field("elkmon.segment", "keyword", "Part of the model's traffic; empty for all of it", *_OF_MODELS)
SOURCE = Field("elkmon.source", "keyword", "`production`, or the id of the baseline it belongs to", Document.PROFILE)
WINDOW_START = Field("elkmon.window.start", "date", "First instant of the window", *_VERSIONED)
WINDOW_END = Field("elkmon.window.end", "date", "First instant after the window", *_OF_MODELS)
RULER_ID = Field(
    "elkmon.ruler.id",
    "keyword",
    "Content hash of the bin edges and levels",
    Document.RULER,
    Document.BASELINE,
    Document.PROFILE,
)
BASELINE_ID = Field("elkmon.baseline.id", "keyword", "What it was compared with", Document.BASELINE, Document.FINDING)
BASELINE_SOURCE = Field("elkmon.baseline.source", "keyword", "Window, or file with its content hash", Document.BASELINE)
SETTINGS_HASH = Field("elkmon.settings.hash", "keyword", "Hash of the settings that judged", Document.FINDING)
CONTENT_HASH = Field(
    "elkmon.content.hash", "keyword", "Hash of how many documents each hour held when it was judged", Document.FINDING
)
PACKED = Field("elkmon.packed", "object", "What is read whole and never searched", *RESULTS)

# Profiles
PROFILE_PREDICTIONS = Field("elkmon.profile.predictions", "long", "Predictions counted", Document.PROFILE)
PROFILE_ERRORS = Field("elkmon.profile.errors", "long", "Errors counted", Document.PROFILE)
PROFILE_OUTCOMES = Field("elkmon.profile.outcomes", "long", "Joined outcomes counted", Document.PROFILE)

# Findings: flat scalars, readable by ES|QL, Lens, Grafana and ElastAlert as they are
FINDING_FAMILY = Field(
    "elkmon.finding.family", "keyword", "drift, performance, quality or service", Document.FINDING, Document.ALERT
)
FINDING_KIND = Field(
    "elkmon.finding.kind",
    "keyword",
    "feature, prediction, concept, metric, missing, unseen, …",
    Document.FINDING,
    Document.ALERT,
)
FINDING_SUBJECT = Field(
    "elkmon.finding.subject", "keyword", "The feature, figure or metric judged", Document.FINDING, Document.ALERT
)
FINDING_STATUS = Field(
    "elkmon.finding.status", "keyword", "ok, warning, critical, unknown, pending or not_applicable", Document.FINDING
)
FINDING_PREVIOUS_STATUS = Field(
    "elkmon.finding.previous_status", "keyword", "The status before it was judged again", Document.FINDING
)
FINDING_REVISION = Field(
    "elkmon.finding.revision", "long", "How often it was judged anew with another result", Document.FINDING
)
FINDING_JUDGED_AT = Field("elkmon.finding.judged_at", "date", "When it was judged", Document.FINDING)
FINDING_MEASURE = Field("elkmon.finding.measure", "keyword", "The measure that decided", Document.FINDING)
FINDING_VALUE = Field("elkmon.finding.value", "double", "Its value in this window", Document.FINDING)
FINDING_BASELINE_VALUE = Field(
    "elkmon.finding.baseline_value", "double", "Its value in the reference, where it has one", Document.FINDING
)
FINDING_LIMIT = Field("elkmon.finding.limit", "double", "Beyond it: warning", Document.FINDING)
FINDING_CRITICAL_LIMIT = Field("elkmon.finding.critical_limit", "double", "Beyond it: critical", Document.FINDING)
FINDING_P_VALUE = Field("elkmon.finding.p_value", "double", "Significance before correction", Document.FINDING)
FINDING_Q_VALUE = Field(
    "elkmon.finding.q_value", "double", "Significance corrected for the number of subjects", Document.FINDING
)
FINDING_LOWER = Field("elkmon.finding.lower", "double", "Lower end of the 95 % interval", Document.FINDING)
FINDING_UPPER = Field("elkmon.finding.upper", "double", "Upper end of the 95 % interval", Document.FINDING)
FINDING_ROWS = Field("elkmon.finding.rows", "long", "Rows of the window it is made from", Document.FINDING)
FINDING_REFERENCE_ROWS = Field("elkmon.finding.reference_rows", "long", "Rows of the reference", Document.FINDING)
FINDING_COVERAGE = Field(
    "elkmon.finding.coverage", "double", "Share of predictions whose truth is known", Document.FINDING
)
FINDING_COMPLETENESS = Field(
    "elkmon.finding.completeness", "double", "Share of the window's events that arrived", Document.FINDING
)
FINDING_PROVISIONAL = Field(
    "elkmon.finding.provisional", "boolean", "Whether it was compared with a provisional baseline", Document.FINDING
)
FINDING_REASON = Field("elkmon.finding.reason", "keyword", "Why it cannot be judged, or what decided", Document.FINDING)
FINDING_BESIDE = Field(
    "elkmon.finding.beside.*", "double", "Other scores, for information; they do not vote", Document.FINDING
)

# Alerts
ALERT_FINGERPRINT = Field(
    "elkmon.alert.fingerprint", "keyword", "Hash of model, segment, family, kind and subject", Document.ALERT
)
ALERT_EPISODE = Field("elkmon.alert.episode", "long", "Which occurrence of the same story", Document.ALERT)
ALERT_STATE = Field("elkmon.alert.state", "keyword", "watching, open or resolved", Document.ALERT)
ALERT_SEVERITY = Field("elkmon.alert.severity", "keyword", "warning or critical", Document.ALERT)
ALERT_OPENED_AT = Field("elkmon.alert.opened_at", "date", "End of the window that opened it", Document.ALERT)
ALERT_RESOLVED_AT = Field("elkmon.alert.resolved_at", "date", "End of the window that resolved it", Document.ALERT)

# The monitor about itself
STATE_KIND = Field(
    "elkmon.state.kind",
    "keyword",
    "lease, run, delivery, ledger, joined, bookmark, tally, lesson or erasure",
    Document.STATE,
)
STATE_STATUS = Field("elkmon.state.status", "keyword", "How it stands: pending, done, failed, …", Document.STATE)

ALL: tuple[Field, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Field))


def of(*documents: Document) -> tuple[Field, ...]:
    """Return the fields that any of the `documents` carries, in the order of this page."""
    return tuple(field for field in ALL if any(document in field.documents for document in documents))
