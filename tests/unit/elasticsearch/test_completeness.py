"""What sequence numbers tell of a window, by examples made by hand."""

import pytest

from elkmon.elasticsearch.completeness import Numbers, Stretch


@pytest.mark.parametrize(
    ("before", "within", "behind", "together", "missing"),
    [
        # Numbers 1–30, ten in each window.
        ((1, 10, 10), (11, 20, 10), (21, 30, 10), (1, 30, 30), 0),
        # 14 and 15 are nowhere.
        ((1, 10, 10), (11, 20, 8), (21, 30, 10), (1, 30, 28), 2),
        # 5 is nowhere, but lies before.
        ((1, 10, 9), (11, 20, 10), (21, 30, 10), (1, 30, 29), 0),
        # 9 to 12 are nowhere: they may have been the window's.
        ((1, 8, 8), (13, 20, 8), (21, 30, 10), (1, 30, 26), 4),
        # 15 happened after the window, 3 before it although it was logged late.
        (None, (1, 20, 18), (15, 15, 1), (1, 20, 19), 1),
        ((12, 21, 10), (1, 25, 15), None, (1, 25, 25), 0),
        # Nothing arrived: between 10 and 21 there were ten.
        ((1, 10, 10), None, (21, 30, 10), (1, 30, 20), 10),
        # The process ended before, or began after.
        ((1, 10, 10), None, None, (1, 10, 10), 0),
        (None, None, (7, 10, 4), (7, 10, 4), 0),
        # Stored twice: more events than numbers.
        (None, (1, 10, 12), None, (1, 10, 12), 0),
    ],
)
def test_what_a_window_lacks(
    before: tuple[int, int, int] | None,
    within: tuple[int, int, int] | None,
    behind: tuple[int, int, int] | None,
    together: tuple[int, int, int],
    missing: int,
) -> None:
    """Numbers between the window's own and its neighbours' are missing unless they are found beside it."""
    parts = [None if each is None else Numbers(*each) for each in (before, within, behind)]
    assert Stretch(*parts, Numbers(*together)).missing == missing


def test_more_events_than_numbers_are_doubled() -> None:
    """Twelve events with ten numbers are two too many; a gap is none."""
    assert (Numbers(1, 10, 12).doubled, Numbers(1, 10, 12).gap) == (2, 0)
    assert (Numbers(1, 10, 7).doubled, Numbers(1, 10, 7).gap) == (0, 3)


def test_losses_are_bounded_only_between_known_numbers() -> None:
    """What came last, or came after an unknown beginning, may have been followed or preceded by what was dropped."""
    before, first, within, behind = Numbers(1, 9, 9), Numbers(1, 9, 9), Numbers(10, 20, 11), Numbers(21, 30, 10)
    together = Numbers(1, 30, 30)
    assert Stretch(before, within, behind, together).enclosed
    assert Stretch(None, first, behind, together).enclosed
    assert not Stretch(None, within, behind, together).enclosed
    assert not Stretch(before, within, None, together).enclosed
