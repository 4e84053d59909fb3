"""The configuration: what is read, and how every mistake is reported."""

from datetime import timedelta
from pathlib import Path

import pytest

from elkmon.alerts import Policy
from elkmon.checks import Floor, ModelSettings, Season
from elkmon.config import (
    Config,
    MailSettings,
    Schedule,
    Secret,
    Security,
    StoreSettings,
    find,
    load,
    parse,
)
from elkmon.errors import ConfigurationError

FULL = """
kibana_url = "https://kibana.example.com/"
horizon = "5w"

[store]
hosts = ["https://one.example.com:9200", "https://two.example.com:9200/"]
namespace = "production"
username = "elkmon"
password_env = "STORE_PASSWORD"
ca_certs = "ca.crt"
timeout = 12.5
retention_days = 30

[notifiers.team]
kind = "mail"
host = "smtp.example.com"
security = "ssl"
username = "elkmon"
password_file = "smtp-password"
sender = "elkmon <elkmon@example.com>"
recipients = ["a@example.com", "b@example.com"]

[models.flight-delay]
schedule = "30 6 * * 1-5"
window = "1w"
offset = "-05:00"
min_rows = 50
significance = 0.001
positive_label = "late"
labels_after = "14d"
min_coverage = 0.8
metrics = ["roc_auc"]
ignore = ["id"]
policy = { opens_after = 1, of_windows = 2 }
segments = ["carrier"]
pairs = [["distance", "air_time"], ["distance", "score"]]
strongest_pairs = 0
provisional = "2w"
[models.flight-delay.floors]
wasserstein = { warning = 0.2, critical = 0.4 }
throughput = { warning = 0.5, critical = 0.2 }
[models.flight-delay.feature_floors]
distance = { warning = 0.3, critical = 0.6, missing = { warning = 0.1, critical = 0.2 } }
carrier.unseen = { warning = 0.02, critical = 0.1 }
[models.flight-delay.tolerances]
mae = { warning = 0.2, critical = 0.5 }

[models.churn]
schedule = "6h"
season = "weekday"
"""


def problems_of(text: str, folder: Path = Path(), environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        parse(text, folder, environ or {})
    return raised.value.problems


def test_everything_that_can_be_said_is_read(tmp_path):
    """Each key of the file arrives in its place, secrets from where they are kept."""
    (tmp_path / "ca.crt").write_text("certificate")
    (tmp_path / "smtp-password").write_text("hunter2\n")

    config = parse(FULL, tmp_path, {"STORE_PASSWORD": "s3cret"})

    assert config.kibana_url == "https://kibana.example.com"
    assert config.horizon == timedelta(weeks=5)
    assert config.store == StoreSettings(
        hosts=("https://one.example.com:9200", "https://two.example.com:9200"),
        namespace="production",
        username="elkmon",
        password=Secret("s3cret"),
        ca_certs=tmp_path / "ca.crt",
        timeout=12.5,
        retention_days=30,
    )
    assert config.notifiers == (
        MailSettings(
            name="team",
            host="smtp.example.com",
            sender="elkmon <elkmon@example.com>",
            recipients=("a@example.com", "b@example.com"),
            security=Security.SSL,
            port=465,
            username="elkmon",
            password=Secret("hunter2"),
        ),
    )
    flights, churn = config.models
    assert flights.settings == ModelSettings(
        name="flight-delay",
        window=timedelta(weeks=1),
        offset=timedelta(hours=-5),
        min_rows=50,
        significance=0.001,
        positive_label="late",
        labels_after=timedelta(days=14),
        min_coverage=0.8,
        metrics=("roc_auc",),
        ignore=("id",),
        floors={"wasserstein": Floor(0.2, 0.4), "throughput": Floor(0.5, 0.2)},
        feature_floors={
            "distance": {"drift": Floor(0.3, 0.6), "missing": Floor(0.1, 0.2)},
            "carrier": {"unseen": Floor(0.02, 0.1)},
        },
        tolerances={"mae": Floor(0.2, 0.5)},
        segments=("carrier",),
        pairs=(("distance", "air_time"), ("distance", "score")),
        strongest_pairs=0,
        provisional=timedelta(weeks=2),
        policy=Policy(1, 2),
    )
    assert flights.schedule == Schedule(cron="30 6 * * 1-5")
    assert churn.schedule == Schedule(cron="", every=timedelta(hours=6))
    assert churn.settings == ModelSettings("churn", season=Season.WEEKDAY)


def test_an_empty_file_is_all_defaults():
    """Nothing must be said; then it is the defaults of the settings themselves."""
    assert parse("", Path(), {}) == Config()


def test_all_mistakes_are_reported_at_once_with_key_path_value_and_suggestion():
    """Nobody mends one mistake only to meet the next; each says where it is, what it is and what would be right."""
    problems = problems_of(
        """
        horizn = "3d"
        [store]
        hosts = ["elasticsearch:9200"]
        namespace = "Prod-*"
        timeout = "soon"
        [notifiers.team]
        kind = "mial"
        [models.flight-delay]
        min_row = 5
        window = "90m"
        min_rows = 0
        metrics = ["roc_acu"]
        policy = { opens_after = 5, of_windows = 3 }
        floors.waserstein = { warning = 1, critical = 2 }
        floors.missing = { warning = 0.5, critical = 0.1 }
        floors.throughput = { warning = 0.1, critical = 0.5 }
        tolerances.mae = { warning = 0.1 }
        """
    )

    text = "\n".join(problems)
    for part in (
        "horizn is not a key of elkmon, did you mean horizon?; valid here: ",
        'store.hosts = "elasticsearch:9200" is not a URL',
        'store.namespace = "Prod-*" cannot be part of an index name',
        'store.timeout = "soon" is not a number from 1 to 600',
        'notifiers.team.kind = "mial" is none of mail, did you mean mail?',
        "models.flight-delay.min_row is not a key of elkmon, did you mean min_rows?",
        'models.flight-delay.window = "90m" is not a length of time such as 6h, 1d or 2w',
        "models.flight-delay.min_rows = 0 is not a whole number from 1",
        'models.flight-delay.metrics = "roc_acu" is none of',
        "did you mean roc_auc?",
        "models.flight-delay.policy.opens_after = 5 is more than of_windows = 3",
        "did you mean wasserstein?",
        "models.flight-delay.floors.missing.critical = 0.1 lies below warning = 0.5",
        "models.flight-delay.floors.throughput.critical = 0.5 lies above warning = 0.1",
        "models.flight-delay.tolerances.mae.critical is missing",
    ):
        assert part in text
    assert len(problems) == 14


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('models = "all"', 'models = "all" is not a table'),
        ("[store]\nhosts = []", "store.hosts is empty"),
        ('[store]\nhosts = "https://es.example.com"', "names no port"),
        ('[store]\nhosts = "https://u:p@es.example.com:9200"', "holds a user name or password"),
        ('[store]\nhosts = "https://es.example.com:99999"', "is not a URL"),
        ('[store]\nca_certs = "nowhere.crt"', 'store.ca_certs = "nowhere.crt" is no file'),
        ("[store]\nretention_days = true", "store.retention_days = true is not a whole number"),
        ('[store]\nusername = "u"', "stands without a password"),
        ('[store]\npassword_env = "P"', "stands without a username"),
        ('[store]\napi_key_env = "P"\nusername = "u"', "goes against api_key"),
        ('[store]\napi_key = "abc"', 'store.api_key must not stand in this file; write api_key_env = "A_VARIABLE"'),
        ('[store]\napi_key_env = "UNSET"', 'store.api_key_env = "UNSET" names an environment variable that is not set'),
        ('[store]\napi_key_env = "P"\napi_key_file = "x"', "keep one of them"),
        ('[store]\napi_key_file = "nowhere"', 'store.api_key_file = "nowhere" cannot be read'),
        ("[notifiers.team]\nhost = 'x'", "notifiers.team.kind is missing: what it is, one of mail"),
        ('[notifiers.team]\nkind = "mail"', "notifiers.team.host is missing"),
        ('[notifiers.team]\nkind = "mail"\nrecipients = ["nobody"]', '"nobody" is not a mail address'),
        ('[notifiers.team]\nkind = "mail"\nsender = "a@b.c\\nBcc: x@y.z"', "holds a line break"),
        ('[notifiers.team]\nkind = "mail"\nsecurity = "tls"', "is none of starttls, ssl, none"),
        ("[models.m]\nmin_coverage = 1.5", "models.m.min_coverage = 1.5 is not a number from 0 to 1"),
        ('[models.m]\noffset = "+02:30"', "is no whole-hour offset from UTC"),
        ('[models.m]\nwindow = "9w"', 'models.m.window = "9w" is longer than the horizon of "5w"'),
        ("[models.m]\nignore = [1]", "models.m.ignore = [1] is not a list of texts"),
        ('[models.m]\nseason = "weekdays"', "is none of weekday, hour_of_day, hour_of_week, did you mean weekday?"),
        ('[models.m]\nwindow = "1w"\nseason = "weekday"', 'models.m.season = "weekday": weekday needs windows that divide a day'),
        ('[models.m]\nseason = "hour_of_day"', "needs windows shorter than a day"),
        ('[models.m]\npairs = [["a", "a"]]', "is not a list of lists of 2 texts"),
        ('[models.m]\npairs = ["a", "b"]', "is not a list of lists of 2 texts"),
        ('[models.m]\nsegments = ["a=b"]', 'models.m.segments = "a=b" holds a "="'),
        ("[models.m]\nstrongest_pairs = 21", "models.m.strongest_pairs = 21 is not a whole number from 0 to 20"),
        ("[models.m]\nprovisional = 14", "models.m.provisional = 14 is not a length of time"),
        ("[models.m.feature_floors.x]\nmissng = 1", "models.m.feature_floors.x.missng is not a key"),
        ("[models.m.feature_floors.x.unseen]\nwarning = 1", "feature_floors.x.unseen.critical is missing"),
        ('[models."a b"]\nx = 1', 'models."a b".x is not a key'),
        ("[models.m\n", "not valid TOML"),
        ("[models.m.floors.missng]\nwarning = 1", "models.m.floors.missng is not known, did you mean missing?"),
        ('[models."a\\u202e🛫"]\nx = 1', 'models."a\\U0000202E🛫".x is not a key'),
        ('[models.""]', 'models."" has a blank name; write [models.NAME]'),
        ('[store]\nhosts = ["http://127.0.0.1:9200\\n"]', "holds a blank, a line break"),
        ('[store]\napi_key_env = "TWO_LINES"', 'api_key_env = "TWO_LINES" holds a secret with a line break'),
    ],
)  # fmt: skip
def test_each_mistake_is_named(text, problem):
    """A mistake is told with its key path, its value and what would be right."""
    assert any(problem in each for each in problems_of(text, environ={"P": "secret", "TWO_LINES": "a\nb"}))


@pytest.mark.parametrize(
    "text", ["10 * * * *", "*/15 0-6,22 1,15 * *", "0 6 * * mon-fri", "0 6 * jan-mar 0", "0 0 * * sat-sun", "5 4 * * 7"]
)
def test_cron_as_people_write_it_is_taken(text):
    """Ranges, lists, steps and names are understood."""
    assert parse(f'[models.m]\nschedule = "{text}"', Path(), {}).models[0].schedule == Schedule(cron=text)


@pytest.mark.parametrize(
    "text", ["", "hourly", "0h", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "* * * *", "a * * * *",
             "5-1 * * * *", "*/0 * * * *", "3/5 * * * *", "0 0 1 * mon", "1,,2 * * * *"]
)  # fmt: skip
def test_cron_that_means_nothing_is_refused(text):
    """A schedule that would never come, or means two things, is refused where it stands."""
    (problem,) = problems_of(f'[models.m]\nschedule = "{text}"')

    assert problem.startswith(f'models.m.schedule = "{text}" ')


def test_secrets_are_not_shown():
    """Neither repr nor str of a configuration shows a secret."""
    config = parse('[store]\napi_key_env = "KEY"', Path(), {"KEY": "hunter2"})

    assert "hunter2" not in repr(config) + str(config) + f"{config.store.api_key}"
    assert config.store.api_key is not None
    assert config.store.api_key.reveal() == "hunter2"


def test_the_file_is_found_where_it_is_named_then_here_then_by_the_environment(tmp_path):
    """-c goes before elkmon.toml in the folder, which goes before ELKMON_CONFIG."""
    environ = {"ELKMON_CONFIG": "/elsewhere.toml"}

    assert find(Path("named.toml"), environ, tmp_path) == Path("named.toml")
    assert find(None, environ, tmp_path) == Path("/elsewhere.toml")
    (tmp_path / "elkmon.toml").touch()
    assert find(None, environ, tmp_path) == tmp_path / "elkmon.toml"


def test_no_configuration_is_an_error_with_its_remedy(tmp_path):
    """Without a configuration anywhere it is said how to get one."""
    with pytest.raises(ConfigurationError, match="elkmon init"):
        find(None, {}, tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_problems_of_a_file_name_the_file(tmp_path):
    """Who has several configurations sees which one is meant."""
    path = tmp_path / "mine.toml"
    path.write_text("x = 1\ny = 2\n")

    with pytest.raises(ConfigurationError) as raised:
        load(path, {})

    assert len(raised.value.problems) == 2
    assert all(problem.startswith(f"{path}: ") for problem in raised.value.problems)
