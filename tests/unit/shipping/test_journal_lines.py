"""Lines of a journal find back to the channel they came by, whatever they carry."""

import json
import logging

import pytest

import elkmon
from elkmon.shipping.journal.lines import address_of

LOOKALIKE = '","data_stream":{"type":"logs","dataset":"elkmon.other","namespace":"x"}'


class Nested(logging.Formatter):
    """A user's formatter, whose documents look like ours inside."""

    def format(self, record):
        inner = {"a": 1, "data_stream": {"type": "logs", "dataset": "elkmon.other", "namespace": "x"}}
        return json.dumps(
            {"message": LOOKALIKE, "custom": inner, "elkmon": {"process": "0" * 16, "model": {"name": "z"}}}
        )


@pytest.mark.parametrize("name", ["m", 'quo"te', "back\\slash", "\\", "ünï", "new\nline", LOOKALIKE, '\\\\"', "日本"])
@pytest.mark.parametrize("labels", [None, {"a": LOOKALIKE}])
def test_journalled_events_are_counted_where_they_belong(make_handler, path, tmp_path, name, labels):
    """Model names, labels and nested keys that look like parts of a line mislead nobody: every account is settled."""
    handler = make_handler(elkmon.FileTransport(path), journal=tmp_path / "journal", labels=labels, group="risk")
    log = elkmon.ModelLog(name, "1", handler=handler)
    log.outcome(log.prediction({LOOKALIKE: LOOKALIKE}, label=LOOKALIKE, id=LOOKALIKE), label=LOOKALIKE)
    log.error(ValueError(LOOKALIKE), features={"a": LOOKALIKE})
    service = logging.Logger("service")
    service.addHandler(handler)
    handler.setFormatter(Nested())
    service.info(LOOKALIKE, extra={"model": log})
    service.info(LOOKALIKE)
    assert handler.flush()
    assert handler.stats().dropped == {}
    accounts = [channel.account for channel in handler.shipper._channels.values()]
    assert [account.logged for account in accounts] == [account.delivered for account in accounts] == [1] * 5
    assert handler.shipper._backlog.account.logged == 0


@pytest.mark.parametrize("line", [b"", b"rubbish", b"{}", b'{"elkmon":{"process":"0123456789abcdef"}}', b"\0" * 500])
def test_what_is_no_event_has_no_address(line):
    """A line that is none of ours is told from all that are."""
    assert address_of(line) is None
