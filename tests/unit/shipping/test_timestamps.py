import datetime as dt

import numpy as np
import pandas as pd
import pytest

from elkmon.shipping.timestamps import as_stamp

NOON = "2013-08-05T12:00:00.000Z"
SECONDS = 1375704000


@pytest.mark.parametrize(
    "given",
    [
        dt.datetime(2013, 8, 5, 12, tzinfo=dt.UTC),
        dt.datetime(2013, 8, 5, 12),  # naive is UTC
        dt.datetime(2013, 8, 5, 14, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        "2013-08-05T12:00:00Z",
        "2013-08-05T08:00:00-04:00",
        "2013-08-05 12:00",
        SECONDS,
        float(SECONDS),
        np.float64(SECONDS),
        np.int64(SECONDS),
        np.datetime64("2013-08-05T12:00"),
        np.datetime64("2013-08-05T12:00", "ns"),
        pd.Timestamp("2013-08-05T12:00"),
        pd.Timestamp("2013-08-05T12:00:00.000000999", tz="UTC"),
        pd.Timestamp("2013-08-05T08:00", tz="America/New_York"),
    ],
    ids=repr,
)
def test_instants_in_all_their_forms(given):
    """An instant is the same instant, however it is given."""
    assert as_stamp(given) == NOON


@pytest.mark.parametrize(
    "given",
    [None, "yesterday", "", float("nan"), 1e300, -1e300, pd.NaT, pd.NA, np.datetime64("NaT"), [], object(), b"2013"],
    ids=repr,
)
def test_what_is_no_instant(given):
    """What is no instant is told from one, without raising."""
    assert as_stamp(given) is None
