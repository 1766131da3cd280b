"""Pairs of units at real desks: a till refuses nobody, and what is over the limit is told once a month."""

from contextlib import closing

from services.points.jobs.watch_pairs import PairWatch
from shared.runtime.database import connect
from tests.service.points.closing_room import closed
from tests.service.points.exchanging import house_with, rich
from tests.service.points.ledger_house import (
    JANUARY,
    NOON,
    LedgerHouse,
    answer_of,
    code_of,
    redeem,
    redemption_id,
    refund,
)

TOLD = "SELECT key, seq, data::json FROM outbox WHERE type = 'points.pair.alerted' ORDER BY id"


def watching(house: LedgerHouse, watch: PairWatch) -> list[str]:
    """Let a watch go round and give the pairs of which anybody was told so far."""
    with closing(connect(house.database.url("desk"))) as connection:
        watch.step(connection)
    return [key for key, _, _ in house.rows(TOLD)]


def test_what_is_over_the_limit_is_told_once_and_nobody_is_refused() -> None:
    with house_with(pair_month_points=1_000) as house:
        somebody = rich(house, 5_000)
        watch = PairWatch(house.first.obey_all, settled_s=0)
        assert code_of(house.obey(redeem(somebody, "hotel", "p1", 700, NOON))[0]) == "ok"
        assert watching(house, watch) == []
        assert code_of(house.obey(redeem(somebody, "hotel", "p2", 300, NOON))[0]) == "ok"
        assert watching(house, watch) == []
        assert code_of(house.obey(redeem(somebody, "hotel", "p3", 100, NOON))[0]) == "ok"
        assert watching(house, watch) == ["2017-01:residential:hotel"]
        ((key, seq, data),) = house.rows(TOLD)
        assert (key, seq) == ("2017-01:residential:hotel", 1)
        assert data == {
            "month": "2017-01",
            "issuer": "residential",
            "unit": "hotel",
            "amount_fen": 1_100,
            "most_fen": 1_000,
        }
        assert code_of(house.obey(redeem(somebody, "hotel", "p4", 500, NOON))[0]) == "ok"
        another = PairWatch(house.first.obey_all, settled_s=0)
        assert watching(house, watch) == watching(house, another) == ["2017-01:residential:hotel"]
        # A redemption at the issuer's own unit is owed by nobody, and each pair stands for itself.
        assert code_of(house.obey(redeem(somebody, "residential", "p5", 1_500, NOON))[0]) == "ok"
        assert code_of(house.obey(redeem(somebody, "office", "p6", 900, NOON))[0]) == "ok"
        assert watching(house, another) == ["2017-01:residential:hotel"]
        assert house.rows("SELECT name, amount_fen, most_fen FROM pair_alerts") == [
            ("2017-01:residential:hotel", 1_100, 1_000)
        ]


def test_what_goes_back_does_not_count_for_the_pair_that_had_it() -> None:
    with house_with(pair_month_points=1_000) as house:
        somebody = rich(house, 3_000)
        watch = PairWatch(house.first.obey_all, settled_s=0)
        (paid,) = house.obey(redeem(somebody, "hotel", "r1", 900, NOON))
        answer_of(house.obey(refund(redemption_id(paid), "hotel", "r1-back", 900, NOON))[0])
        answer_of(house.obey(redeem(somebody, "hotel", "r2", 900, NOON))[0])
        assert watching(house, watch) == []


def test_a_line_counts_once_it_is_settled_and_those_of_a_sealed_month_at_once() -> None:
    with house_with(pair_month_points=100) as house:
        somebody = rich(house, 2_000)
        patient = PairWatch(house.first.obey_all)
        answer_of(house.obey(redeem(somebody, "office", "s1", 101, NOON))[0])
        assert watching(house, patient) == []
        closed(house, JANUARY)
        assert watching(house, patient) == ["2017-01:residential:office"]


def test_without_a_limit_nothing_is_added_up() -> None:
    with house_with() as house:
        somebody = rich(house, 2_000)
        answer_of(house.obey(redeem(somebody, "office", "n1", 1_000, NOON))[0])
        assert watching(house, PairWatch(house.first.obey_all, settled_s=0)) == []
