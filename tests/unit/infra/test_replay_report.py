"""The report's one form, and what a month of the API becomes in it."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from infra.replay.report import canonical, month_entry, table_of_months, wallet_entries, write_report

HALF_YEAR = Path(__file__).parents[2] / "replay" / "expected" / "2017-01-01_2017-07-01.json"


def test_a_report_is_written_as_the_independent_computation_writes_it() -> None:
    committed = HALF_YEAR.read_bytes()
    assert canonical(json.loads(committed)) == committed


def test_keys_are_sorted_as_strings_without_spaces_and_with_one_newline() -> None:
    assert canonical({"wallets": {"10": {"B": 1, "A": 2}, "9": {}}, "months": []}) == (
        b'{"months":[],"wallets":{"10":{"A":2,"B":1},"9":{}}}\n'
    )


@pytest.mark.parametrize("wrong", [1.0, True, None])
def test_a_number_that_is_not_whole_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        canonical({"wallets": {"1": {"MALL": wrong}}})


def test_zeros_of_the_api_are_left_out_and_the_rest_of_its_month_too() -> None:
    month = {
        "month": "2017-02",
        "state": "sealed",
        "receipts": 0,
        "redemptions": 0,
        "refused": 0,
        "change_points": 0,
        "issued": {"hotel": 0, "office": 3},
        "redeemed_fen": {"hotel": 0},
        "owed_fen": {"hotel": {"office": 0}, "office": {"hotel": 7, "property": 0}},
        "net_fen": {"hotel": 7, "office": -7, "property": 0},
        "outstanding": {"MALL": 0},
    }
    assert month_entry(month) == {
        "month": "2017-02",
        "receipts": 0,
        "redemptions": 0,
        "refused": 0,
        "change_points": 0,
        "issued": {"office": 3},
        "redeemed_fen": {},
        "owed_fen": {"office": {"hotel": 7}},
        "net_fen": {"hotel": 7, "office": -7},
        "outstanding": {},
    }


def test_households_without_points_are_left_out_and_none_comes_twice() -> None:
    assert wallet_entries([("7", {"MALL": 0}), ("8", {"MALL": 2, "GRUP": 0})]) == {"8": {"MALL": 2}}
    with pytest.raises(ValueError, match="two wallets"):
        wallet_entries([("8", {"MALL": 2}), ("8", {"MALL": 2})])


def test_the_table_shows_who_pays_and_who_receives() -> None:
    shown = io.StringIO()
    Console(file=shown, width=140).print(table_of_months(json.loads(HALF_YEAR.read_bytes())["months"]))
    for expected in ("residential ¥41.84", "mall-east ¥24.86", "12,832"):
        assert expected in shown.getvalue()


def test_writing_a_report_replaces_the_earlier_one_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "out" / "report.json"
    write_report({"months": []}, path)
    write_report({"months": [1]}, path)
    assert [kept.name for kept in path.parent.iterdir()] == ["report.json"]
    assert path.read_bytes() == b'{"months":[1]}\n'
