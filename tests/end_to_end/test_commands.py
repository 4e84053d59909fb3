"""The commands as a user runs them, each a process of its own, against a real Elasticsearch and a real mail server."""

import json
import random
import re
from datetime import timedelta
from pathlib import Path

from support.mail_server import Mailbox, free_port
from support.process import (
    BAD_DAYS,
    GOOD_DAYS,
    REFERENCE_DAYS,
    ROWS_A_DAY,
    SHIFT,
    START,
    Command,
    configure,
    instant,
    log_days,
)


def test_from_setup_to_a_mail_that_names_what_drifted(
    elkmon: Command, elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int], tmp_path: Path
):
    """The commands of the quick start, in their order, find a planted shift, mail it, list it and report it."""
    box, port = mailbox
    configure(tmp_path, elasticsearch_url, namespace, port)

    before = elkmon("doctor", code=3)
    assert "→ elkmon setup" in before.stdout
    assert "setup" in elkmon("check", code=3).stderr

    steps = json.loads(elkmon("setup", "--json").stdout)
    assert {"done"} <= {step["result"] for step in steps}
    assert "unchanged" in elkmon("setup").stdout

    log_days(elasticsearch_url, namespace, 0, REFERENCE_DAYS + GOOD_DAYS)
    assert "elkmon baseline create shop" in elkmon("doctor", code=3).stdout
    unjudged = elkmon("check", "--at", instant(REFERENCE_DAYS), code=3)
    assert "no baseline" in unjudged.stdout

    window = ("--from-window", instant(0), instant(REFERENCE_DAYS))
    created = json.loads(elkmon("baseline", "create", "shop", *window, "--json").stdout)
    assert created["predictions"] == REFERENCE_DAYS * ROWS_A_DAY
    reach = {each["subject"]: each for each in created["limits"]}
    assert reach["basket"]["windows"] == REFERENCE_DAYS
    assert reach["basket"]["unit"] == "SD"
    assert 0.1 <= reach["basket"]["limit"] < SHIFT
    (listed,) = json.loads(elkmon("baseline", "list", "--json").stdout)
    assert listed["id"] == created["id"]
    shown = elkmon("baseline", "show", created["id"][:6]).stdout
    assert "basket" in shown
    assert f"{REFERENCE_DAYS * ROWS_A_DAY:,} predictions" in shown

    again = json.loads(elkmon("baseline", "create", "shop", "--from-window", instant(1), instant(9), "--json").stdout)
    assert again["ruler"] == created["ruler"]
    new = elkmon("baseline", "create", "shop", "--from-window", instant(2), instant(8), "--new-ruler", "--json")
    assert json.loads(new.stdout)["ruler"] != created["ruler"]
    elkmon("baseline", "create", "shop", *window, "--ruler-of", created["id"])

    good = elkmon("check", "--at", instant(REFERENCE_DAYS + GOOD_DAYS), "--all")
    assert "basket" in good.stdout
    assert box.mails == []
    assert "No alert is open" in elkmon("alerts").stdout

    log_days(elasticsearch_url, namespace, REFERENCE_DAYS + GOOD_DAYS, BAD_DAYS, shift=SHIFT)
    end = instant(REFERENCE_DAYS + GOOD_DAYS + BAD_DAYS)
    bad = elkmon("check", "--at", end, code=1)
    assert re.search(r"critical +basket", bad.stdout)
    assert "age" not in bad.stdout
    assert re.search(r"opened +shop: basket", bad.stdout)
    (mail,) = box.mails
    assert "shop: basket drifted" in str(mail["Subject"])

    same = json.loads(elkmon("check", "--at", end, "--json", code=1).stdout)
    assert same["exit_code"] == 1
    assert same["transitions"] == []
    assert len(box.mails) == 1

    (alert,) = json.loads(elkmon("alerts", "--json").stdout)["alerts"]
    assert (alert["model"], alert["subject"]["name"], alert["state"]) == ("shop", "basket", "open")
    period = ("--from", instant(0), "--to", end)
    assert "basket" in elkmon("report", *period).stdout
    page = tmp_path / "report.html"
    elkmon("report", *period, "--html", str(page))
    assert "basket" in page.read_text(encoding="utf-8")
    assert any(row["subject"] == "basket" for row in json.loads(elkmon("report", *period, "--json").stdout))

    after = elkmon("doctor", "--json").stdout
    assert {each["verdict"] for each in json.loads(after)} <= {"ok", "warning"}
    assert len(box.mails) == 1


def test_a_mistake_in_naming_is_answered_with_what_there_is(
    elkmon: Command, elasticsearch_url: str, namespace: str, tmp_path: Path
):
    """A model nobody logged, a baseline that is not there, an empty window: each error names what there is instead."""
    configure(tmp_path, elasticsearch_url, namespace, model="shopp")
    elkmon("setup")
    log_days(elasticsearch_url, namespace, 0, 1)

    doctor = elkmon("doctor", code=3).stdout
    assert "models that did: shop, did you mean shop?" in doctor
    assert "shop: logs, but is not watched" in doctor
    assert "lies in the future" in elkmon("check", "--at", "2999-01-01", code=2).stderr
    assert "did you mean shopp?" in elkmon("check", "shop", code=2).stderr
    assert "no baseline has an id that begins so" in elkmon("baseline", "show", "abc", code=2).stderr
    empty = elkmon("baseline", "create", "shop", "--from-window", instant(3), instant(4), code=2)
    assert "no predictions" in empty.stderr
    assert (
        "whole UTC hour"
        in elkmon("baseline", "create", "shop", "--from-window", instant(0.01), instant(1), code=2).stderr
    )
    assert "x.csv does not exist" in elkmon("baseline", "create", "shop", "--from-file", "x.csv", code=2).stderr
    assert "--from-file only" in elkmon(
        "baseline", "create", "shop", "--in-sample", "--from-window", instant(0), instant(1), code=2
    ).stderr  # fmt: skip


def test_a_file_of_past_predictions_becomes_a_baseline(
    elkmon: Command, elasticsearch_url: str, namespace: str, tmp_path: Path
):
    """A CSV with columns named as the user likes is counted, and its truth with it."""
    configure(tmp_path, elasticsearch_url, namespace)
    elkmon("setup")
    chance = random.Random(1)
    lines = ["when,basket,shelf,p,truth"]
    for row in range(2000):
        p = chance.random()
        at = START + timedelta(minutes=10 * row)
        truth = "yes" if chance.random() < p else "no"
        lines.append(f"{at.isoformat()},{chance.gauss(0, 1):.4f},{chance.randrange(5)},{p:.4f},{truth}")
    (tmp_path / "past.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    made = elkmon(
        "baseline", "create", "shop", "--from-file", "past.csv", "--version", "1", "--categorical", "shelf",
        "--column", "timestamp=when", "--column", "score=p", "--column", "actual_label=truth", "--json",
    )  # fmt: skip

    baseline = json.loads(made.stdout)
    assert (baseline["predictions"], baseline["labelled"]) == (2000, 2000)
    measures = {each["subject"]: each["measure"] for each in baseline["limits"]}
    assert measures["basket"] == "wasserstein"
    assert measures["shelf"] == "total_variation"
    wrong = elkmon(
        "baseline", "create", "shop", "--from-file", "past.csv", "--version", "1", "--column", "scor=p", code=2
    )
    assert "did you mean score?" in wrong.stderr


def test_a_store_that_is_not_there_is_exit_code_three(elkmon: Command, tmp_path: Path):
    """Could not check is not the same as failed the check."""
    configure(tmp_path, f"http://127.0.0.1:{free_port()}", "default")

    for command in (("check",), ("alerts",), ("setup",), ("report",), ("baseline", "list")):
        assert "cannot be reached" in elkmon(*command, code=3).stderr
    assert "nothing listens there" in elkmon("doctor", code=3).stdout


def test_a_mail_server_that_is_not_there_is_exit_code_four_and_the_mail_comes_later(
    elkmon: Command, elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int], tmp_path: Path
):
    """What could not be told is told by the next check, once."""
    box, port = mailbox
    configure(tmp_path, elasticsearch_url, namespace, free_port())
    elkmon("setup")
    log_days(elasticsearch_url, namespace, 0, REFERENCE_DAYS)
    log_days(elasticsearch_url, namespace, REFERENCE_DAYS, BAD_DAYS, shift=SHIFT)
    elkmon("baseline", "create", "shop", "--from-window", instant(0), instant(REFERENCE_DAYS))
    end = instant(REFERENCE_DAYS + BAD_DAYS)

    undelivered = elkmon("check", "--at", end, code=4)
    assert "not delivered: team:" in undelivered.stdout
    configure(tmp_path, elasticsearch_url, namespace, port)
    elkmon("check", "--at", end, code=1)
    elkmon("check", "--at", end, code=1)

    assert len(box.mails) == 1
