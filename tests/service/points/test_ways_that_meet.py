"""Two ways that meet in one number, one hold or one purse: each is attacked alone elsewhere."""

from tests.service.points.hold_room import hold, placed
from tests.service.points.ledger_house import (
    LedgerHouse,
    answer_of,
    code_of,
    link,
    redeem,
)


def test_an_order_paid_by_a_number_gets_its_first_answer_once_the_number_is_linked(
    house: LedgerHouse,
) -> None:
    number = house.fund("before", 1_000)
    first = answer_of(house.obey(redeem(number, "hotel", "before-1", 200))[0])
    waiting = placed(house, hold(number, "before-2", 300))
    answer_of(house.obey(link("mem_after", "office", "before"))[0])
    again = house.obey(redeem(number, "hotel", "before-1", 200), hold(number, "before-2", 300))
    assert [answer_of(one) for one in again] == [first, waiting]
    by_member = house.obey(redeem("mem_after", "hotel", "before-1", 200), hold("mem_after", "before-2", 300))
    assert [answer_of(one) for one in by_member] == [first, waiting]
    assert house.points_of(number) == 500
    stranger = house.fund("stranger", 1_000)
    refused = house.obey(redeem(stranger, "hotel", "before-1", 200), hold(stranger, "before-2", 300))
    assert [code_of(one) for one in refused] == ["order-redeemed", "order-held"]
