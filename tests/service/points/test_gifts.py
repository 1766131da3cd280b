"""Gifts: points pass whole and once, keep issuer and end, whoever confirms how often and from both sides."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.points.commands.give_points import GivePoints
from services.points.commands.prepare_gift import PrepareGift
from shared.kernel.calendar import month_of
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    IMPORTER,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    later,
    link,
    redeem,
    spelled,
)

DAY_FEN, PER_DAY = 50_000, 10


@pytest.fixture(scope="module", autouse=True)
def this_month(house: LedgerHouse) -> None:
    """Open the month in which these tests run: a gift happens now."""
    house.open_month(month_of(now()))


def member(house: LedgerHouse, letters: str, points: int = 0) -> str:
    """Let there be a member with that many points of the office that can be spent; give their id."""
    who = f"mem_{letters.encode().hex():0>32}"
    house.obey(link(who, "office", letters))
    if points:
        house.fund(letters, points, at=now() - timedelta(minutes=1))
    return who


def prepare(giver: str, receiver: str, points: int, asset: str = "OFFI") -> PrepareGift:
    """Make a gift that its giver has not confirmed."""
    return PrepareGift(asked(principal=Principal(giver, Role.MEMBER)), giver, receiver, asset, points)


def confirm(giver: str, gift: str) -> GivePoints:
    """Make the confirmation of a gift by that member."""
    return GivePoints(asked(principal=Principal(giver, Role.MEMBER)), gift)


def prepared(house: LedgerHouse, giver: str, receiver: str, points: int) -> str:
    """Prepare a gift and give its canonical id."""
    answer = answer_of(house.obey(prepare(giver, receiver, points))[0])
    assert answer["state"] == "prepared"
    return str(read("gft", answer["gift"]))


def held(house: LedgerHouse, letters: str) -> int:
    """Add up what a member's number and the member's own wallet hold."""
    return house.points_of(f"office:{letters}") + house.points_of(f"mem_{letters.encode().hex():0>32}")


def test_a_gift_keeps_issuer_end_and_origin_and_names_the_lot_it_came_from(house: LedgerHouse) -> None:
    giver, receiver = member(house, "a", 500), member(house, "b")
    gift = prepared(house, giver, receiver, 160)
    assert (held(house, "a"), held(house, "b")) == (500, 0)
    answer = answer_of(house.obey(confirm(giver, gift))[0])
    assert (answer["state"], answer["points"]) == ("given", 160)
    assert (held(house, "a"), held(house, "b")) == (340, 160)
    (row,) = house.rows(
        "SELECT n.origin, n.issuer = o.issuer, n.asset = o.asset, n.expires_at = o.expires_at,"
        " n.earned_at = o.earned_at, n.receipt_number = o.receipt_number, o.points_left"
        " FROM lots n JOIN lots o ON o.id = n.parent_id WHERE n.origin = 'gift'"
    )
    assert row == ("gift", True, True, True, True, True, 340)
    paid = answer_of(house.obey(redeem(receiver, "hotel", "a gift", 150, now()))[0])
    assert paid["owed"] == [{"issuer": "office", "amount_fen": 150}]


def test_20_confirmations_of_one_gift_at_two_desks_credit_it_once(house: LedgerHouse) -> None:
    """Known elsewhere: concurrent gifts credited twenty times (fuint 71)."""
    giver, receiver = member(house, "c", 100), member(house, "d")
    gift = prepared(house, giver, receiver, 7)
    desks = (house.desk(), house.desk())
    answers = [later(desks[place % 2], confirm(giver, gift)) for place in range(20)]
    bodies = {one.result()[0].json for one in answers}
    assert None not in bodies
    assert len(bodies) == 1
    assert (held(house, "c"), held(house, "d")) == (93, 7)


def test_gifts_both_ways_at_once_end_without_a_deadlock_and_lose_nothing(house: LedgerHouse) -> None:
    one, other = member(house, "e", 500), member(house, "f", 500)
    there = [prepared(house, one, other, 3) for _ in range(PER_DAY)]
    back = [prepared(house, other, one, 5) for _ in range(PER_DAY)]
    desks = (house.desk(), house.desk())
    given = [
        later(desks[place % 2], confirm(giver, gift))
        for place, (giver, gift) in enumerate(_woven(one, there, other, back))
    ]
    assert [code_of(answer.result()[0]) for answer in given] == ["ok"] * 2 * PER_DAY
    assert (held(house, "e"), held(house, "f")) == (520, 480)


def _woven(one: str, there: Sequence[str], other: str, back: Sequence[str]) -> list[tuple[str, str]]:
    pairs = zip(there, back, strict=True)
    return [named for gift, answer in pairs for named in ((one, gift), (other, answer))]


def test_a_gift_and_a_redemption_at_once_spend_each_point_once(house: LedgerHouse) -> None:
    giver, receiver = member(house, "g", 300), member(house, "h")
    gift = prepared(house, giver, receiver, 200)
    desks = (house.desk(), house.desk())
    giving = later(desks[0], confirm(giver, gift))
    paying = later(desks[1], redeem(giver, "hotel", "g", 200, now()))
    codes = {code_of(giving.result()[0]), code_of(paying.result()[0])}
    assert codes in ({"ok", "too-few-to-take"}, {"ok", "insufficient-points"})
    assert held(house, "g") == 100


def test_nobody_gives_to_themselves_whatever_the_name(house: LedgerHouse) -> None:
    giver = member(house, "i", 100)
    for receiver in (giver, spelled("office:i")):
        assert code_of(house.obey(prepare(giver, receiver, 1))[0]) == "self-gift"
    house.obey(earn("hotel", "later-mine", 100, "i-hotel", now()))
    gift = prepared(house, giver, spelled("hotel:later-mine"), 1)
    house.obey(link(giver, "hotel", "later-mine"))
    assert code_of(house.obey(confirm(giver, gift))[0]) == "self-gift"
    assert held(house, "i") == 100


def test_pending_points_and_those_that_are_not_there_are_not_given(house: LedgerHouse) -> None:
    giver, receiver = member(house, "j", 10), member(house, "k")
    house.obey(link(giver, "hotel", "j"), earn("hotel", "j", 10_000, "j-pending", now()))
    assert code_of(house.obey(prepare(giver, receiver, 1, "HOTL"))[0]) == "too-few-to-take"
    assert code_of(house.obey(prepare(giver, receiver, 11))[0]) == "too-few-to-take"
    gift = prepared(house, giver, receiver, 10)
    answer_of(house.obey(confirm(giver, prepared(house, giver, receiver, 5)))[0])
    assert code_of(house.obey(confirm(giver, gift))[0]) == "too-few-to-take"
    assert (held(house, "j"), held(house, "k")) == (5, 5)


def test_a_day_has_a_limit_of_worth_that_holds_when_gifts_are_confirmed(house: LedgerHouse) -> None:
    giver, receiver = member(house, "l", 2 * DAY_FEN), member(house, "m")
    assert code_of(house.obey(prepare(giver, receiver, DAY_FEN + 1))[0]) == "gift-limit-exceeded"
    most, rest = (prepared(house, giver, receiver, points) for points in (DAY_FEN, 1))
    desks = (house.desk(), house.desk())
    codes = sorted(
        code_of(one.result()[0])
        for one in (later(desks[0], confirm(giver, most)), later(desks[1], confirm(giver, rest)))
    )
    assert codes == ["gift-limit-exceeded", "ok"]
    assert held(house, "m") in (DAY_FEN, 1)


def test_whoever_guesses_numbers_has_few_guesses_and_opens_no_wallet(house: LedgerHouse) -> None:
    giver = member(house, "n", 100)
    codes = [code_of(house.obey(prepare(giver, f"hotel:guess-{place}", 1))[0]) for place in range(12)]
    assert codes == ["unknown-receiver"] * PER_DAY + ["too-many-gifts"] * 2
    assert house.rows("SELECT 1 FROM wallets WHERE identity LIKE 'hotel:guess-%%'") == []


def test_a_gift_is_its_givers_alone_and_not_for_ever(house: LedgerHouse) -> None:
    giver, receiver = member(house, "o", 100), member(house, "p")
    gift = prepared(house, giver, receiver, 1)
    assert code_of(house.obey(confirm(receiver, gift))[0]) == "not-found"
    assert code_of(house.obey(GivePoints(asked(principal=IMPORTER), gift))[0]) == "not-found"
    assert code_of(house.obey(confirm(giver, f"{gift[:-3]}001"))[0]) == "not-found"
    house.rows("UPDATE gifts SET expires_at = asked_at WHERE id = %s", gift)
    assert code_of(house.obey(confirm(giver, gift))[0]) == "gift-over"
    assert held(house, "o") == 100
    house.rows("UPDATE gifts SET expires_at = asked_at + interval '10 minutes' WHERE id = %s", gift)


def test_both_hear_of_it_under_their_own_versions(house: LedgerHouse) -> None:
    giver, receiver = member(house, "q", 100), member(house, "r", 100)
    answer_of(house.obey(confirm(giver, prepared(house, giver, receiver, 9)))[0])
    for who, told in ((giver, "points.wallet.given"), (receiver, "points.wallet.received")):
        ((kind, data),) = house.rows(
            "SELECT o.type, o.data FROM outbox o"
            " JOIN wallets w ON o.key = 'hol_' || replace(w.holder_id::text, '-', '')"
            " JOIN holders h ON h.id = w.holder_id AND h.version = o.seq WHERE w.identity = %s",
            who,
        )
        assert kind == told
        assert giver not in data
        assert receiver not in data


@pytest.mark.parametrize(
    "change",
    [
        "points = points + 1",
        "asset = 'HOTL'",
        "receiver = 'office:a'",
        "giver = 'office:a'",
        "given_at = given_at + interval '1 second'",
        "worth_fen = worth_fen + 1",
    ],
)
def test_the_auditor_names_a_gift_that_was_changed(house: LedgerHouse, change: str) -> None:
    giver, receiver = member(house, f"s{change[:4]}", 100), member(house, f"t{change[:4]}")
    gift = prepared(house, giver, receiver, 9)
    answer_of(house.obey(confirm(giver, gift))[0])
    ((before,),) = house.rows("SELECT g::text FROM gifts g WHERE id = %s", gift)
    assert audited(house.database).findings == ()
    house.rows(f"UPDATE gifts SET {change} WHERE id = %s", gift)
    try:
        assert f"gift {gift}" in [one.row for one in audited(house.database).findings]
    finally:
        house.rows("DELETE FROM gifts WHERE id = %s", gift)
        house.rows("INSERT INTO gifts SELECT (%s::gifts).*", before)


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = expires_at + interval '1 day'",
        "parent_id = NULL",
        "receipt_number = 'X'",
        "issuer = 'hotel'",
    ],
)
def test_the_auditor_names_a_lot_that_lost_where_it_came_from(house: LedgerHouse, change: str) -> None:
    giver, receiver = member(house, f"u{change[:4]}", 100), member(house, f"v{change[:4]}")
    gift = prepared(house, giver, receiver, 9)
    answer_of(house.obey(confirm(giver, gift))[0])
    ((lot, before),) = house.rows(
        "SELECT l.id, l::text FROM lots l JOIN transfers t ON t.lot_id = l.id"
        " JOIN journals j ON j.id = t.journal_id WHERE j.subject = %s AND j.kind = 'gift-received'",
        gift,
    )
    house.rows(f"UPDATE lots SET {change} WHERE id = %s", lot)
    try:
        named = [one.row for one in audited(house.database).findings]
        assert f"gift {gift}" in named
    finally:
        house.rows("DELETE FROM lots WHERE id = %s", lot)
        house.rows("INSERT INTO lots SELECT (%s::lots).*", before)
