"""A receipt earns once, whichever of till, payment notice and photo brings it, in any order and at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.points.commands.claim_receipt import ClaimReceipt
from services.points.commands.earn_points import EarnPoints
from services.points.commands.reject_doubt import RejectDoubt
from services.points.domain.doubt import Acceptance, Source
from services.points.domain.naming import receipt_name
from services.points.queries.doubts import doubts_listed
from shared.kernel.calendar import month_of
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.database import Reader
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    APPROVER,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    later,
    link,
)

OFFICES = Principal("finance-office", Role.FINANCE, "office")
HOTELS = Principal("finance-hotel", Role.FINANCE, "hotel")
BOUGHT = now() - timedelta(hours=1)


@pytest.fixture(scope="module", autouse=True)
def this_month(house: LedgerHouse) -> None:
    """Open the months in which these receipts were made."""
    for month in {month_of(now()), month_of(BOUGHT), month_of(now() - timedelta(days=40))}:
        house.open_month(month)


def member(house: LedgerHouse, name: str) -> str:
    """Let there be a member who has that number at the office."""
    who = f"mem_{name.encode().hex():0>32}"
    house.obey(link(who, "office", name))
    return who


def claim(who: str, receipt: str, amount_fen: int = 10_000, at: datetime = BOUGHT) -> ClaimReceipt:
    """Make a claim of a receipt of the office."""
    return ClaimReceipt(
        asked(principal=Principal(who, Role.MEMBER)), who, "office", "s1", receipt, amount_fen, at
    )


def told(receipt: str, number: str, amount_fen: int = 10_000, source: Source = Source.TILL) -> EarnPoints:
    """Make a receipt that the office's till or a payment notice tells of."""
    till = Principal("till-office", Role.UNIT_SYSTEM, "office")
    return EarnPoints(
        asked(principal=till), "office", "s1", receipt, number, amount_fen, BOUGHT, source=source
    )


def accept(
    doubt: str,
    who: str,
    receipt: str,
    amount_fen: int,
    by: Principal = OFFICES,
    *,
    beside: str | None = None,
    key: str | None = None,
) -> EarnPoints:
    """Make a person's yes to a doubt, which may stand beside a known receipt."""
    yes = Acceptance(doubt, who, "the slip was seen", beside)
    return EarnPoints(
        asked(key, by, f"{doubt} {beside}"),
        "office",
        "s1",
        receipt,
        "",
        amount_fen,
        BOUGHT,
        source=Source.PHOTO,
        accepted=yes,
    )


def reject(doubt: str, receipt: str, by: Principal = OFFICES) -> RejectDoubt:
    """Make a person's no to a doubt."""
    return RejectDoubt(
        asked(principal=by), doubt, receipt_name("office", "s1", receipt, BOUGHT), "nobody sold that"
    )


def claimed(house: LedgerHouse, who: str, receipt: str, amount_fen: int = 10_000) -> str:
    """Claim a receipt that waits, and give the doubt's canonical id."""
    answer = answer_of(house.obey(claim(who, receipt, amount_fen))[0])
    assert (answer["state"], answer["points"]) == ("open", None)
    return str(read("dbt", answer["doubt"]))


def state_of(house: LedgerHouse, doubt: str) -> str:
    """Read where a doubt stands."""
    return str(house.rows("SELECT state FROM doubts WHERE id = %s", doubt)[0][0])


def known_beside(house: LedgerHouse, doubts: Sequence[str]) -> dict[str, str]:
    """List which receipt finance is shown beside each of these doubts."""
    reader = Reader(house.database.url("reader"), 1)
    with reader.asked_by(unit="office") as questions:
        rows, _ = doubts_listed(questions, None, 200, None)
    found = {str(read("dbt", row["doubt"])): row["known"]["receipt"] for row in rows if row["known"]}
    return {doubt: found[doubt] for doubt in doubts}


def points_of(house: LedgerHouse, name: str) -> int:
    """Add up what a member's number and own wallet hold."""
    return house.points_of(f"office:{name}") + house.points_of(f"mem_{name.encode().hex():0>32}")


def test_a_claim_earns_nothing_until_the_till_tells_the_same(house: LedgerHouse) -> None:
    who = member(house, "A1")
    doubt = claimed(house, who, "a-1")
    assert points_of(house, "A1") == 0
    assert answer_of(house.obey(told("a-1", "A1"))[0])["points"] == 50
    assert (state_of(house, doubt), points_of(house, "A1")) == ("settled", 50)
    again = answer_of(house.obey(claim(who, "a-1"))[0])
    assert (again["state"], again["points"]) == ("earned", 50)


def test_a_receipt_the_till_told_first_is_earned_when_it_is_photographed(house: LedgerHouse) -> None:
    who = member(house, "A2")
    house.obey(told("a-2", "A2", source=Source.PAYMENT))
    answer = answer_of(house.obey(claim(who, "a-2"))[0])
    assert (answer["doubt"], answer["state"], answer["points"]) == (None, "earned", 50)
    assert points_of(house, "A2") == 50
    assert house.rows("SELECT answer::json ->> 'source' FROM receipts WHERE number = 'a-2'") == [("payment",)]


def test_till_payment_and_photo_at_once_at_two_desks_earn_once(house: LedgerHouse) -> None:
    who = member(house, "A3")
    desks = (house.desk(), house.desk())
    words = [
        word
        for place in range(12)
        for word in (
            told(f"a-3-{place}", "A3"),
            claim(who, f"a-3-{place}") if place < 4 else told(f"a-3-{place}", "A3"),
            told(f"a-3-{place}", "A3", source=Source.PAYMENT),
        )
    ]
    answers = [later(desks[place % 2], word) for place, word in enumerate(words)]
    assert {code_of(one.result()[0]) for one in answers} == {"ok"}
    assert points_of(house, "A3") == 12 * 50
    assert house.rows("SELECT count(*) FROM doubts WHERE number LIKE 'a-3-%%' AND state = 'open'") == [(0,)]


def test_a_person_accepts_what_no_till_told_and_a_later_till_changes_nothing(house: LedgerHouse) -> None:
    who = member(house, "A4")
    doubt = claimed(house, who, "a-4")
    assert code_of(house.obey(accept(doubt, who, "a-4", 10_000, HOTELS))[0]) == "not-found"
    assert answer_of(house.obey(accept(doubt, who, "a-4", 10_000))[0])["points"] == 50
    assert code_of(house.obey(accept(doubt, who, "a-4", 10_000, APPROVER))[0]) == "doubt-decided"
    assert code_of(house.obey(reject(doubt, "a-4"))[0]) == "doubt-decided"
    assert answer_of(house.obey(told("a-4", "A4"))[0])["points"] == 50
    assert (state_of(house, doubt), points_of(house, "A4")) == ("accepted", 50)


def test_of_claims_of_one_receipt_accepted_at_once_one_is_the_receipt(house: LedgerHouse) -> None:
    desks = (house.first, house.desk())
    for turn in range(8):
        receipt = f"a-10-{turn}"
        names = [f"{letter}10{turn}" for letter in "ABC"]
        crowd = [member(house, name) for name in names]
        doubts = [claimed(house, who, receipt) for who in crowd]
        staff = (OFFICES, APPROVER, Principal("finance-office-2", Role.FINANCE, "office"))
        tried = [
            later(desks[(place + turn) % 2], accept(doubt, who, receipt, 10_000, by))
            for place, (doubt, who, by) in enumerate(zip(doubts, crowd, staff, strict=True))
        ]
        codes = [code_of(one.result()[0]) for one in tried]
        assert sorted(codes) == ["doubt-changed", "doubt-changed", "ok"]
        assert sorted(points_of(house, name) for name in names) == [0, 0, 50]
        assert sorted(state_of(house, one) for one in doubts) == ["accepted", "open", "open"]
        assert house.rows("SELECT count(*) FROM receipts WHERE number = %s", receipt) == [(1,)]


def test_two_who_accept_the_same_claim_at_once_accept_it_once(house: LedgerHouse) -> None:
    who = member(house, "A11")
    doubt, desks = claimed(house, who, "a-11"), (house.first, house.desk())
    tried = [
        later(desk, accept(doubt, who, "a-11", 10_000, by))
        for desk, by in zip(desks, (OFFICES, APPROVER), strict=True)
    ]
    assert sorted(code_of(one.result()[0]) for one in tried) == ["doubt-decided", "ok"]
    assert points_of(house, "A11") == 50


def test_a_second_claim_is_accepted_only_beside_the_receipt_that_was_seen(house: LedgerHouse) -> None:
    one, other = member(house, "A12"), member(house, "B12")
    doubts = claimed(house, one, "a-12"), claimed(house, other, "a-12")
    first = answer_of(house.obey(accept(doubts[0], one, "a-12", 10_000))[0])
    refused = house.obey(accept(doubts[1], other, "a-12", 10_000))[0].refusal
    assert refused is not None
    assert (refused.code, refused.facts) == ("doubt-changed", {"receipt": first["receipt"]})
    nobodys = accept(doubts[1], other, "a-12", 10_000, beside=f"rcp_{'0' * 32}")
    assert code_of(house.obey(nobodys)[0]) == "doubt-changed"
    assert points_of(house, "B12") == 0
    beside = accept(doubts[1], other, "a-12", 10_000, beside=first["receipt"], key="a-12")
    assert answer_of(house.obey(beside)[0])["points"] == 50
    again = house.obey(accept(doubts[1], other, "a-12", 10_000, beside=first["receipt"], key="a-12"))[0]
    assert again.replayed
    assert [points_of(house, name) for name in ("A12", "B12")] == [50, 50]
    alone = claimed(house, one, "a-13")
    named = accept(alone, one, "a-13", 10_000, beside=first["receipt"])
    assert code_of(house.obey(named)[0]) == "doubt-changed"


def test_a_rejected_claim_earns_nothing_for_ever_but_the_till_is_believed(house: LedgerHouse) -> None:
    who = member(house, "A5")
    doubt = claimed(house, who, "a-5")
    assert code_of(house.obey(reject(doubt, "a-5", HOTELS))[0]) == "not-found"
    assert answer_of(house.obey(reject(doubt, "a-5"))[0])["state"] == "rejected"
    assert answer_of(house.obey(claim(who, "a-5"))[0])["state"] == "rejected"
    assert code_of(house.obey(accept(doubt, who, "a-5", 10_000))[0]) == "doubt-decided"
    assert points_of(house, "A5") == 0
    assert answer_of(house.obey(told("a-5", "A5"))[0])["points"] == 50


def test_somebody_elses_receipt_waits_and_is_not_told_whose_it_is(house: LedgerHouse) -> None:
    owner, thief = member(house, "A6"), member(house, "B6")
    first = answer_of(house.obey(told("a-6", "A6"))[0])["receipt"]
    doubt = claimed(house, thief, "a-6")
    unknown = answer_of(house.obey(claim(thief, "a-6-nobodys"))[0])
    assert unknown["state"] == "open"
    assert (points_of(house, "A6"), points_of(house, "B6")) == (50, 0)
    assert owner != thief
    assert code_of(house.obey(accept(doubt, thief, "a-6", 10_000))[0]) == "doubt-changed"
    beside = accept(doubt, thief, "a-6", 10_000, beside=first)
    assert answer_of(house.obey(beside)[0])["points"] == 50
    assert house.rows("SELECT count(*) FROM receipts WHERE number = 'a-6'") == [(2,)]
    assert (points_of(house, "A6"), points_of(house, "B6")) == (50, 50)


def test_of_two_claims_beside_a_known_receipt_the_second_must_have_seen_the_first(house: LedgerHouse) -> None:
    one, other = member(house, "C14"), member(house, "D14")
    till = answer_of(house.obey(told("a-14", "A14"))[0])["receipt"]
    doubts = claimed(house, one, "a-14"), claimed(house, other, "a-14")
    first = answer_of(house.obey(accept(doubts[0], one, "a-14", 10_000, beside=till))[0])["receipt"]
    late = house.obey(accept(doubts[1], other, "a-14", 10_000, beside=till))[0].refusal
    assert late is not None
    assert (late.code, late.facts) == ("doubt-changed", {"receipt": first})
    assert points_of(house, "D14") == 0
    assert known_beside(house, doubts) == {doubts[0]: till, doubts[1]: first}
    third = answer_of(house.obey(accept(doubts[1], other, "a-14", 10_000, beside=first))[0])["receipt"]
    assert known_beside(house, doubts) == {doubts[0]: third, doubts[1]: first}
    assert [points_of(house, name) for name in ("A14", "C14", "D14")] == [50, 50, 50]


@pytest.mark.parametrize(("number", "amount_fen"), [("A7", 20_000), ("B7", 10_000)])
def test_what_contradicts_a_known_receipt_is_kept_once_for_a_person(
    house: LedgerHouse, number: str, amount_fen: int
) -> None:
    name = f"a-7-{number}"
    member(house, "A7")
    house.obey(told(name, "A7"))
    first, again = house.obey(told(name, number, amount_fen), told(name, number, amount_fen))
    assert (code_of(first), code_of(again)) == ("receipt-conflict", "receipt-conflict")
    assert first.refusal is not None
    assert again.refusal is not None
    assert first.refusal.facts["doubt"] == again.refusal.facts["doubt"]
    found = house.rows("SELECT identity, amount_fen, source, state FROM doubts WHERE number = %s", name)
    assert found == [(f"office:{number}", amount_fen, "till", "open")]


def test_a_day_has_so_many_claims_and_a_receipt_its_time(house: LedgerHouse) -> None:
    who = member(house, "A8")
    minute, oldest = timedelta(minutes=1), now() - timedelta(days=30)
    old = claim(who, "a-8-old", at=oldest - minute)
    ahead = claim(who, "a-8-ahead", at=now() + timedelta(minutes=9))
    assert [code_of(one) for one in house.obey(old, ahead)] == ["claim-too-late", "receipt-too-early"]
    first = house.obey(claim(who, "a-8-first", at=oldest + minute))[0]
    codes = [code_of(first)] + [code_of(house.obey(claim(who, f"a-8-{place}"))[0]) for place in range(6)]
    assert codes == ["ok"] * 5 + ["too-many-claims"] * 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE doubts SET amount_fen = amount_fen + 1 WHERE id = %s",
        "UPDATE doubts SET receipt_id = gen_random_uuid() WHERE id = %s",
        "UPDATE doubts SET unit = 'hotel' WHERE id = %s",
        "DELETE FROM doubts WHERE id = %s",
    ],
)
def test_the_auditor_names_an_accepted_doubt_that_was_changed(house: LedgerHouse, change: str) -> None:
    receipt = f"a-9-{change[:20]}-{change[20:34]}"
    owner, who = member(house, "A9"), member(house, f"B9{len(change)}")
    first = answer_of(house.obey(told(receipt, "A9"))[0])["receipt"]
    doubt = claimed(house, who, receipt)
    answer_of(house.obey(accept(doubt, who, receipt, 10_000, beside=first))[0])
    assert owner != who
    ((before, name),) = house.rows(
        "SELECT d::text, r.name FROM doubts d JOIN receipts r ON r.id = d.receipt_id WHERE d.id = %s", doubt
    )
    assert audited(house.database).findings == ()
    _check_named(house, doubt, change, before, name)


def test_the_auditor_names_a_photographed_receipt_whose_doubt_is_gone(house: LedgerHouse) -> None:
    who = member(house, "A15")
    doubt = claimed(house, who, "a-15")
    answer_of(house.obey(accept(doubt, who, "a-15", 10_000))[0])
    ((before, name),) = house.rows(
        "SELECT d::text, d.name FROM doubts d WHERE d.id = %s AND d.state = 'accepted'", doubt
    )
    assert audited(house.database).findings == ()
    _check_named(house, doubt, "DELETE FROM doubts WHERE id = %s", before, name)


def _check_named(house: LedgerHouse, doubt: str, change: str, before: str, name: str) -> None:
    house.rows(change, doubt)
    try:
        named = [one.row for one in audited(house.database).findings]
        assert {f"doubt {doubt}", name}.intersection(named)
    finally:
        house.rows("DELETE FROM doubts WHERE id = %s", doubt)
        house.rows("INSERT INTO doubts SELECT (%s::doubts).*", before)
