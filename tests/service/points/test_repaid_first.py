"""Points that are new repay first what their member owes for a purchase that came back, wherever from."""

import pytest

from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.check_in import CheckIn
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.adjustment import AdjustmentKind
from services.points.domain.amounts import Fen
from services.points.domain.sale import Part
from shared.kernel.ids import read
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    APPROVER,
    DRAFTER,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    earn,
    link,
    redeem,
    spelled,
)

MEMBER = f"mem_{'d' * 32}"


@pytest.fixture
def debtor(house: LedgerHouse) -> str:
    """Lend a member who owes the office 600 fen: what they earned is spent, what they bought came back."""
    answer_of(house.obey(link(MEMBER, "office", "debtor"))[0])
    bought = answer_of(house.obey(earn("office", "debtor", 200_000, "debtor"))[0])
    answer_of(house.obey(redeem("office:debtor", "hotel", "debtor", 600))[0])
    receipt = str(read("rcp", bought["receipt"]))
    back = ReturnPurchase(asked(), ("receipt", receipt), "office", "debtor", Part(Fen(200_000)), NOON)
    assert answer_of(house.obey(back)[0])["debt_fen"] == 600
    return MEMBER


def owed_fen(house: LedgerHouse) -> int:
    """Add up what is owed."""
    ((fen,),) = house.rows("SELECT sum(fen)::bigint FROM debts")
    return int(fen)


def granted(house: LedgerHouse, points: int) -> None:
    """Let two persons give the debtor points of the office."""
    wish = ("office", spelled("office:debtor"), points, "a cold room", NOON)
    told = answer_of(house.obey(RequestAdjustment(asked(principal=DRAFTER), AdjustmentKind.GRANT, *wish))[0])
    approval = ApproveAdjustment(
        asked(principal=APPROVER), AdjustmentKind.GRANT, str(read("grt", told["grant"])), NOON
    )
    assert answer_of(house.obey(approval)[0])["state"] == "approved"


def test_what_is_granted_or_checked_in_repays_first(house: LedgerHouse, debtor: str) -> None:
    granted(house, 200)
    assert (owed_fen(house), house.points_of("office:debtor")) == (400, 0)
    assert answer_of(house.obey(CheckIn(asked(), debtor, NOON))[0])["points"] == 1
    assert (owed_fen(house), house.points_of("office:debtor")) == (399, 0)
    granted(house, 500)
    assert (owed_fen(house), house.points_of("office:debtor")) == (0, 101)
    assert audited(house.database).findings == ()
