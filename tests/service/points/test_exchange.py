"""Exchange at a real desk: quotes, refusals, repeats, strangers, legs to the fen, loops that never gain."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.runtime.clock import mint_id
from tests.service.points.closing_room import audited
from tests.service.points.exchanging import (
    LEGS,
    carrying_out,
    exchanged,
    holdings,
    quoted,
    quoting,
    rich,
)
from tests.service.points.ledger_house import (
    NOON,
    RATES,
    LedgerHouse,
    answer_of,
    code_of,
    earn,
    link,
    redeem,
)


def test_a_quote_tells_what_would_be_given_and_the_exchange_gives_exactly_that(house: LedgerHouse) -> None:
    somebody = rich(house, 1_005)
    quote = quoted(house, somebody, "RESI-MALL", 1_003)
    told = {name: quote[name] for name in ("points", "given", "value_fen", "fee_fen", "residual_fen")}
    assert told == {"points": 1_003, "given": 200, "value_fen": 1_003, "fee_fen": 0, "residual_fen": 3}
    assert quote["rate"] == {"numerator": 1, "denominator": 5}
    assert quote["expires_at"] == (NOON + timedelta(minutes=5)).isoformat()
    assert {(one["kind"], one["subject"], one["version"]) for one in quote["versions"]} == {
        ("rate", "RESI", 1),
        ("rate", "MALL", 1),
    }
    answer = answer_of(house.obey(carrying_out(somebody, quote))[0])
    assert {name: answer[name] for name in told} == told
    assert holdings(house, somebody) == {"RESI": 2, "MALL": 200}
    assert house.rows(LEGS, answer["journal"]) == [
        ("RESI", 1_003, "wallet", "exchange", 1_003),
        ("MALL", 200, "exchange", "wallet", 1_000),
        ("GRUP", 3, "exchange", "residual", None),
        ("CNY", 300, "clearing", "clearing", None),
    ]


def test_a_new_lot_has_issuer_dates_and_receipt_of_the_lot_it_came_from(house: LedgerHouse) -> None:
    somebody = rich(house, 40, "office")
    _, answer = exchanged(house.first, somebody, "OFFI-HOTL", 30)
    (taken,) = answer_of(answer)["taken"]
    columns = "issuer, receipt_number, earned_at, available_at, expires_at"
    names = [taken["lot"], taken["new_lot"]]
    rows = house.rows(
        f"SELECT {columns} FROM lots WHERE 'lot_' || replace(id::text, '-', '') = ANY (%s) ORDER BY id", names
    )
    assert rows[0] == rows[1]
    (new,) = house.rows(
        "SELECT asset, earned, origin, parent_id IS NOT NULL FROM lots"
        " WHERE 'lot_' || replace(id::text, '-', '') = %s",
        taken["new_lot"],
    )
    assert new == ("HOTL", 30, "exchange", True)


def test_what_is_spent_first_is_exchanged_first_and_exchanged_points_are_spent(house: LedgerHouse) -> None:
    number = f"order-{mint_id()}"
    early = NOON - timedelta(days=3)
    house.fund(number, 100, "office", early)
    somebody = house.fund(number, 100, "office")
    answer = answer_of(exchanged(house.first, somebody, "OFFI-PROP", 150)[1])
    assert [one["points"] for one in answer["taken"]] == [100, 50]
    paid = answer_of(house.obey(redeem(somebody, "hotel", f"after-{number}", 180))[0])
    assert {(one["asset"], one["issuer"]) for one in paid["taken"]} == {
        ("PROP", "office"),
        ("OFFI", "office"),
    }
    assert paid["owed"] == [{"issuer": "office", "amount_fen": 180}]


@pytest.mark.parametrize(
    ("assets", "points", "to_points", "code"),
    [
        ("RESI-RESI", 10, None, "same-asset"),
        ("RESI-MALL", 4, None, "gives-nothing"),
        ("RESI-MALL", 101, None, "too-few-points"),
        ("RESI-MALL", None, 21, "too-few-points"),
        ("MALL-RESI", 1, None, "too-few-points"),
        ("RESI-GOLD", 10, None, "no-rule-in-force"),
        ("GOLD-RESI", 10, None, "no-rule-in-force"),
        ("RESI-MALL", 10**12, None, "too-few-points"),
        ("RESI-MALL", None, 10**12, "exchange-too-large"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    house: LedgerHouse, assets: str, points: int | None, to_points: int | None, code: str
) -> None:
    somebody = rich(house, 100)
    assert code_of(house.obey(quoting(somebody, assets, points, to_points=to_points))[0]) == code
    assert holdings(house, somebody) == {"RESI": 100}


def test_pending_and_expired_points_are_not_exchanged(house: LedgerHouse) -> None:
    number = f"P-{mint_id().upper()}"
    answer_of(house.obey(earn("mall-east", number, 100_000, number))[0])
    assert code_of(house.obey(quoting(f"mall-east:{number}", "MALL-HOTL", 1))[0]) == "too-few-points"
    later = NOON + timedelta(days=7)
    assert code_of(house.obey(quoting(f"mall-east:{number}", "MALL-HOTL", 1, at=later))[0]) == "ok"
    over = datetime(2019, 4, 1, tzinfo=UTC)
    assert code_of(house.obey(quoting(f"mall-east:{number}", "MALL-HOTL", 1, at=over))[0]) == "too-few-points"


def test_a_quote_is_carried_out_once_and_says_so_again(house: LedgerHouse) -> None:
    somebody = rich(house, 100)
    quote = quoted(house, somebody, "RESI-HOTL", 60)
    first = carrying_out(somebody, quote)
    answers = house.obey(first, first, carrying_out(somebody, quote), carrying_out(somebody, quote))
    assert {one.json for one in answers} == {answers[0].json}
    later = house.obey(first, carrying_out(somebody, quote, NOON + timedelta(days=1)))
    assert {one.json for one in later} == {answers[0].json}, "used stays used, however late"
    assert holdings(house, somebody) == {"RESI": 40, "HOTL": 60}


def test_twins_at_three_desks_have_one_effect(house: LedgerHouse) -> None:
    somebody = rich(house, 100)
    quote = quoted(house, somebody, "RESI-HOTL", 60)
    desks = [house.desk() for _ in range(3)]
    with ThreadPoolExecutor(12) as callers:
        answers = list(
            callers.map(
                lambda place: desks[place % 3].obey_all([carrying_out(somebody, quote)])[0], range(24)
            )
        )
    assert {code_of(one) for one in answers} == {"ok"}
    assert len({one.json for one in answers}) == 1
    assert holdings(house, somebody) == {"RESI": 40, "HOTL": 60}


def test_another_ones_quote_is_not_found(house: LedgerHouse) -> None:
    somebody, stranger = rich(house, 100), rich(house, 100)
    quote = quoted(house, somebody, "RESI-HOTL", 60)
    (answer,) = house.obey(carrying_out(stranger, quote))
    assert code_of(answer) == "not-found"
    assert code_of(house.obey(carrying_out(stranger, f"quo_{'0' * 32}"))[0]) == "not-found"
    assert code_of(house.obey(carrying_out(somebody, quote))[0]) == "ok"
    assert code_of(house.obey(carrying_out(stranger, quote))[0]) == "not-found", "also once it is used"


def test_a_quote_lasts_five_minutes(house: LedgerHouse) -> None:
    somebody = rich(house, 100)
    quote = quoted(house, somebody, "RESI-HOTL", 60)
    end = NOON + timedelta(minutes=5)
    assert code_of(house.obey(carrying_out(somebody, quote, end))[0]) == "quote-expired"
    answer_of(house.obey(carrying_out(somebody, quote, end - timedelta(microseconds=1)))[0])


def test_points_spent_since_the_quote_are_missed(house: LedgerHouse) -> None:
    somebody = rich(house, 200)
    quote = quoted(house, somebody, "RESI-HOTL", 150)
    answer_of(house.obey(redeem(somebody, "hotel", f"spent-{mint_id()}", 100))[0])
    (answer,) = house.obey(carrying_out(somebody, quote))
    assert answer.refusal is not None
    assert answer.refusal.facts == {"asset": "RESI", "available": 100, "wanted": 150}
    assert holdings(house, somebody) == {"RESI": 100}


def test_linked_numbers_are_exchanged_together_from_whichever_wallet(house: LedgerHouse) -> None:
    number = mint_id()[-12:]
    one, other = house.fund(f"a{number}", 30, "office"), house.fund(f"b{number}", 30, "office")
    member = f"mem_{mint_id().replace('-', '')}"
    house.obey(link(member, "office", f"a{number}"), link(member, "office", f"b{number}"))
    answer_of(exchanged(house.first, member, "OFFI-MALL", 55)[1])
    assert holdings(house, member) == {"OFFI": 5, "MALL": 11}
    assert house.points_of(one) + house.points_of(other) == 16


def test_exchanging_around_in_loops_with_rounding_never_gains(house: LedgerHouse) -> None:
    """A to B to A and around all six assets, in odd amounts, at a real desk: worth only ever falls."""
    chance = random.Random(20_170_120)
    somebody = rich(house, 9_973)
    steps, lost = 0, 0

    def worth() -> int:
        return sum(RATES[asset] * points for asset, points in holdings(house, somebody).items())

    before = worth()
    for _ in range(150):
        held = holdings(house, somebody)
        from_asset = chance.choice(sorted(held))
        to_asset = chance.choice([asset for asset in RATES if asset != from_asset])
        points = chance.choice((held[from_asset], chance.randrange(1, held[from_asset] + 1)))
        (told,) = house.obey(quoting(somebody, f"{from_asset}-{to_asset}", points))
        if code_of(told) == "gives-nothing":
            continue
        quote = answer_of(told)
        answer_of(house.obey(carrying_out(somebody, quote))[0])
        after = worth()
        assert after == before - quote["fee_fen"] - quote["residual_fen"] <= before
        assert min(quote["fee_fen"], quote["residual_fen"]) >= 0
        steps, lost, before = steps + 1, lost + quote["residual_fen"], after
    print(f"{steps} exchanges, {lost} fen of rounding went to the house, never one to the member")
    assert before == 9_973 - lost
    assert audited(house.database).findings == ()


def test_a_crowd_exchanges_what_it_has_and_no_point_more(house: LedgerHouse) -> None:
    somebody = rich(house, 1_000)
    quotes = [quoted(house, somebody, "RESI-HOTL", 90) for _ in range(20)]
    desks = [house.desk() for _ in range(2)]
    with ThreadPoolExecutor(20) as callers:
        answers = list(
            callers.map(
                lambda place: desks[place % 2].obey_all([carrying_out(somebody, quotes[place])])[0], range(20)
            )
        )
    assert Counter(code_of(one) for one in answers) == {"ok": 11, "too-few-points": 9}
    assert holdings(house, somebody) == {"RESI": 10, "HOTL": 990}


def test_an_exchange_is_announced_to_the_holder_in_order(house: LedgerHouse) -> None:
    somebody = rich(house, 1_003)
    answer = answer_of(exchanged(house.first, somebody, "RESI-MALL", 1_003)[1])
    ((data, seq),) = house.rows(
        "SELECT data::json, seq FROM outbox WHERE type = 'points.wallet.exchanged'"
        " AND data::json ->> 'exchange' = %s",
        answer["exchange"],
    )
    assert seq == 2
    assert data["issuers"] == [{"issuer": "residential", "points": 1_003, "given": 200}]
    assert (data["value_fen"], data["residual_fen"]) == (1_003, 3)
