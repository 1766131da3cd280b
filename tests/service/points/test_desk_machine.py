"""Real desks, stalled, struck and killed between statements, agree with the model: earning, paying, holds."""

from tests.service.points.desk_machine import DesksAgree, agree
from tests.service.points.hold_machine import DesksAgreeOnHolds
from tests.service.points.ledger_house import LedgerHouse


def test_two_desks_that_are_stalled_struck_and_killed_agree_with_the_model(house: LedgerHouse) -> None:
    agree(house, DesksAgree, 2, 15)


def test_three_desks_in_any_weather_agree_with_the_model_on_every_hold(house: LedgerHouse) -> None:
    agree(house, DesksAgreeOnHolds, 3, 20)
    kinds = {kind for (kind,) in house.rows("SELECT DISTINCT kind FROM journals")}
    assert {"hold", "capture", "release"} <= kinds
