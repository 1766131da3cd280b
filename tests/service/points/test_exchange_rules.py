"""Rules of exchange at a real desk: limits of a day and of a month, fee, publications, direct rates."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

from services.points.commands.approve_rule import ApproveRule
from services.points.commands.draft_rule import DraftRule
from services.points.domain.rulebook import RuleKind
from services.points.queries.statement_lines import lines_of
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer
from shared.kernel.ids import read
from shared.runtime.clock import mint_id, now
from shared.runtime.database import Reader
from tests.service.points.closing_room import closed, summarised
from tests.service.points.exchanging import (
    LEGS,
    carrying_out,
    exchanged,
    house_with,
    quoted,
    rich,
)
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
    link,
)


def pair_used(house: LedgerHouse, limit: str) -> int:
    """Give what was drawn from a limit in January."""
    return int(
        house.rows(
            "SELECT coalesce(sum(amount), 0)::bigint FROM draws WHERE name = %s AND \"window\" = '2017-01'",
            limit,
        )[0][0]
    )


def test_a_member_exchanges_no_more_than_the_days_limit() -> None:
    with house_with(member_day_points=1_000) as house:
        somebody = rich(house, 5_000)
        answer_of(exchanged(house.first, somebody, "RESI-HOTL", 600)[1])
        quote, refused = exchanged(house.first, somebody, "RESI-MALL", 405)
        assert refused.refusal is not None
        assert refused.refusal.facts == {
            "day": "2017-01-20",
            "most_fen": 1_000,
            "used_fen": 600,
            "wanted_fen": 405,
        }
        answer_of(exchanged(house.first, somebody, "RESI-MALL", 400)[1])
        assert code_of(house.obey(carrying_out(somebody, quote))[0]) == "exchange-limit-reached"
        tomorrow = NOON + timedelta(days=1)
        answer_of(exchanged(house.first, somebody, "RESI-MALL", 1_000, tomorrow)[1])
        assert (
            code_of(exchanged(house.first, rich(house, 2_000), "RESI-OFFI", 1_001)[1])
            == "exchange-limit-reached"
        )


def test_the_days_limit_holds_in_a_crowd_and_over_linked_numbers() -> None:
    with house_with(member_day_points=1_000) as house:
        number = mint_id()[-12:]
        somebody = house.fund(number, 5_000, "office")
        answer_of(exchanged(house.first, somebody, "OFFI-HOTL", 300)[1])
        member = f"mem_{mint_id().replace('-', '')}"
        house.obey(link(member, "office", number))
        quotes = [quoted(house, member, "OFFI-HOTL", 200) for _ in range(8)]
        desks = [house.desk() for _ in range(2)]
        with ThreadPoolExecutor(8) as callers:
            answers = list(
                callers.map(
                    lambda place: desks[place % 2].obey_all([carrying_out(member, quotes[place])])[0],
                    range(8),
                )
            )
        assert Counter(code_of(one) for one in answers) == {"ok": 3, "exchange-limit-reached": 5}


def test_an_issuers_month_for_an_asset_stops_to_the_fen_at_three_desks() -> None:
    with house_with(pair_month_points=777) as house:
        desks = [house.desk() for _ in range(3)]
        members = [rich(house, 100) for _ in range(30)]
        quotes = [quoted(house, somebody, "RESI-PROP", 37) for somebody in members]

        def carry_out(place: int) -> str:
            while True:
                (answer,) = desks[place % 3].obey_all([carrying_out(members[place], quotes[place])])
                if answer.refusal is None or not answer.refusal.retryable:
                    return code_of(answer)

        with ThreadPoolExecutor(15) as callers:
            codes = Counter(callers.map(carry_out, range(30)))
        assert codes == {"ok": 21, "limit-reached": 9}
        assert pair_used(house, "exchange:residential:PROP") == 777
        (refused,) = house.obey(carrying_out(members[0], quoted(house, members[0], "RESI-PROP", 1)))
        assert refused.refusal is not None
        assert refused.refusal.facts == {
            "limit": "exchange:residential:PROP",
            "window": "2017-01",
            "total": 777,
            "left": 0,
            "wanted": 1,
        }
        answer_of(exchanged(house.first, members[0], "RESI-OFFI", 10)[1])
        february = NOON + timedelta(days=20)
        answer_of(exchanged(house.first, members[0], "RESI-PROP", 10, february)[1])


def test_an_issuers_own_asset_is_no_limit() -> None:
    with house_with(pair_month_points=50) as house:
        number = mint_id()[-12:]
        somebody = house.fund(number, 200, "hotel", NOON - timedelta(days=15))
        answer_of(exchanged(house.first, somebody, "HOTL-GRUP", 50)[1])
        assert code_of(exchanged(house.first, somebody, "HOTL-GRUP", 1)[1]) == "limit-reached"
        answer_of(exchanged(house.first, somebody, "GRUP-HOTL", 50)[1])
        assert pair_used(house, "exchange:hotel:GRUP") == 50
        assert pair_used(house, "exchange:hotel:HOTL") == 0


def test_a_fee_goes_to_the_group_and_is_paid_by_the_issuer() -> None:
    with house_with(fee_bp=150) as house:
        somebody = rich(house, 1_000)
        quote, answer = exchanged(house.first, somebody, "RESI-MALL", 1_000)
        told = (quote["fee_bp"], quote["fee_fen"], quote["given"], quote["residual_fen"])
        assert told == (150, 15, 197, 0)
        assert house.rows(LEGS, answer_of(answer)["journal"])[2:] == [
            ("GRUP", 15, "exchange", "fee", None),
            ("CNY", 1_500, "clearing", "clearing", None),
        ]


def test_a_rate_that_opens_a_round_trip_is_not_approved_and_the_answer_shows_it() -> None:
    with house_with() as house:
        (answer,) = publish(house, RuleKind.PAIR, "RESI-MALL", 1, 4, after_s=90)
        assert answer.refusal is not None
        facts = answer.refusal.facts
        assert answer.refusal.code == "profitable-round-trip"
        assert set(facts["cycle"]) == {"RESI", "MALL", "GRUP"}
        assert (facts["numerator"], facts["denominator"]) == (5, 4)
        answer_of(publish(house, RuleKind.PAIR, "RESI-MALL", 1, 6, after_s=90)[0])
        (answer,) = publish(house, RuleKind.RATE, "MALL", 7, 1, after_s=86_400)
        assert code_of(answer) == "profitable-round-trip", "the pair would be cheaper than the way around"
        answer_of(publish(house, RuleKind.PAIR, "RESI-MALL", 1, 7, after_s=86_000)[0])
        answer_of(publish(house, RuleKind.RATE, "MALL", 7, 1, after_s=86_400)[0])


def test_publishing_voids_open_quotes_that_would_profit_and_no_others() -> None:
    with house_with() as house:
        at = now()
        house.open_month(at.astimezone(SHANGHAI).date().replace(day=1))
        somebody = rich(house, 1_000, at=at)
        dear = quoted(house, somebody, "RESI-HOTL", 100, at)
        cheap = quoted(house, somebody, "RESI-PROP", 100, at)
        answer_of(publish(house, RuleKind.RATE, "HOTL", 2, 1, after_s=120)[0])
        (void,) = house.obey(carrying_out(somebody, dear, at))
        assert code_of(void) == "quote-void"
        answer_of(house.obey(carrying_out(somebody, cheap, at))[0])
        again = quoted(house, somebody, "RESI-HOTL", 100, at + timedelta(seconds=1))
        answer_of(house.obey(carrying_out(somebody, again, at + timedelta(seconds=2)))[0])
        open_still = quoted(house, somebody, "RESI-HOTL", 100, at + timedelta(seconds=60))
        late = carrying_out(somebody, open_still, at + timedelta(seconds=200))
        assert code_of(house.obey(late)[0]) == "quote-void", "the new rate has begun"


def test_a_direct_rate_goes_before_the_way_over_the_group_point() -> None:
    with house_with() as house:
        at = now()
        house.open_month(at.astimezone(SHANGHAI).date().replace(day=1))
        answer_of(publish(house, RuleKind.PAIR, "OFFI-PROP", 3, 4, after_s=90)[0])
        somebody = rich(house, 1_000, "office", at)
        at += timedelta(seconds=95)
        quote, answer = exchanged(house.first, somebody, "OFFI-PROP", 1_000, at)
        assert (quote["given"], quote["residual_fen"], quote["rate"]) == (
            750,
            250,
            {"numerator": 3, "denominator": 4},
        )
        assert [leg[2:4] for leg in house.rows(LEGS, answer_of(answer)["journal"])] == [
            ("wallet", "exchange"),
            ("exchange", "wallet"),
            ("exchange", "residual"),
            ("clearing", "clearing"),
        ]


def publish(
    house: LedgerHouse, kind: RuleKind, subject: str, numerator: int, denominator: int, *, after_s: int
) -> list[Answer]:
    """Draft a rate that begins so many seconds from now, and let another person approve it."""
    body = {"numerator": numerator, "denominator": denominator}
    valid_from = now() + timedelta(seconds=after_s)
    (draft,) = house.obey(DraftRule(asked(principal=DRAFTER), kind, subject, valid_from, body))
    return house.obey(ApproveRule(asked(principal=APPROVER), read("rul", answer_of(draft)["rule"]) or ""))


def test_residuals_stand_in_the_months_figures_and_are_owed_to_the_group() -> None:
    with house_with() as house:
        somebody = rich(house, 1_003)
        answer_of(exchanged(house.first, somebody, "RESI-MALL", 1_003)[1])
        assert [one.issued for one in closed(house, JANUARY)] == [True]
        found = summarised(house, JANUARY)
        assert (found.get("fee_fen"), found["residual_fen"]) == (None, 3)
        assert found["owed_fen"] == {"residential": {"group": 3}}


def test_the_lines_of_the_group_are_what_its_net_is_the_sum_of_and_no_claim_of_others() -> None:
    """Two malls' points become other points; what the one comes to owe the other is in their lines alone."""
    with house_with() as house:
        house.add_rule(RuleKind.RATE, "PROP", {"numerator": 7, "denominator": 1})
        earned_at = NOON - timedelta(days=10)
        for mall, fen in (("mall-east", 1_000), ("mall-west", 2_000)):
            answer_of(house.obey(earn(mall, "two", fen, mall, earned_at), link("mem_two", mall, "two"))[0])
        told = answer_of(exchanged(house.first, "mem_two", "MALL-PROP", 3)[1])
        # 15 fen become 2 PROP worth 14: the east's 5 one of 7, the west's 10 the other, and 1 is the group's.
        assert (told["value_fen"], told["given"], told["residual_fen"]) == (15, 2, 1)
        closed(house, JANUARY)
        owed = {unit: money_of(house, unit) for unit in ("group", "mall-east", "mall-west")}
    assert owed == {
        "group": [("mall-west", 100)],
        "mall-east": [("mall-west", 200)],
        "mall-west": [("mall-east", -200), ("group", -100)],
    }


def money_of(house: LedgerHouse, unit: str) -> list[tuple[str, int]]:
    """Give whom each line of money of a unit's statement of January is with; negative: the unit owes it."""
    ((statement,),) = house.rows("SELECT id::text FROM statements WHERE unit = %s", unit)
    with (
        closing(Reader(house.database.url("reader"), size=1)) as reader,
        reader.asked_by(unit=unit) as asking,
    ):
        lines, _ = lines_of(asking, statement, 50, None)
    money = [line for line in lines if line["asset"] == "CNY"]
    return [
        (line["counterpart"], -line["amount"] if line["issuer"] == unit else line["amount"]) for line in money
    ]
