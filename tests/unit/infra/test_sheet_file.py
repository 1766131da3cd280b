"""Files of opening balances: told apart by encoding, checked line by line, harmless to spreadsheets."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from infra.opening.sheet_file import FAULTS_SHOWN, Line, Unreadable, checked, encoding_of, lines_of

HEADER = "unit,number,points,reference,expires_at,earned_at\n"
READING = """
import json, re, sys
from pathlib import Path
from infra.opening.sheet_file import checked
for path in sys.argv[1:]:
    faults = [one.place for one in checked(Path(path)).faults]
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
    print(json.dumps({"faults": faults, "peak_kib": int(peak[1])}))
"""
GOOD = "residential,A1,500,2016-1,2027-12-31,2016-05-01\n"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a file in that encoding."""
    path = folder / "balances.csv"
    path.write_bytes(text.encode(encoding))
    return path


def told(folder: Path, line: str) -> list[tuple[int, str]]:
    """Give the faults of a file of one good line and this one."""
    return [(one.place, one.told) for one in checked(written(folder, HEADER + GOOD + line)).faults]


def test_a_sound_file_has_a_unit_sums_and_a_digest(tmp_path: Path) -> None:
    found = checked(written(tmp_path, HEADER + GOOD + GOOD.replace("2016-1", "2016-2")))
    assert (found.sound, found.unit, found.lines, found.points) == (True, "residential", 2, 1_000)
    assert len(found.digest) == 64


def test_a_line_is_read_as_it_stands_and_dates_begin_in_shanghai(tmp_path: Path) -> None:
    (line,) = lines_of(written(tmp_path, HEADER + GOOD))
    assert line == Line(
        2,
        "residential",
        "A1",
        500,
        "2016-1",
        datetime(2027, 12, 30, 16, tzinfo=UTC),
        datetime(2016, 4, 30, 16, tzinfo=UTC),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_out_and_the_digest_does_not_depend_on_it(
    tmp_path: Path, encoding: str
) -> None:
    text = HEADER + GOOD.replace("A1", "张三-1")
    expected = checked(written(tmp_path, text)).digest
    path = written(tmp_path, text, encoding)
    assert checked(path).digest == expected
    assert encoding_of(path) == ("gb18030" if encoding == "gb18030" else "utf-8-sig")


def test_what_is_neither_utf_8_nor_gb18030_is_no_file_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "balances.csv"
    path.write_bytes(b"\xff\xff\xff\xff")
    with pytest.raises(Unreadable, match="neither UTF-8 nor GB18030"):
        checked(path)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("unit,number,points\n", "lacks reference, expires_at"),
        (HEADER.replace("earned_at", "note"), "unknown or doubled"),
        (HEADER.replace("earned_at", "unit"), "unknown or doubled"),
        ("", "lacks"),
        ('"unit', "no line of a table"),
    ],
)
def test_a_file_names_its_columns(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        checked(written(tmp_path, header))


@pytest.mark.parametrize(
    "points", ["0", "-1", "1.5", "1e3", "", "ten", "1000000001", "٣", "1 000", "9" * 5_000]
)
def test_points_are_whole_and_positive(tmp_path: Path, points: str) -> None:
    ((place, said),) = told(tmp_path, GOOD.replace(",500,", f",{points},").replace("2016-1", "2016-2"))
    assert (place, said.startswith("points must be")) == (3, True)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+86", "-2", "@SUM(A1)", "", "x" * 65, "\ufdfa" * 4, "a\u202eb", "a\x00b"]
)
def test_texts_are_short_and_no_formula(tmp_path: Path, cell: str) -> None:
    for place, line in ((3, GOOD.replace("A1", cell)), (3, GOOD.replace("2016-1", cell))):
        found = told(tmp_path, line.replace("2016-1", "2016-2"))
        assert [one for one, _ in found] == [place], found


@pytest.mark.parametrize(
    "day",
    [
        *("", "2027-13-01", "31.12.2027", "2027-12-31T00:00:00", "tomorrow"),
        *("0001-01-01", "9999-12-31T23:59:59-12:00", "2201-01-01"),
    ],
)
def test_an_end_is_a_date_or_a_time_with_offset(tmp_path: Path, day: str) -> None:
    ((place, said),) = told(tmp_path, f"residential,A1,500,2016-2,{day},\n")
    assert (place, "date" in said) == (3, True)


def test_half_a_line_two_units_and_a_doubled_reference_are_named(tmp_path: Path) -> None:
    assert told(tmp_path, "residential,A1,50") == [(3, "3 cells instead of 6")]
    assert told(tmp_path, GOOD.replace("residential", "hotel").replace("2016-1", "2016-2")) == [
        (3, "unit hotel in a file of residential; one unit a file")
    ]
    assert told(tmp_path, GOOD) == [(3, "reference 2016-1 stands in the file twice")]
    assert told(tmp_path, GOOD + GOOD.replace("500", "0") + GOOD.replace("2016-1", " 2016-1")) == [
        (3, "reference 2016-1 stands in the file twice"),
        (4, "points must be a whole number from 1 to 1000000000"),
        (5, "reference 2016-1 stands in the file twice"),
    ]
    assert "not a line of a table" in told(tmp_path, 'residential,"A1,5\n')[0][1]


def test_a_thousand_faults_are_counted_and_a_few_shown(tmp_path: Path) -> None:
    bad = "".join(f"residential,A1,0,r{place},2027-12-31,\n" for place in range(1_000))
    found = checked(written(tmp_path, HEADER + bad))
    assert (len(found.faults), found.more_faults, found.sound) == (FAULTS_SHOWN, 1_000 - FAULTS_SHOWN, False)


@pytest.mark.parametrize(
    ("line", "is_wrong"),
    [
        ("residential,A1,5,r,2026-11-01,\n", True),
        ("residential,A1,5,r,2026-11-01T00:00:01+08:00,\n", False),
        ("residential,A1,5,r,2027-12-31,2026-11-02\n", True),
        ("residential,A1,5,r,2027-12-31,2026-11-01\n", False),
    ],
)
def test_points_that_no_door_takes_at_that_moment_are_named_before(
    tmp_path: Path, line: str, is_wrong: bool
) -> None:
    path = written(tmp_path, HEADER + line)
    found = checked(path, datetime(2026, 10, 31, 16, tzinfo=UTC))
    assert [one.place for one in found.faults] == [2] * is_wrong
    assert checked(path).sound


def test_a_large_file_is_read_in_little_memory_and_its_last_line_is_held_against_its_first(
    tmp_path: Path,
) -> None:
    count, paths = 60_000, [tmp_path / "fifth.csv", tmp_path / "whole.csv"]
    for path, lines in zip(paths, (count // 5, count), strict=True):
        with path.open("w") as file:
            file.write(HEADER)
            file.writelines(GOOD.replace("2016-1", f"wallet-{place:030}") for place in range(lines))
            file.write(GOOD.replace("2016-1", f"wallet-{0:030}"))
    told = subprocess.run(
        [sys.executable, "-c", READING, *paths],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    fifth, whole = (orjson.loads(line) for line in told.stdout.splitlines())
    assert (fifth["faults"], whole["faults"]) == ([count // 5 + 2], [count + 2])
    grown = whole["peak_kib"] - fifth["peak_kib"]
    print(f"{count:,} lines, {paths[1].stat().st_size:,} bytes: {grown:,} KiB more than for a fifth of them")
    assert grown < 5_000
