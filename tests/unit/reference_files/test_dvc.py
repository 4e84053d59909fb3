"""What DVC tracks of a reference file."""

import hashlib
from pathlib import Path

import pytest

from elkmon.errors import ReferenceDataError
from elkmon.reference_files.dvc import Tracked, tracked

CONTENT = b"amount\r\n1\r\n2\r\n"
RAW = hashlib.md5(CONTENT).hexdigest()
AS_TEXT = hashlib.md5(CONTENT.replace(b"\r\n", b"\n")).hexdigest()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file of two rows."""
    path = tmp_path / "loans.csv"
    path.write_bytes(CONTENT)
    return path


def note(data: Path, text: str) -> Path:
    path = data.with_name(data.name + ".dvc")
    path.write_text(text, encoding="utf-8")
    return path


def added(md5: str, name: str = "loans.csv", also: str = "  hash: md5\n") -> str:
    """Return what `dvc add` of version 3 writes."""
    return f"outs:\n- md5: {md5}\n  size: {len(CONTENT)}\n{also}  path: {name}\n"


def test_a_file_that_is_not_tracked_is_itself(data: Path):
    """Without a .dvc file beside it."""
    assert tracked(data) == Tracked(data)


def test_the_data_and_its_note_mean_the_same(data: Path):
    """Either is given; the MD5 is the one that DVC wrote down."""
    path = note(data, added(RAW))
    assert tracked(data) == tracked(path) == Tracked(data, RAW)


def test_only_what_is_put_out_counts(data: Path):
    """An imported file has the MD5 of where it came from as well, and notes of people, and a folder to work from."""
    text = (
        f"md5: {'0' * 32}\nframe: null\nwdir: .\ndeps:\n- md5: {'1' * 32}\n  path: https://example.com/loans.csv\n"
        f"outs:\n  - path: \"loans.csv\"\n    md5: '{RAW}'\n    hash: md5\n    cloud:\n      store:\n        md5: {'2' * 32}\n"
        f"meta:\n  md5: {'3' * 32}\n"
    )
    assert tracked(note(data, text)).md5 == RAW


def test_data_in_another_folder_is_found_from_the_notes(data: Path, tmp_path: Path):
    """`wdir` says where paths start."""
    (tmp_path / "notes").mkdir()
    path = tmp_path / "notes" / "loans.csv.dvc"
    path.write_text("wdir: ..\n" + added(RAW), encoding="utf-8")
    assert tracked(path).data.resolve() == data


def test_an_older_dvc_reads_texts_with_plain_ends_of_line(data: Path):
    """Its MD5 is that of the text with LF for CRLF; a newer one says `hash: md5` and means the bytes."""
    assert tracked(note(data, added(AS_TEXT, also=""))).md5 == AS_TEXT
    with pytest.raises(ReferenceDataError, match=r"is not what loans\.csv\.dvc tracks"):
        tracked(note(data, added(AS_TEXT)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (added("f" * 32), f"its MD5 is {RAW}, not {'f' * 32}; bring it back with `dvc checkout`"),
        (added(RAW + ".dir", "loans"), "tracks the folder loans; name a file within it"),
        (added(RAW, "gone.csv"), "gone.csv is not there, though .* tracks it; fetch it with `dvc pull`"),
        (added("", also=""), "has no MD5 of loans.csv"),
        ("outs: []\n", "should track one data file; under `outs` it has none"),
        (added(RAW) + f"- md5: {RAW}\n  path: other.csv\n", "it has loans.csv, other.csv"),
        ("\x00\x01", "it has none"),
    ],
)
def test_a_note_that_does_not_vouch_for_its_data_is_refused(data: Path, text: str, said: str):
    """Other content, a folder, a file that is not there, no MD5, none or several files, no YAML."""
    with pytest.raises(ReferenceDataError, match=said):
        tracked(note(data, text))


def test_a_note_beside_the_data_must_be_about_it(data: Path):
    """Otherwise nobody knows which content is meant."""
    note(data, added(RAW, "other.csv"))
    with pytest.raises(ReferenceDataError, match="should track one data file"):
        tracked(data)
