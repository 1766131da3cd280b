"""Opening balances: two persons stand for a file, each line comes in once, never more than they agreed on."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from services.points.api.openings import OpeningItem
from services.points.commands.announce_sheet import AnnounceSheet
from services.points.commands.approve_sheet import ApproveSheet
from services.points.commands.bring_in_opening import BringInOpening
from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.sale import Part
from shared.kernel.calendar import SHANGHAI
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from tests.service.points.closing_room import audited, closed, stated
from tests.service.points.ledger_house import (
    APPROVER,
    DRAFTER,
    JANUARY,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    later,
    redeem,
)

DIGEST = "0" * 64
END = datetime(2019, 1, 1, tzinfo=SHANGHAI)
HOTELS = Principal("finance-hotel", Role.FINANCE, "hotel")


def announced(house: LedgerHouse, lines: int, points: int, unit: str = "residential") -> str:
    """Announce a sheet and give its canonical id."""
    command = AnnounceSheet(asked(principal=DRAFTER), unit, DIGEST, lines, points)
    return str(read("sht", answer_of(house.obey(command)[0])["sheet"]))


def approved(house: LedgerHouse, lines: int, points: int, unit: str = "residential") -> str:
    """Announce a sheet and have it approved."""
    sheet = announced(house, lines, points, unit)
    answer_of(house.obey(ApproveSheet(asked(principal=APPROVER), sheet))[0])
    return sheet


def line(
    sheet: str,
    number: str,
    points: int,
    reference: str,
    *,
    unit: str = "residential",
    ends: datetime = END,
    earned_at: datetime | None = None,
) -> BringInOpening:
    """Make a line of a sheet that is brought in at noon."""
    return BringInOpening(asked(), sheet, unit, number, points, reference, ends, earned_at, NOON)


def test_a_line_becomes_a_lot_of_the_unit_with_its_own_end(house: LedgerHouse) -> None:
    sheet = approved(house, 1, 500)
    answer = answer_of(house.obey(line(sheet, "O1", 500, "2016-1", earned_at=NOON - timedelta(days=99)))[0])
    assert (answer["points"], answer["asset"], answer["reference"]) == (500, "RESI", "2016-1")
    (lot,) = house.rows(
        "SELECT issuer, origin, receipt_number, earned_at, expires_at FROM lots"
        " WHERE receipt_number = '2016-1'"
    )
    assert lot == ("residential", "opening", "2016-1", NOON - timedelta(days=99), END)
    paid = answer_of(house.obey(redeem("residential:O1", "hotel", "opened", 300))[0])
    assert paid["owed"] == [{"issuer": "residential", "amount_fen": 300}]


def test_the_same_line_again_changes_nothing_and_another_of_its_name_is_refused(
    house: LedgerHouse,
) -> None:
    sheet = approved(house, 3, 900)
    first, again = house.obey(line(sheet, "O2", 300, "2016-2"), line(sheet, "O2", 300, "2016-2"))
    assert answer_of(first) == answer_of(again)
    others = (
        line(sheet, "O2", 301, "2016-2"),
        line(sheet, "O3", 300, "2016-2"),
        line(sheet, "O2", 300, "2016-2", ends=END + timedelta(days=1)),
    )
    assert [code_of(one) for one in house.obey(*others)] == ["opening-conflict"] * 3
    assert house.points_of("residential:O2") == 300


@pytest.mark.parametrize("number", [" ", "\u3000", "\ufdfa" * 64])
def test_a_number_that_nobody_could_ever_name_is_none(number: str) -> None:
    told = {"kind": "opening", "key": "k", "sheet": "sht_" + "0" * 32, "unit": "hotel", "points": 1}
    told |= {"reference": "1", "expires_at": "2030-01-01T00:00:00Z"}
    assert OpeningItem.model_validate({**told, "number": " q1"}).number == "Q1"
    with pytest.raises(ValidationError):
        OpeningItem.model_validate({**told, "number": number})


def test_nothing_comes_in_before_another_person_approved(house: LedgerHouse) -> None:
    sheet = announced(house, 1, 100)
    assert code_of(house.obey(line(sheet, "O4", 100, "2016-4"))[0]) == "sheet-not-approved"
    for by in (DRAFTER, HOTELS):
        answer = house.obey(ApproveSheet(asked(principal=by), sheet))[0]
        assert code_of(answer) == ("another-person-needed" if by is DRAFTER else "not-found")
    assert code_of(house.obey(ApproveSheet(asked(principal=APPROVER), sheet))[0]) == "ok"
    assert code_of(house.obey(ApproveSheet(asked(principal=APPROVER), sheet))[0]) == "sheet-approved-already"
    assert code_of(house.obey(line(sheet, "O4", 100, "2016-4"))[0]) == "ok"


def test_a_sheet_of_one_unit_brings_in_nothing_of_another(house: LedgerHouse) -> None:
    sheet = approved(house, 1, 100, "hotel")
    assert code_of(house.obey(line(sheet, "O5", 100, "2016-5"))[0]) == "not-found"
    assert code_of(house.obey(line(f"{sheet[:-3]}001", "O5", 100, "2016-5"))[0]) == "not-found"


def test_two_desks_take_no_more_lines_and_points_than_the_sheet_says(house: LedgerHouse) -> None:
    sheet = approved(house, 10, 1_000)
    desks = (house.desk(), house.desk())
    answers = [
        later(desks[place % 2], line(sheet, f"P{place}", 100, f"crowd-{place}")) for place in range(40)
    ]
    codes = [code_of(one.result()[0]) for one in answers]
    assert (codes.count("ok"), codes.count("sheet-exceeded")) == (10, 30)
    assert house.rows("SELECT sum(points)::bigint FROM openings WHERE sheet_id = %s", sheet) == [(1_000,)]
    assert code_of(house.obey(line(approved(house, 5, 99), "P0", 100, "too-much"))[0]) == "sheet-exceeded"


@pytest.mark.parametrize(
    ("earned_at", "ends"),
    [
        (None, NOON),
        (NOON + timedelta(seconds=1), END),
        (NOON - timedelta(days=9), NOON - timedelta(days=1)),
    ],
)
def test_points_that_are_over_or_not_earned_yet_do_not_come_in(
    house: LedgerHouse, earned_at: datetime | None, ends: datetime
) -> None:
    sheet = approved(house, 1, 100)
    answer = house.obey(line(sheet, "O6", 100, "2016-6", ends=ends, earned_at=earned_at))[0]
    assert code_of(answer) == "opening-invalid"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE openings SET points = points + 1 WHERE id = %s",
        "UPDATE openings SET wallet_id = gen_random_uuid() WHERE id = %s",
        "UPDATE openings SET expires_at = expires_at + interval '1 day' WHERE id = %s",
        "UPDATE openings SET sheet_id = gen_random_uuid() WHERE id = %s",
    ],
)
def test_the_auditor_names_a_line_that_was_changed(house: LedgerHouse, change: str) -> None:
    sheet = approved(house, 1, 100)
    name = f"audit-{change[20:40]}"
    answer = answer_of(house.obey(line(sheet, "O7", 100, name))[0])
    id_ = read("opn", answer["opening"])
    ((before, natural),) = house.rows("SELECT o::text, o.name FROM openings o WHERE id = %s", id_)
    assert audited(house.database).findings == ()
    house.rows(change, id_)
    try:
        assert natural in [one.row for one in audited(house.database).findings]
    finally:
        house.rows("DELETE FROM openings WHERE id = %s", id_)
        house.rows("INSERT INTO openings SELECT (%s::openings).*", before)


def test_the_auditor_names_a_sheet_of_which_more_came_in(house: LedgerHouse) -> None:
    sheet = approved(house, 1, 100)
    answer_of(house.obey(line(sheet, "O8", 100, "2016-8"))[0])
    house.rows("UPDATE opening_sheets SET points = 99 WHERE id = %s", sheet)
    try:
        assert f"sheet {sheet}" in [one.row for one in audited(house.database).findings]
    finally:
        house.rows("UPDATE opening_sheets SET points = 100 WHERE id = %s", sheet)


def test_what_is_brought_in_repays_what_its_member_owes_first(house: LedgerHouse) -> None:
    bought = answer_of(house.obey(earn("office", "O10", 200_000, "owing"))[0])
    answer_of(house.obey(redeem("office:O10", "hotel", "owing", 600))[0])
    owing = ReturnPurchase(
        asked(), ("receipt", str(read("rcp", bought["receipt"]))), "office", "owing", Part(Fen(200_000)), NOON
    )
    assert answer_of(house.obey(owing)[0])["debt_fen"] == 600
    sheet = approved(house, 2, 1_400, "office")
    lines = [line(sheet, "O10", points, f"owing-{points}", unit="office") for points in (500, 900)]
    assert [answer_of(one)["points"] for one in house.obey(*lines)] == [500, 900]
    assert house.points_of("office:O10") == 800
    assert house.rows("SELECT sum(fen)::bigint FROM debts") == [(0,)]
    assert audited(house.database).findings == ()


def test_a_month_states_what_was_brought_in_as_issued(house: LedgerHouse) -> None:
    sheet = approved(house, 1, 700, "property")
    answer_of(house.obey(line(sheet, "O9", 700, "prop-1", unit="property"))[0])
    assert [one.issued for one in closed(house, JANUARY)] == [True]
    points = stated(house, JANUARY)["property"]["points"]["PROP"]
    assert (points["issued"], points["closing"]) == (700, 700)
