"""Who pays with a few of many lots has few loaded, and pays exactly as if all had been."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from psycopg2.extensions import cursor as Cursor

from infra.bench.filling import Filling, fill_new
from services.points.commands import DECISIONS
from services.points.commands.redeem_points import RedeemPoints, redeem_points
from services.points.domain.books import LedgerBooks
from services.points.domain.redemption import Price
from services.points.store.ledger import LedgerMemory
from shared.kernel.calendar import month_of
from shared.kernel.command import Command, Needs
from shared.kernel.ids import read
from shared.runtime.clock import now
from shared.runtime.desk import Desk
from shared.runtime.memory import Claim, Loaded
from tests import stack
from tests.service.points.ledger_house import LedgerHouse, PointsDesk, answer_of, asked, code_of, earn, link

SEED = 20261126
UNITS = ("office", "property", "hotel", "mall-east", "residential")


@dataclass(frozen=True, slots=True)
class RedeemFromAll(RedeemPoints):
    """A redemption that has all lots loaded."""

    def needs(self) -> Needs:
        """Need every lot."""
        facts = (("lots", str(self.payer)),)
        return Needs(naturals=(self.name,), rows=(("identity", str(self.payer)),), facts=facts)


class Watched(LedgerMemory):
    """A memory that remembers how many lots each batch loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[int] = []

    def load(self, cursor: Cursor, claims: Sequence[Claim]) -> Loaded[LedgerBooks]:
        """Load, and count."""
        found = super().load(cursor, claims)
        self.loaded.append(sum(map(len, found.books.lots.values())))
        return found


@pytest.fixture(scope="module")
def watched(house: LedgerHouse) -> tuple[PointsDesk, Watched]:
    """Open a desk whose memory counts, in the present month."""
    house.open_month(month_of(now()))
    memory = Watched()
    decisions = {**DECISIONS, RedeemFromAll: redeem_points}
    desk: PointsDesk = Desk(memory, decisions, house.connect)
    desk.start()
    house._desks.append(desk)
    return desk, memory


def fund(house: LedgerHouse, member: str, drawn: random.Random, lots: int) -> None:
    """Give a member lots of several units, earned over a month; some at the very same moment."""
    moment = now() - timedelta(days=40)
    commands: list[Command] = []
    for place in range(lots):
        unit = drawn.choice(UNITS)
        at = moment + timedelta(days=drawn.randrange(12))
        amount = drawn.randrange(20_000, 90_000) * (1_000 if unit == "residential" else 1)
        commands.append(earn(unit, member, amount, f"{member}-{drawn.choice(('', '0'))}{place}", at))
    commands += [link(f"mem_{member}", unit, member) for unit in UNITS]
    for answer in house.obey(*commands):
        answer_of(answer)


def taken(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Give what each lot paid, in order, without its name."""
    return [tuple(sorted((k, v) for k, v in one.items() if k != "lot")) for one in answer["taken"]]


def test_a_purse_pays_as_all_lots_would(house: LedgerHouse, watched: tuple[PointsDesk, Watched]) -> None:
    """Two members with the same lots; wishes of all sizes, several in a batch, change and refusals."""
    desk, memory = watched
    house.open_month(month_of(now() - timedelta(days=40)))
    wishes, drawn = 0, random.Random(SEED)
    for turn in range(6):
        for member in (f"purse{turn}", f"whole{turn}"):
            fund(house, member, random.Random(f"{SEED}-{turn}"), lots=30)
        memory.loaded.clear()
        prices = [_price(drawn) for _ in range(24)]
        told = [
            desk.obey_all(
                [
                    kind(asked(), f"mem_{name}{turn}", "office", f"{name}-{turn}-{place}", price)
                    for place, price in enumerate(prices)
                ]
            )
            for kind, name in ((RedeemPoints, "purse"), (RedeemFromAll, "whole"))
        ]
        for purse, whole in zip(*told, strict=True):
            assert code_of(purse) == code_of(whole)
            if purse.json is not None:
                assert taken(answer_of(purse)) == taken(answer_of(whole))
            elif purse.refusal is not None and whole.refusal is not None:
                assert purse.refusal.facts == whole.refusal.facts
            wishes += 1
    print(f"seed {SEED}: {wishes} wishes paid alike out of a purse and out of all lots")


def _price(drawn: random.Random) -> Price:
    wish = drawn.choice((drawn.randrange(100, 700), drawn.randrange(100, 5_000), 40_000))
    if drawn.random() < 0.4:
        return Price(wish * 2, None, wish)
    return Price(wish * 2 + drawn.randrange(50), wish, None)


def test_a_small_wish_loads_few_of_many_lots(house: LedgerHouse, watched: tuple[PointsDesk, Watched]) -> None:
    desk, memory = watched
    moment = now() - timedelta(hours=30)
    lots = [
        earn("office", "many", 20_000, f"many-{place}", moment + timedelta(minutes=place))
        for place in range(200)
    ]
    for answer in house.obey(*lots):
        answer_of(answer)
    memory._reach.lots = 8
    answer_of(desk.obey_all([_pay("many-first", 100)])[0])
    memory.loaded.clear()
    answer_of(desk.obey_all([_pay("many-second", 250)])[0])
    answer_of(desk.obey_all([_pay("many-third", 100), _pay("many-fourth", 100)])[0])
    # A batch that the database had no time for is obeyed again, and loads again.
    assert max(memory.loaded) <= 8
    print(f"{memory.loaded} of 199 lots loaded")


def test_a_purse_whose_first_lots_are_not_worth_enough_is_read_whole(
    house: LedgerHouse, watched: tuple[PointsDesk, Watched]
) -> None:
    desk, memory = watched
    moment = now() - timedelta(hours=30)
    lots = [
        earn("property", "deep", 100_000, f"deep-{place}", moment + timedelta(minutes=place))
        for place in range(30)
    ]
    for answer in house.obey(*lots):
        answer_of(answer)
    memory._reach.lots = 4
    memory.loaded.clear()
    paid = answer_of(desk.obey_all([_pay("deep-first", 950, "property:DEEP")])[0])
    assert [one["paid_fen"] for one in paid["taken"]] == [100] * 9 + [50]
    assert 30 in memory.loaded
    # The next batch reads further down at first, and less far once that is not needed any more.
    assert memory._reach.lots > 4
    for place in range(8):
        answer_of(desk.obey_all([_pay(f"deep-{place}", 100, "property:DEEP")])[0])
    assert memory._reach.lots == 4


def test_lots_level_with_the_last_one_read_are_taken_all_or_none(
    house: LedgerHouse, watched: tuple[PointsDesk, Watched]
) -> None:
    """Ten lots of one moment: which is spent first is told by their receipts, not by what was read first."""
    desk, memory = watched
    moment = now() - timedelta(hours=30)
    for place in reversed(range(10)):
        answer_of(house.obey(earn("property", "level", 100_000, str(100 + place), moment))[0])
    memory._reach.lots = 4
    paid = answer_of(desk.obey_all([_pay("level-first", 200, "property:LEVEL")])[0])
    numbers = [
        house.rows("SELECT receipt_number FROM lots WHERE id = %s", read("lot", one["lot"]))[0][0]
        for one in paid["taken"]
    ]
    assert numbers == ["100", "101"]


def test_a_plan_made_on_empty_tables_still_goes_by_key_on_full_ones() -> None:
    """A desk that was there before forty thousand lots came reads what its commands need, not all of them."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        house.open_month(month_of(now()))
        moment = now() - timedelta(minutes=5)
        answer_of(house.obey(earn("office", "early", 20_000, "early", moment))[0])
        answer_of(house.obey(_pay("early", 100, "office:EARLY"))[0])
        for _ in fill_new(database.superuser_url, Filling("stale", "office", moment), 10_000):
            pass
        before = _fetched(house)
        payers = [f"office:stale-{place}" for place in range(40)]
        for answer in house.obey(*(_pay(f"stale-{who}", 100, who) for who in payers)):
            answer_of(answer)
        read_ = _fetched(house) - before
        house.close()
    print(f"{read_} lots read by 40 redemptions, of 40,000 that are there")
    assert read_ < 40 * 20


def _fetched(house: LedgerHouse) -> int:
    """Count the lots that all sessions have read so far by index or by scan."""
    deadline = monotonic() + 10
    told = -1
    while True:
        house.rows("SELECT pg_stat_clear_snapshot()")
        found = house.rows(
            "SELECT (idx_tup_fetch + seq_tup_read)::bigint FROM pg_stat_user_tables WHERE relname = 'lots'"
        )[0][0]
        # Sessions tell what they did about once a second.
        if found == told or monotonic() > deadline:
            return int(found)
        told = found
        sleep(1.2)


def _pay(order: str, fen: int, identity: str = "office:MANY") -> RedeemPoints:
    return RedeemPoints(asked(), identity, "hotel", order, Price(fen * 2, fen, None))
