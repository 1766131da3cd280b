"""Real desks in any weather agree with the model about ways back, and about everything at once."""

from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from tests import stack
from tests.service.points.desk_machine import agree
from tests.service.points.exchange_machine import EXCHANGE_STEPS, DesksAgreeOnExchanges
from tests.service.points.hold_machine import HOLD_STEPS, DesksAgreeOnHolds
from tests.service.points.ledger_house import LedgerHouse
from tests.service.points.return_machine import RETURN_STEPS, DesksAgreeOnReturns, cap_days
from tests.service.points.soundness import unsound


@pytest.fixture(scope="module")
def capped() -> Iterator[LedgerHouse]:
    """Lend a house in which the day and the store have caps."""
    with stack.database_per_module("points") as database:
        opened = LedgerHouse(database)
        cap_days(opened)
        yield opened
        opened.close()
        assert unsound(database) == {}


class DesksAgreeOnEverything(DesksAgreeOnReturns, DesksAgreeOnExchanges, DesksAgreeOnHolds):
    """Persons who do all of it with the same points."""

    codes = DesksAgreeOnReturns.codes | DesksAgreeOnExchanges.codes | DesksAgreeOnHolds.codes
    steps = st.sampled_from((EXCHANGE_STEPS, HOLD_STEPS, RETURN_STEPS)).flatmap(lambda steps: steps)


def test_two_desks_agree_with_the_model_about_exchanges_too(house: LedgerHouse) -> None:
    agree(house, DesksAgreeOnExchanges, 2, 15)
    ((quotes,),) = house.rows("SELECT count(*) FROM quotes")
    ((exchanges,),) = house.rows("SELECT count(*) FROM exchanges")
    print(f"{quotes} quotes, {exchanges} of them carried out")
    assert exchanges > 2


def test_two_desks_agree_with_the_model_on_refunds_returns_and_caps(capped: LedgerHouse) -> None:
    agree(capped, DesksAgreeOnReturns, 2, 20)
    ((refunds, returns, owed),) = capped.rows(
        "SELECT (SELECT count(*) FROM refunds), (SELECT count(*) FROM returns), (SELECT count(*) FROM debts)"
    )
    ((cut,),) = capped.rows("SELECT count(*) FROM receipts WHERE terms::json ->> 'cut' IS NOT NULL")
    print(f"{refunds} refunds, {returns} returns, {owed} debts, {cut} receipts cut by caps")
    assert min(refunds, returns, owed, cut) > 2


def test_three_desks_agree_with_the_model_about_everything_at_once(capped: LedgerHouse) -> None:
    agree(capped, DesksAgreeOnEverything, 3, 25)
