"""docs/shipping.md names a test for every fault; each of them exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_fault_of_the_page_has_its_tests():
    """The table of faults is whole, and none of the tests it names was renamed or removed."""
    page = (ROOT / "docs/shipping.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 33))
    for _, fault, named in rows:
        tests = re.findall(r"`([\w/.]+)::(\w+)`", named)
        assert tests, fault
        for path, name in tests:
            assert f"def {name}(" in (ROOT / "tests" / f"{path}.py").read_text(), name
