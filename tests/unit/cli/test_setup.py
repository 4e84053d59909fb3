"""`elkmon setup` and its other two uses, as far as they need no Elasticsearch."""

import pytest

from elkmon.__main__ import main
from elkmon.cli.setup import _print_chores
from elkmon.elasticsearch import Chore
from elkmon.elasticsearch.retention import Deed, Size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--keys"], "--keys goes with --roles"), (["--roles", "--housekeeping"], "not allowed with argument --roles")],
)
def test_what_does_not_go_together_is_refused(arguments, said, capsys):
    """Keys are made for roles, and one thing is done at a time."""
    try:
        code = main(["setup", *arguments])
    except SystemExit as ended:
        code = ended.code

    assert code == 2
    assert said in capsys.readouterr().err


def test_housekeeping_says_what_it_saved(capsys):
    """Documents and bytes before and after; of what was not done only what is there."""
    rolled = Chore("elkmon-profiles-n-2026.01", Deed.ROLLED_UP, Size(74_400, 812_000_000), Size(3_100, 41_300_000))

    _print_chores([rolled], dry_run=False)
    done = capsys.readouterr().out
    _print_chores([Chore(rolled.what, rolled.deed, rolled.before, None)], dry_run=True)
    would = capsys.readouterr().out

    assert done.split()[-9:] == [
        "elkmon-profiles-n-2026.01",
        "rolled",
        "up",
        *["74,400", "812", "MB", "3,100", "41.3", "MB"],
    ]
    assert "would be rolled up" in would
    assert "3,100" not in would
