"""Grants and deductions by hand: two persons, once, never below what is there, and each on record."""

from datetime import timedelta

import pytest

from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.reject_adjustment import RejectAdjustment
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.domain.adjustment import AdjustmentKind
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import SHANGHAI
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    APPROVER,
    BEGINNING,
    DRAFTER,
    NOON,
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

GRANT, DEDUCTION = AdjustmentKind.GRANT, AdjustmentKind.DEDUCTION
HOTELS = Principal("finance-hotel", Role.FINANCE, "hotel")
OFFICES = Principal("finance-office", Role.FINANCE, "office")


def request(
    identity: str,
    points: int,
    kind: AdjustmentKind = GRANT,
    unit: str = "office",
    by: Principal = DRAFTER,
) -> RequestAdjustment:
    """Make a request with a reason."""
    at = NOON if by.role is Role.OPERATOR else None
    return RequestAdjustment(asked(principal=by), kind, unit, spelled(identity), points, "a cold room", at)


def approve(id_: str, kind: AdjustmentKind = GRANT, by: Principal = APPROVER) -> ApproveAdjustment:
    """Make an approval at noon."""
    return ApproveAdjustment(asked(principal=by), kind, id_, NOON if by.role is Role.OPERATOR else None)


def requested(house: LedgerHouse, identity: str, points: int, kind: AdjustmentKind = GRANT) -> str:
    """Ask for points and give the request's canonical id."""
    answer = answer_of(house.obey(request(identity, points, kind))[0])
    assert (answer["state"], answer["decided_by"]) == ("open", None)
    id_ = read("grt" if kind is GRANT else "ded", answer[kind.value])
    assert id_ is not None
    return id_


def test_a_grant_moves_points_only_once_another_person_approves(house: LedgerHouse) -> None:
    identity = house.fund("g1", 10)
    id_ = requested(house, identity, 50)
    assert house.points_of(identity) == 10
    assert code_of(house.obey(approve(id_, by=DRAFTER))[0]) == "another-person-needed"
    assert house.points_of(identity) == 10
    answer = answer_of(house.obey(approve(id_))[0])
    assert (answer["state"], answer["decided_by"], answer["points"]) == ("approved", "operator-2", 50)
    assert house.points_of(identity) == 60
    (lot,) = house.rows("SELECT issuer, asset, origin, earned FROM lots WHERE origin = 'grant'")
    assert lot == ("office", "OFFI", "grant", 50)


def test_a_decided_request_is_not_decided_again(house: LedgerHouse) -> None:
    identity = house.fund("g2", 10)
    id_ = requested(house, identity, 5)
    answer_of(house.obey(approve(id_))[0])
    again = (approve(id_), RejectAdjustment(asked(principal=APPROVER), GRANT, id_, "no more"))
    assert [code_of(one) for one in house.obey(*again)] == ["request-decided"] * 2
    assert house.points_of(identity) == 15


def test_two_approvals_at_two_desks_give_once(house: LedgerHouse) -> None:
    identity = house.fund("g3", 10)
    id_ = requested(house, identity, 5)
    desks = (house.desk(), house.desk())
    approvals = [later(desks[place % 2], approve(id_)) for place in range(20)]
    codes = [code_of(one.result()[0]) for one in approvals]
    assert sorted(codes) == ["ok", *["request-decided"] * 19]
    assert house.points_of(identity) == 15


def test_a_rejected_or_withdrawn_request_never_moves_anything(house: LedgerHouse) -> None:
    identity = house.fund("g4", 10)
    for by in (APPROVER, DRAFTER):
        id_ = requested(house, identity, 5)
        answer = answer_of(house.obey(RejectAdjustment(asked(principal=by), GRANT, id_, "not for this"))[0])
        assert (answer["state"], answer["decided_by"]) == ("rejected", by.subject)
        assert code_of(house.obey(approve(id_))[0]) == "request-decided"
        assert house.rows("SELECT remark FROM adjustments WHERE id = %s", id_) == [("not for this",)]
    assert house.points_of(identity) == 10


def test_nobody_known_gets_nothing_and_no_wallet(house: LedgerHouse) -> None:
    assert code_of(house.obey(request("office:slip-of-the-pen", 5))[0]) == "unknown-receiver"
    assert house.rows("SELECT 1 FROM wallets WHERE identity = 'office:slip-of-the-pen'") == []


def test_one_request_is_worth_no_more_than_the_rule_allows(house: LedgerHouse) -> None:
    identity = house.fund("g5", 10, "office")
    assert code_of(house.obey(request(identity, 100_001))[0]) == "above-grant-limit"
    assert code_of(house.obey(request(identity, 20_001, unit="mall-east"))[0]) == "above-grant-limit"
    assert code_of(house.obey(request(identity, 20_000, unit="mall-east"))[0]) == "ok"


@pytest.mark.parametrize("kind", [GRANT, DEDUCTION])
@pytest.mark.parametrize("what", ["limit", "rate"])
def test_a_request_is_judged_again_by_what_holds_when_it_is_approved(
    fresh: LedgerHouse, kind: AdjustmentKind, what: str
) -> None:
    house = fresh
    now = house.rows("SELECT now()")[0][0]
    change = now + timedelta(minutes=5)
    for month in sorted({one.astimezone(SHANGHAI).date().replace(day=1) for one in (now, change)}):
        house.open_month(month)
    identity = house.fund("g6", 200, at=now)
    small, large = (requested(house, identity, points, kind) for points in (50, 101))
    if what == "limit":
        house.add_rule(RuleKind.GRANT, "group", {"most_fen": 100, "expiry_months": 24}, change)
    else:
        house.add_rule(RuleKind.RATE, "OFFI", {"numerator": 1_000, "denominator": 1}, change)
    later_on = ApproveAdjustment(asked(principal=APPROVER), kind, large, change)
    assert code_of(house.obey(later_on)[0]) == "above-grant-limit"
    assert house.rows("SELECT state FROM adjustments WHERE id = %s", large) == [("open",)]
    assert house.points_of(identity) == 200
    answer_of(house.obey(ApproveAdjustment(asked(principal=APPROVER), kind, small, change))[0])
    answer_of(house.obey(RejectAdjustment(asked(principal=APPROVER), kind, large, "too much by now"))[0])


def test_grants_of_a_unit_and_day_are_worth_no_more_together_than_the_rule_allows(fresh: LedgerHouse) -> None:
    terms = {"most_fen": 1_000, "expiry_months": 24, "unit_day_fen": 100}
    fresh.add_rule(RuleKind.GRANT, "group", terms, BEGINNING + timedelta(days=1))
    desks = (fresh.desk(), fresh.desk())
    identity = fresh.fund("g7", 10)
    ids = [requested(fresh, identity, 40) for _ in range(6)]
    answers = [later(desks[place % 2], approve(id_)) for place, id_ in enumerate(ids)]
    codes = {id_: code_of(one.result()[0]) for id_, one in zip(ids, answers, strict=True)}
    assert sorted(codes.values()) == ["limit-reached"] * 4 + ["ok"] * 2
    assert fresh.points_of(identity) == 90
    put_off = next(id_ for id_, code in codes.items() if code == "limit-reached")
    less = requested(fresh, identity, 20, DEDUCTION)
    elsewhere = str(read("grt", answer_of(fresh.obey(request(identity, 19, unit="mall-east"))[0])["grant"]))
    assert [code_of(one) for one in fresh.obey(approve(less, DEDUCTION), approve(elsewhere))] == ["ok"] * 2
    next_day = ApproveAdjustment(asked(principal=APPROVER), GRANT, put_off, NOON + timedelta(days=1))
    assert answer_of(fresh.obey(next_day)[0])["state"] == "approved"
    assert audited(fresh.database).findings == ()


def test_a_deduction_takes_only_that_units_points_and_never_more_than_there_are(house: LedgerHouse) -> None:
    who = f"mem_{'a' * 32}"
    house.obey(link(who, "office", "d1"), link(who, "property", "d1"))
    house.fund("d1", 30)
    house.fund("d1", 500, "property")
    short = requested(house, "office:d1", 31, DEDUCTION)
    assert code_of(house.obey(approve(short, DEDUCTION))[0]) == "too-few-to-take"
    assert (house.points_of("office:d1"), house.points_of("property:d1")) == (30, 500)
    whole = requested(house, "office:d1", 30, DEDUCTION)
    assert answer_of(house.obey(approve(whole, DEDUCTION))[0])["state"] == "approved"
    assert (house.points_of("office:d1"), house.points_of("property:d1")) == (0, 500)


def test_a_deduction_takes_pending_points_too_but_those_that_can_be_spent_first(house: LedgerHouse) -> None:
    answer_of(house.obey(earn("hotel", "d2", 1_000, "d2-old", NOON - timedelta(days=15)))[0])
    answer_of(house.obey(earn("hotel", "d2", 1_000, "d2-new", NOON))[0])
    id_ = read("ded", answer_of(house.obey(request("hotel:d2", 40, DEDUCTION, "hotel"))[0])["deduction"])
    answer_of(house.obey(approve(str(id_), DEDUCTION))[0])
    found = house.rows(
        "SELECT receipt_number, points_left FROM lots WHERE receipt_number LIKE 'D2-%%' ORDER BY 1 DESC"
    )
    assert found == [("D2-OLD", 0), ("D2-NEW", 20)]


def test_a_deduction_and_a_redemption_at_once_take_only_what_there_is(house: LedgerHouse) -> None:
    house.fund("d3", 300)
    id_ = requested(house, "office:d3", 200, DEDUCTION)
    desks = (house.desk(), house.desk())
    taking = later(desks[0], approve(id_, DEDUCTION))
    paying = later(desks[1], redeem("office:d3", "hotel", "d3", 200))
    codes = {code_of(taking.result()[0]), code_of(paying.result()[0])}
    assert codes in ({"ok", "too-few-to-take"}, {"ok", "insufficient-points"})
    assert house.points_of("office:d3") == 100


def test_finance_acts_for_its_own_unit_alone(house: LedgerHouse) -> None:
    identity = house.fund("f1", 10)
    foreign = request(identity, 5, unit="office", by=HOTELS)
    assert code_of(house.obey(foreign)[0]) == "not-found"
    id_ = requested(house, identity, 5)
    assert code_of(house.obey(approve(id_, by=HOTELS))[0]) == "not-found"
    rejection = RejectAdjustment(asked(principal=HOTELS), GRANT, id_, "not ours")
    assert code_of(house.obey(rejection)[0]) == "not-found"
    assert code_of(house.obey(approve(id_, DEDUCTION))[0]) == "not-found"
    assert code_of(house.obey(approve(f"{id_[:-3]}001"))[0]) == "not-found"


def test_finance_may_be_the_other_person(house: LedgerHouse) -> None:
    this_month = house.rows("SELECT date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date")[0][0]
    house.open_month(this_month)
    id_ = requested(house, house.fund("f2", 10), 5)
    assert answer_of(house.obey(approve(id_, by=OFFICES))[0])["decided_by"] == "finance-office"


def test_each_is_announced_under_the_holders_version(house: LedgerHouse) -> None:
    identity = house.fund("e1", 10)
    for kind in (GRANT, DEDUCTION):
        answer_of(house.obey(approve(requested(house, identity, 5, kind), kind))[0])
    found = house.rows(
        "SELECT o.seq, o.type FROM outbox o"
        " JOIN wallets w ON o.key = 'hol_' || replace(w.holder_id::text, '-', '')"
        " WHERE w.identity = %s ORDER BY o.seq",
        identity,
    )
    told = ["points.wallet.earned", "points.wallet.granted", "points.wallet.deducted"]
    assert found == list(enumerate(told, 1))
    assert house.rows("SELECT count(*) FROM outbox WHERE data LIKE '%%cold room%%'") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        "points = points + 1",
        "unit = 'hotel'",
        "identity = 'office:somebody-else'",
        "decided_at = decided_at + interval '1 second'",
        "kind = 'deduction'",
        "state = 'rejected', month = NULL",
    ],
)
def test_the_auditor_names_a_grant_that_was_changed(house: LedgerHouse, change: str) -> None:
    id_ = requested(house, house.fund("t1", 10), 5)
    answer_of(house.obey(approve(id_))[0])
    ((before, journal),) = house.rows(
        "SELECT a::text, j.id::text FROM adjustments a JOIN journals j ON j.subject = a.id WHERE a.id = %s",
        id_,
    )
    assert audited(house.database).findings == ()
    house.rows(f"UPDATE adjustments SET {change} WHERE id = %s", id_)
    try:
        named = [one.row for one in audited(house.database).findings]
        assert {f"grant {id_}", f"deduction {id_}", f"journal {journal}"}.intersection(named)
    finally:
        house.rows("DELETE FROM adjustments WHERE id = %s", id_)
        house.rows("INSERT INTO adjustments SELECT (%s::adjustments).*", before)


def test_the_auditor_names_a_deduction_that_is_told_of_somebody_else(house: LedgerHouse) -> None:
    mine, other = house.fund("u1", 10), house.fund("u2", 10)
    id_ = requested(house, mine, 5, DEDUCTION)
    answer_of(house.obey(approve(id_, DEDUCTION))[0])
    assert audited(house.database).findings == ()
    for somebody in (other, "office:never-heard-of"):
        house.rows("UPDATE adjustments SET identity = %s WHERE id = %s", somebody, id_)
        assert [one.row for one in audited(house.database).findings] == [f"deduction {id_}"]
    house.rows("UPDATE adjustments SET identity = %s WHERE id = %s", mine, id_)


def test_a_deduction_stays_sound_whoever_its_number_is_linked_to_afterwards(house: LedgerHouse) -> None:
    number = house.fund("v1", 20)
    for member in ("mem_" + "e1" * 16, None, "mem_" + "e2" * 16):
        answer_of(house.obey(approve(requested(house, number, 5, DEDUCTION), DEDUCTION))[0])
        if member is not None:
            house.obey(link(member, "office", "v1"))
        assert audited(house.database).findings == ()
