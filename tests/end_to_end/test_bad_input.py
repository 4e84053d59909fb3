"""Odd names, odd values and odd files, from the log call to the mail: readable and harmless everywhere, and nothing lost."""

import json
import random
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

from elasticsearch import Elasticsearch

from elkmon import ModelLog, PredictionHandler
from support.shop import REFERENCE_DAYS, ROWS_A_DAY, START, Command, FickleMailbox, configure, instant, log_days

REFERENCE = ("--from-window", instant(0), instant(REFERENCE_DAYS))
NOW = instant(REFERENCE_DAYS + 3)
HOSTILE = ("../../x", "<script>alert(1)</script>\r\nBcc: eve@example.com", ("\u202e\x1b[31m" + "日本語🛫" * 75)[:300])


def is_harmless(text: str) -> bool:
    return all(
        each == "\n" or unicodedata.category(each) not in {"Cc", "Cf", "Cs"} for each in text.replace("\r\n", "\n")
    )


def count(client: Elasticsearch, index: str) -> int:
    client.indices.refresh(index=index)
    return client.count(index=index)["count"]


def test_hostile_names_are_readable_and_harmless_from_the_log_call_to_the_mail(
    command: Command,
    elasticsearch_url: str,
    namespace: str,
    handler: PredictionHandler,
    fickle: FickleMailbox,
    tmp_path: Path,
):
    """Paths, markup, line breaks, escape sequences and 300 characters of unicode, as models, versions, features and levels."""

    def features(chance: random.Random, late: bool) -> dict[str, object]:
        return {
            "<b>x</b>": chance.gauss(3.0 if late else 0.0, 1.0),
            "../y\nz": chance.choice(["<img src=x onerror=alert(1)>", "\x1b[31m", "日本"]),
        }

    configure(elasticsearch_url, namespace, *HOSTILE, mail_port=fickle.port)
    assert command("setup").code == 0
    for model in HOSTILE:
        log_days(handler, model, features=features, version="<i>1\n2</i>")
    assert handler.flush(60)

    texts = []
    for model in HOSTILE:
        created = command("baseline", "create", model, *REFERENCE)
        assert created.code == 0, created
        texts.append(created.out)
    check = command("check", "--at", NOW)
    assert check.code == 1
    texts += [
        check.out,
        *(command(*each).out for each in (("alerts",), ("report",), ("doctor",), ("baseline", "list"))),
    ]
    assert command("report", "--html", "page.html", "--from", instant(0), "--to", NOW).code == 0

    assert all(map(is_harmless, texts))
    for name in (
        "../../x",
        "<script>alert(1)</script> Bcc: eve@example.com",
        "日本語🛫日本語",
        "<b>x</b>",
        "../y z",
    ):
        assert name in check.out + texts[0], name
    (mail,) = fickle.mails
    assert mail["Bcc"] is None
    assert is_harmless(str(mail["Subject"]))
    parts = {
        part.get_content_type(): part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"
    }
    assert is_harmless(parts["text/plain"])
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for html in (parts["text/html"], page):
        assert is_harmless(html)
        assert not any(each in html for each in ("<script", "<img src=x", "<b>x", "<i>1"))
        assert "&lt;script&gt;alert(1)" in html
    assert {each.name for each in tmp_path.iterdir()} == {"elkmon.toml", "page.html"}
    remedies = [each["remedy"] for each in json.loads(command("doctor", "--json").out)]
    assert not any("baseline create <script>" in each for each in remedies)


def test_a_feature_that_disappears_or_changes_its_type_is_critical(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler
):
    """Text where numbers were, numbers where levels were, and nothing where something was are all missing values."""

    def features(chance: random.Random, late: bool) -> dict[str, object]:
        if late:
            return {"price": f"{chance.gauss(0, 1):.2f} euros", "code": chance.randrange(3), "same": chance.gauss(0, 1)}
        gone = {"gone": chance.gauss(0, 1)}
        return {"price": chance.gauss(0, 1), "code": chance.choice("abc"), "same": chance.gauss(0, 1), **gone}

    configure(elasticsearch_url, namespace, "shop")
    command("setup")
    log_days(handler, "shop", features=features)
    assert handler.flush(60)
    assert command("baseline", "create", "shop", *REFERENCE).code == 0

    found = json.loads(command("check", "--at", NOW, "--json").out)["findings"]

    missing = {
        each["subject"]["name"]: each["status"] for each in found if each["subject"]["kind"] == "missing"
    }  # fmt: skip
    assert missing["price"] == missing["code"] == missing["gone"] == "critical"
    assert "same" not in missing  # of values where nothing is amiss no word is kept
    drift = {each["subject"]["name"]: each["status"] for each in found if each["subject"]["kind"] == "feature"}
    assert drift["price"] == drift["code"] == drift["gone"] == "unknown"


def test_far_away_times_and_truth_that_contradicts_or_fits_nothing_change_no_figure(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler, client: Elasticsearch
):
    """All is kept; a check counts what lies in its windows, the last word of a truth holds, and the doctor names the rest."""
    configure(elasticsearch_url, namespace, "shop")
    command("setup")
    log_days(handler, "shop")
    log = ModelLog("shop", version="1", handler=handler)
    for row in range(12 * ROWS_A_DAY):
        known = START + timedelta(days=row / ROWS_A_DAY, hours=1)
        log.outcome(row, label="no", timestamp=known)
        log.outcome(row, label="no", timestamp=known)
        log.outcome(row, label="yes", timestamp=known + timedelta(minutes=5))
    for number in range(7):
        log.outcome(f"unknown {number}", label="yes", timestamp=START + timedelta(days=1))
    future = [datetime(2999, 1, 1, tzinfo=UTC), "9999-12-31T23:59:59Z", datetime.now(UTC) + timedelta(days=2)]
    ancient = [datetime(1, 1, 1, tzinfo=UTC), "1900-01-01", 0]
    for timestamp in (*future, *ancient):
        log.prediction(features={"amount": 1e9}, score=0.5, label="yes", timestamp=timestamp)
        log.outcome("0", label="yes", timestamp=timestamp)
    assert handler.flush(60)
    rows = 12 * ROWS_A_DAY

    created = json.loads(command("baseline", "create", "shop", *REFERENCE, "--json").out)
    checked = command("check", "--at", NOW, "--json")
    command("check")

    assert (created["predictions"], created["labelled"]) == (REFERENCE_DAYS * ROWS_A_DAY,) * 2
    assert checked.code == 1
    (amount,) = [each for each in json.loads(checked.out)["findings"] if each["subject"]["name"] == "amount"
                 and each["subject"]["kind"] == "feature"]  # fmt: skip
    assert amount["rows"] == ROWS_A_DAY
    assert count(client, f"logs-elkmon.prediction-{namespace}") == rows + len(future) + len(ancient)
    outcomes = client.search(index=f"elkmon-outcomes-{namespace}-*", size=0, aggs={
        "truth": {"terms": {"field": "elkmon.outcome.label"}}})["aggregations"]["truth"]["buckets"]  # fmt: skip
    assert {each["key"]: each["doc_count"] for each in outcomes} == {"yes": rows}
    doctor = command("doctor").out
    assert f"shop: {len(future)} predictions carry timestamps in the future" in doctor
    assert "shop: the truth of 7 predictions has come, but not the predictions" in doctor


HEADER = "timestamp,amount,country,score"
FILES = {
    "": "file.csv cannot be read",
    f"{HEADER}\n": "it has no rows",
    "timestamp,prize,score\n2026-01-01,1,0.5\n": "it has no country, amount. Mend the file",
    f"{HEADER}\n2026-01-01,lots,de,0.5\n2026-01-02,3,fr,0.5\n": "amount holds categories where the ruler has numbers",
    f"{HEADER}\n2026-01-01,1,de,high\n": "column 'score' holds 'high' where numbers are expected",
    f"{HEADER}\nyesterday,1,de,0.5\n": "column 'timestamp' holds 'yesterday' in row 1",
    f"{HEADER}\n9999-12-31T23:59,1,de,0.5\n": "of the years 1970 to 9998 are expected",
}


def test_a_file_that_does_not_fit_production_is_refused_and_changes_nothing(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler, client: Elasticsearch
):
    """The column and what it holds are named; no baseline and no ruler is written. So for a window without predictions."""
    configure(elasticsearch_url, namespace, "shop")
    command("setup")
    log_days(handler, "shop", days=REFERENCE_DAYS)
    assert handler.flush(60)
    assert command("baseline", "create", "shop", *REFERENCE).code == 0
    written = f"elkmon-baselines-{namespace},elkmon-rulers-{namespace}"
    before = count(client, written)

    for content, said in FILES.items():
        Path("file.csv").write_text(content, encoding="utf-8")
        done = command("baseline", "create", "shop", "--version", "1", "--from-file", "file.csv")
        assert done.code == 2, content
        assert said in done.err
    empty = command("baseline", "create", "shop", "--from-window", "2001-01-01", "2001-01-02")
    assert empty.code == 2
    assert "shop has no predictions in 2001-01-01" in empty.err
    unknown = command("baseline", "create", "shop", *REFERENCE, "--ruler-of", "nosuch")
    assert unknown.code == 2
    assert "'nosuch': no baseline has an id that begins so" in unknown.err
    assert count(client, written) == before
