"""Pay codes at a real desk: good once, for 60 seconds, at one till; guesses cost and tell nothing."""

import statistics
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.points.commands.ask_pay_code import AskPayCode
from services.points.commands.place_hold import PlaceHold
from services.points.commands.redeem_points import RedeemPoints
from services.points.domain.payer import ShownCode
from services.points.domain.redemption import Price
from services.points.store.secret import Secret
from shared.kernel.calendar import month_of
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import mint_id
from tests.service.points.hold_room import HOTEL, OFFICE
from tests.service.points.ledger_house import (
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    later,
    link,
)

SECRET = Secret(b"the secret of these tests")
Wish = RedeemPoints | PlaceHold


@pytest.fixture(scope="module", autouse=True)
def this_month(house: LedgerHouse) -> None:
    """Codes live by the clock: this month and the next are open."""
    month = month_of(datetime.now(UTC))
    house.open_month(month)


@pytest.fixture
def member(house: LedgerHouse) -> str:
    """Lend a member with 1,000 points."""
    name = f"mem_{mint_id().replace('-', '')}"
    number = name[-16:]
    answer_of(house.obey(link(name, "office", number))[0])
    answer_of(house.obey(earn("office", number, 200_000, f"for-{number}", datetime.now(UTC)))[0])
    return name


def fresh_till(unit: str = "hotel") -> Principal:
    """Make a till that has not guessed yet."""
    return Principal(f"till-{mint_id()}", Role.UNIT_SYSTEM, unit)


def shown(house: LedgerHouse, member: str) -> str:
    """Let a member ask for a code and give its digits."""
    head = asked(principal=Principal(member, Role.MEMBER))
    answer_of(house.obey(AskPayCode(head, member, SECRET.pay_code_digest(SECRET.pay_code(head.id))))[0])
    return SECRET.pay_code(head.id)


def pay(code: str, till: Principal, order: str, fen: int = 300, key: str | None = None) -> RedeemPoints:
    """Make a redemption with a scanned code."""
    payer = ShownCode(SECRET.pay_code_digest(code), till.subject)
    return RedeemPoints(
        asked(key, till, f"{code}{order}{fen}"), payer, str(till.unit), order, Price(2 * fen, fen, None)
    )


def set_aside(code: str, till: Principal, order: str, fen: int = 300) -> PlaceHold:
    """Make a hold with a scanned code."""
    payer = ShownCode(SECRET.pay_code_digest(code), till.subject)
    return PlaceHold(asked(principal=till), payer, str(till.unit), order, Price(2 * fen, fen, None))


def aged(house: LedgerHouse, code: str, by: timedelta) -> None:
    """Let a code be as old as if the clock had moved by so much."""
    house.rows(
        "UPDATE pay_codes SET issued_at = issued_at - %s, expires_at = expires_at - %s WHERE digest = %s",
        by,
        by,
        SECRET.pay_code_digest(code),
    )


def test_a_code_pays_once_and_its_order_gets_the_first_answer_again(house: LedgerHouse, member: str) -> None:
    code = shown(house, member)
    first = house.obey(pay(code, HOTEL, f"o-{code}", key=f"k-{code}"))[0]
    assert answer_of(first)["paid_fen"] == 300
    again = house.obey(pay(code, HOTEL, f"o-{code}", key=f"k-{code}"))[0]
    assert (again.json, again.replayed) == (first.json, True)
    assert house.obey(pay(code, HOTEL, f"o-{code}"))[0].json == first.json
    assert code_of(house.obey(pay(code, HOTEL, f"p-{code}"))[0]) == "pay-code-used"
    assert code_of(house.obey(set_aside(code, HOTEL, f"p-{code}"))[0]) == "pay-code-used"
    assert code_of(house.obey(pay(code, HOTEL, f"o-{code}", 301))[0]) == "order-redeemed"
    assert house.available(member, datetime.now(UTC)) == 700


def test_a_code_places_one_hold(house: LedgerHouse, member: str) -> None:
    code = shown(house, member)
    placed = answer_of(house.obey(set_aside(code, OFFICE, f"h-{code}"))[0])
    assert answer_of(house.obey(set_aside(code, OFFICE, f"h-{code}"))[0]) == placed
    assert code_of(house.obey(pay(code, OFFICE, f"q-{code}"))[0]) == "pay-code-used"
    assert house.available(member, datetime.now(UTC)) == 700


def test_a_used_code_at_another_units_till_is_no_code_at_all(house: LedgerHouse, member: str) -> None:
    code = shown(house, member)
    answer_of(house.obey(pay(code, HOTEL, f"o-{code}"))[0])
    (used,) = house.obey(pay(code, fresh_till("office"), f"o-{code}"))
    (unknown,) = house.obey(pay("0" * 18, fresh_till("office"), f"o-{code}"))
    assert used.refusal is not None
    assert unknown.refusal is not None
    assert (used.refusal.code, used.refusal.facts) == (unknown.refusal.code, unknown.refusal.facts)
    assert used.refusal.code == "not-found"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (timedelta(seconds=58), "ok"),
        (timedelta(seconds=60), "pay-code-expired"),
        (timedelta(minutes=5), "pay-code-expired"),
        (-timedelta(minutes=5), "pay-code-expired"),
        (-timedelta(seconds=2), "pay-code-expired"),
    ],
)
def test_a_code_lasts_60_seconds_and_a_clock_that_jumps_fails_closed(
    house: LedgerHouse, member: str, by: timedelta, code: str
) -> None:
    digits = shown(house, member)
    aged(house, digits, by)
    assert code_of(house.obey(pay(digits, HOTEL, f"o-{digits}"))[0]) == code
    assert house.available(member, datetime.now(UTC)) == (700 if code == "ok" else 1_000)


def test_a_refusal_for_want_of_points_leaves_the_code_good(house: LedgerHouse, member: str) -> None:
    code = shown(house, member)
    assert code_of(house.obey(pay(code, HOTEL, f"o-{code}", 1_001))[0]) == "insufficient-points"
    assert answer_of(house.obey(pay(code, HOTEL, f"p-{code}", 1_000))[0])["paid_fen"] == 1_000


def test_1000_guesses_pay_nothing_and_lock_the_client_alone(house: LedgerHouse, member: str) -> None:
    code, thief = shown(house, member), fresh_till()
    guesses = [pay(f"{place:018d}", thief, f"g-{place}") for place in range(1_000)]
    codes = Counter(
        code_of(answer)
        for start in range(0, 1_000, 50)
        for answer in house.obey(*guesses[start : start + 50])
    )
    print(f"1,000 guessed codes: {dict(codes)}")
    assert codes == {"not-found": 6, "pay-codes-locked": 994}
    (locked,) = house.obey(pay(code, thief, "right"))
    assert locked.refusal is not None
    assert locked.refusal.code == "pay-codes-locked"
    assert 0 < locked.refusal.facts["retry_after_s"] <= 10
    assert answer_of(house.obey(pay(code, HOTEL, f"o-{code}"))[0])["paid_fen"] == 300


def test_each_pause_is_twice_as_long_and_a_day_without_a_guess_is_forgiven(house: LedgerHouse) -> None:
    thief = fresh_till()
    pauses = []
    for place in range(16):
        assert code_of(house.obey(pay(f"{place:018d}", thief, "g"))[0]) == "not-found"
        ((pause,),) = house.rows(
            "SELECT locked_until - last_at FROM guessers WHERE client = %s", thief.subject
        )
        pauses.append(None if pause is None else int(pause.total_seconds()))
        house.rows("UPDATE guessers SET locked_until = last_at WHERE client = %s", thief.subject)
    assert pauses == [None] * 5 + [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]
    house.rows("UPDATE guessers SET last_at = last_at - interval '1 day' WHERE client = %s", thief.subject)
    house.obey(pay("1" * 18, thief, "g"))
    assert house.rows("SELECT wrong FROM guessers WHERE client = %s", thief.subject) == [(1,)]


def test_guesses_at_two_desks_at_once_are_all_counted(house: LedgerHouse) -> None:
    thief, other = fresh_till(), house.desk()
    waiting = [later((house.first, other)[place % 2], pay(f"{place:018d}", thief, "g")) for place in range(6)]
    codes = Counter(code_of(future.result(30)[0]) for future in waiting)
    assert codes["not-found"] + codes["in-flight"] == 6
    ((wrong,),) = house.rows("SELECT wrong FROM guessers WHERE client = %s", thief.subject)
    assert wrong == codes["not-found"]


def test_one_code_at_20_tills_at_once_pays_once(house: LedgerHouse, member: str) -> None:
    code, other = shown(house, member), house.desk()
    tills = [fresh_till() for _ in range(20)]
    waiting = [
        later((house.first, other)[place % 2], pay(code, till, f"t-{code}-{place}"))
        for place, till in enumerate(tills)
    ]
    codes = Counter(code_of(future.result(30)[0]) for future in waiting)
    print(f"one code at 20 tills: {dict(codes)}")
    assert codes["ok"] == 1
    assert set(codes) <= {"ok", "not-found", "in-flight"}
    assert house.available(member, datetime.now(UTC)) == 700


def test_a_person_has_ten_live_codes_at_most(house: LedgerHouse, member: str) -> None:
    codes = [shown(house, member) for _ in range(10)]
    assert len(set(codes)) == 10
    head = asked(principal=Principal(member, Role.MEMBER))
    assert code_of(house.obey(AskPayCode(head, member, "one more"))[0]) == "too-many-pay-codes"
    aged(house, codes[0], timedelta(minutes=1))
    assert len(shown(house, member)) == 18


def test_nothing_that_is_kept_tells_a_code(house: LedgerHouse, member: str) -> None:
    code = shown(house, member)
    answer_of(house.obey(pay(code, HOTEL, f"o-{member}"))[0])
    tables = [
        name
        for (name,) in house.rows(
            "SELECT relname FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND NOT relispartition"
        )
    ]
    for table in tables:
        assert house.rows(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", f"%{code}%") == [(0,)]


def test_a_guess_takes_as_long_as_a_code_that_was_used_elsewhere(house: LedgerHouse, member: str) -> None:
    used: list[float] = []
    unknown: list[float] = []
    code = shown(house, member)
    answer_of(house.obey(pay(code, HOTEL, f"o-{code}"))[0])
    for place in range(60):
        for told, digits in ((used, code), (unknown, f"{place:018d}")):
            command: Any = pay(digits, fresh_till(), "g")
            began = time.perf_counter()
            assert code_of(house.obey(command)[0]) == "not-found"
            told.append(time.perf_counter() - began)
    medians = [1_000 * statistics.median(one) for one in (used, unknown)]
    print(f"used elsewhere {medians[0]:.2f} ms, unknown {medians[1]:.2f} ms")
    assert max(medians) < 2 * min(medians)
