import pytest

from elkmon.identity import identity


def test_identity_is_the_same_everywhere():
    """An identity depends on its parts alone, and never changes: ids of stored documents are made of it."""
    assert identity("m", "3", "order 1") == identity("m", "3", "order 1")
    assert len(identity()) == 32
    # printf '\\x00\\x00\\x00\\x01a\\x00\\x00\\x00\\x02bc' | b2sum -l 128
    assert identity("a", "bc") == "2e59d15427dc6a6a3c4a50be48ecb260"


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ab", "c"), ("a", "bc")), (("a", ""), ("", "a")), (("a",), ("a", "")), (("m", "1", "x"), ("m", "2", "x"))],
)
def test_identities_do_not_run_together(one, other):
    """Different lists of parts have different identities, also where their texts joined are the same."""
    assert identity(*one) != identity(*other)
