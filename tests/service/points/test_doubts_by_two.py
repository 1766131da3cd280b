"""A doubt about a large receipt is accepted by two persons, as points by hand are given by two."""

from datetime import timedelta

import pytest

from services.points.domain.rulebook import RuleKind
from services.points.queries.doubts import doubts_listed
from shared.kernel.calendar import month_of
from shared.kernel.principal import Principal, Role
from shared.runtime.database import Reader
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import APPROVER, BEGINNING, LedgerHouse, answer_of, code_of, later
from tests.service.points.test_doubts import (
    BOUGHT,
    OFFICES,
    accept,
    claimed,
    member,
    points_of,
    reject,
    state_of,
    told,
)

ALONE_FEN, LARGE_FEN = 10_000, 10_200
COLLEAGUE = Principal("finance-office-2", Role.FINANCE, "office")


@pytest.fixture(scope="module", autouse=True)
def alone_up_to(house: LedgerHouse) -> None:
    """Let one person accept receipts of up to ¥100."""
    house.open_month(month_of(BOUGHT))
    terms = {"per_day": 100, "back_days": 30, "alone_fen": ALONE_FEN}
    house.add_rule(RuleKind.CLAIM, "group", terms, BEGINNING + timedelta(days=1))


def test_a_large_claim_earns_once_a_second_person_has_accepted_it_as_well(house: LedgerHouse) -> None:
    who = member(house, "E1")
    doubt = claimed(house, who, "e-1", LARGE_FEN)
    first = house.obey(accept(doubt, who, "e-1", LARGE_FEN, OFFICES, key="e-1"))[0]
    again = house.obey(accept(doubt, who, "e-1", LARGE_FEN, OFFICES))[0]
    for refused in (first.refusal, again.refusal):
        assert refused is not None
        assert (refused.code, refused.facts) == (
            "another-yes-needed",
            {"amount_fen": LARGE_FEN, "alone_fen": ALONE_FEN, "first_accepted_by": "finance-office"},
        )
    assert (state_of(house, doubt), points_of(house, "E1")) == ("open", 0)
    with Reader(house.database.url("reader"), 1).asked_by(unit="office") as questions:
        (line,) = doubts_listed(questions, None, 1, None)[0]
    assert (line["first_accepted_by"], line["first_reason"]) == ("finance-office", "the slip was seen")
    assert answer_of(house.obey(accept(doubt, who, "e-1", LARGE_FEN, APPROVER))[0])["points"] == 51
    assert (state_of(house, doubt), points_of(house, "E1")) == ("accepted", 51)
    assert house.obey(accept(doubt, who, "e-1", LARGE_FEN, OFFICES, key="e-1"))[0].replayed
    assert audited(house.database).findings == ()


def test_one_person_accepts_what_one_may(house: LedgerHouse) -> None:
    who = member(house, "E2")
    doubt = claimed(house, who, "e-2", ALONE_FEN)
    assert answer_of(house.obey(accept(doubt, who, "e-2", ALONE_FEN))[0])["points"] == 50


def test_of_three_who_accept_at_once_at_two_desks_one_lets_it_earn_once(house: LedgerHouse) -> None:
    who, desks = member(house, "E3"), (house.first, house.desk())
    doubt = claimed(house, who, "e-3", LARGE_FEN)
    tried = [
        later(desks[place % 2], accept(doubt, who, "e-3", LARGE_FEN, by))
        for place, by in enumerate((OFFICES, APPROVER, COLLEAGUE))
    ]
    codes = sorted(code_of(one.result()[0]) for one in tried)
    assert codes == ["another-yes-needed", "doubt-decided", "ok"]
    assert points_of(house, "E3") == 51


def test_a_first_yes_counts_only_for_what_was_known_then(house: LedgerHouse) -> None:
    who, _ = member(house, "E4"), member(house, "F4")
    doubt = claimed(house, who, "e-4", LARGE_FEN)
    assert code_of(house.obey(accept(doubt, who, "e-4", LARGE_FEN, OFFICES))[0]) == "another-yes-needed"
    till = answer_of(house.obey(told("e-4", "F4"))[0])["receipt"]
    unseen = accept(doubt, who, "e-4", LARGE_FEN, APPROVER)
    assert code_of(house.obey(unseen)[0]) == "doubt-changed"
    beside = [accept(doubt, who, "e-4", LARGE_FEN, by, beside=till) for by in (APPROVER, OFFICES)]
    assert [code_of(one) for one in house.obey(*beside)] == ["another-yes-needed", "ok"]
    assert (points_of(house, "E4"), points_of(house, "F4")) == (51, 50)


def test_what_one_has_accepted_another_may_reject(house: LedgerHouse) -> None:
    who = member(house, "E5")
    doubt = claimed(house, who, "e-5", LARGE_FEN)
    house.obey(accept(doubt, who, "e-5", LARGE_FEN, OFFICES))
    assert answer_of(house.obey(reject(doubt, "e-5", APPROVER))[0])["state"] == "rejected"
    assert code_of(house.obey(accept(doubt, who, "e-5", LARGE_FEN, APPROVER))[0]) == "doubt-decided"
    assert points_of(house, "E5") == 0


def test_the_auditor_names_a_large_one_that_one_person_accepted(house: LedgerHouse) -> None:
    who = member(house, "E6")
    doubt = claimed(house, who, "e-6", LARGE_FEN)
    house.obey(*(accept(doubt, who, "e-6", LARGE_FEN, by) for by in (OFFICES, APPROVER)))
    house.rows(
        "UPDATE doubts SET first_accepted_by = NULL, first_accepted_at = NULL, first_reason = NULL"
        " WHERE id = %s",
        doubt,
    )
    assert [one.row for one in audited(house.database).findings] == [f"doubt {doubt}"]
