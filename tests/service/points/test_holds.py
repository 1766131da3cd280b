"""Holds at a real desk: placed, captured in parts, released, expired; who may, in which state, and once."""

from datetime import UTC, datetime, timedelta

import pytest

from services.points.commands.capture_hold import CaptureHold
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import month_of
from shared.kernel.ids import read
from shared.runtime.clock import mint_id
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.hold_room import HOTEL, MINUTE, OFFICE, capture, expired, hold, placed, release
from tests.service.points.ledger_house import NOON, LedgerHouse, answer_of, asked, code_of, link, redeem
from tests.service.points.soundness import unsound


@pytest.fixture
def number(house: LedgerHouse) -> str:
    """Lend a member number of the office that has 1,000 points; give its identity."""
    return house.fund(f"h{mint_id()[-12:]}{mint_id()[:8]}", 1_000)


def test_points_on_hold_cannot_be_spent_and_come_back_with_a_release(house: LedgerHouse, number: str) -> None:
    told = placed(house, hold(number, f"o-{number}", 900))
    assert (told["amount_fen"], told["to_pay_fen"]) == (900, 900)
    assert [one["points"] for one in told["slices"]] == [900]
    assert house.points_of(number) == 100
    short = redeem(number, "mall-east", f"r-{number}", 101, NOON + MINUTE)
    assert code_of(house.obey(short)[0]) == "insufficient-points"
    back = answer_of(house.obey(release(told))[0])
    assert (back["ended_by"], back["released"]) == ("released", told["slices"])
    assert house.points_of(number) == 1_000


def test_several_captures_pay_and_the_last_gives_the_rest_back(house: LedgerHouse, number: str) -> None:
    told = placed(house, hold(number, f"o-{number}", 900))
    first = answer_of(house.obey(capture(told, "1", 200))[0])
    assert (first["paid_fen"], first["captured_fen"], first["left_fen"]) == (200, 200, 700)
    assert first["owed"] == [{"issuer": "office", "amount_fen": 200}]
    last = answer_of(house.obey(capture(told, "2", 300, final=True))[0])
    assert (last["state"], last["left_fen"]) == ("closed", 0)
    assert [one["points"] for one in last["released"]] == [400]
    assert house.points_of(number) == 500
    assert code_of(house.obey(capture(told, "3", 1))[0]) == "hold-closed"
    assert code_of(house.obey(release(told))[0]) == "hold-closed"


def test_a_repeat_is_the_first_answer_and_another_wish_for_the_order_is_told_of_the_hold(
    house: LedgerHouse, number: str
) -> None:
    order = f"o-{number}"
    first = placed(house, hold(number, order, 300))
    assert placed(house, hold(number, order, 300)) == first
    assert code_of(house.obey(hold(number, order, 301))[0]) == "order-held"
    assert code_of(house.obey(redeem(number, "hotel", order, 300, NOON))[0]) == "order-held"
    other = house.fund(f"z{number.partition(':')[2]}", 1_000)
    assert code_of(house.obey(hold(other, order, 300))[0]) == "order-held"
    paid = answer_of(house.obey(redeem(number, "hotel", f"r-{number}", 200, NOON))[0])
    assert paid["paid_fen"] == 200
    assert code_of(house.obey(hold(number, f"r-{number}", 200))[0]) == "order-redeemed"
    again = answer_of(house.obey(capture(first, "1", 100))[0])
    assert answer_of(house.obey(capture(first, "1", 100))[0]) == again
    assert code_of(house.obey(capture(first, "1", 101))[0]) == "capture-known"
    assert house.points_of(number) == 500


def test_an_order_that_was_let_go_may_be_held_again_and_one_that_was_captured_may_not(
    house: LedgerHouse, number: str
) -> None:
    order = f"o-{number}"
    first = placed(house, hold(number, order, 300))
    answer_of(house.obey(release(first))[0])
    second = placed(house, hold(number, order, 300, at=NOON + 2 * MINUTE))
    assert second["hold"] != first["hold"]
    answer_of(house.obey(capture(second, "1", 100, at=NOON + 3 * MINUTE))[0])
    answer_of(house.obey(release(second, at=NOON + 4 * MINUTE))[0])
    assert placed(house, hold(number, order, 300)) == second
    assert code_of(house.obey(hold(number, order, 299))[0]) == "order-held"
    assert house.points_of(number) == 900


def test_another_unit_finds_no_hold_and_a_till_states_no_time(house: LedgerHouse, number: str) -> None:
    told = placed(house, hold(number, f"o-{number}", 300, unit="office"))
    for command in (capture(told, "1", 100, by=HOTEL), release(told, by=HOTEL)):
        assert code_of(house.obey(command)[0]) == "not-found"
    stated = CaptureHold(asked(principal=OFFICE), read("hld", told["hold"]) or "", "1", 100, False, NOON)
    assert code_of(house.obey(stated)[0]) == "forbidden"
    nobodys = {"hold": "hld_" + "0" * 32}
    assert code_of(house.obey(capture(nobodys, "1", 100))[0]) == "not-found"
    assert code_of(house.obey(release(nobodys))[0]) == "not-found"


def test_a_hold_is_captured_until_its_end_and_not_at_it(house: LedgerHouse, number: str) -> None:
    told = placed(house, hold(number, f"o-{number}", 900, lasts_s=60))
    last = NOON + MINUTE - timedelta(microseconds=1)
    assert answer_of(house.obey(capture(told, "1", 100, at=last))[0])["paid_fen"] == 100
    assert code_of(house.obey(capture(told, "2", 100, at=NOON + MINUTE))[0]) == "hold-expired"
    assert code_of(house.obey(release(told, at=NOON + MINUTE))[0]) == "hold-expired"
    assert house.points_of(number) == 100
    assert expired(house, last) is None
    assert expired(house, NOON + MINUTE) == {"holds": 1}
    assert house.points_of(number) == 900
    assert expired(house, NOON + MINUTE) is None
    assert code_of(house.obey(capture(told, "2", 100, at=last))[0]) == "hold-expired"
    (booked,) = house.rows(
        "SELECT occurred_at FROM journals WHERE kind = 'release' AND subject = %s", read("hld", told["hold"])
    )
    assert booked == (NOON + MINUTE,)


def test_a_hold_lasts_24_hours_and_a_shorter_one_as_long_as_was_asked(
    house: LedgerHouse, number: str
) -> None:
    whole = placed(house, hold(number, f"o-{number}", 300))
    short = placed(house, hold(number, f"p-{number}", 300, lasts_s=1))
    assert datetime.fromisoformat(whole["expires_at"]) == NOON + timedelta(hours=24)
    assert datetime.fromisoformat(short["expires_at"]) == NOON + timedelta(seconds=1)


def test_no_hold_begins_in_the_future(house: LedgerHouse, number: str) -> None:
    tomorrow = datetime.now(NOON.tzinfo) + timedelta(days=1)
    assert code_of(house.obey(hold(number, f"o-{number}", 300, at=tomorrow))[0]) == "hold-too-early"


def test_more_than_is_left_is_not_captured_and_the_refusal_says_what_is_left(
    house: LedgerHouse, number: str
) -> None:
    told = placed(house, hold(number, f"o-{number}", 300))
    answer_of(house.obey(capture(told, "1", 200))[0])
    (refused,) = house.obey(capture(told, "2", 101))
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.facts["left_fen"]) == ("capture-above-hold", 100)


def test_a_wish_that_cannot_be_granted_is_counted_like_a_redemption(house: LedgerHouse, number: str) -> None:
    before = house.rows("SELECT count(*) FROM declines WHERE unit = 'hotel'")[0][0]
    assert code_of(house.obey(hold(number, f"o-{number}", 1_001))[0]) == "insufficient-points"
    assert code_of(house.obey(hold(number, f"p-{number}", 99))[0]) == "below-minimum"
    assert house.rows("SELECT count(*) FROM declines WHERE unit = 'hotel'")[0][0] == before + 2


def test_change_stays_on_hold_until_the_last_capture(house: LedgerHouse) -> None:
    """60 MALL points of 5 fen hold 252 fen; 1 fen, then 250, then the last fen are captured.

    51 points lie on hold (255 fen). The first fen takes one point: 5 group points, one of them paid, four
    stay on hold. 250 more take the four, and 50 points less 1: 49 direct (245) and one exchanged, of which
    1 group point is paid and 4 stay. The last fen is one of the four; three come back to the wallet.
    """
    mall = house.fund(f"c{mint_id()[-12:]}{mint_id()[:8]}", 60, "mall-east", NOON - timedelta(days=9))
    told = placed(house, hold(mall, f"o-{mall}", 252))
    assert [one["points"] for one in told["slices"]] == [51]
    first = answer_of(house.obey(capture(told, "1", 1))[0])
    assert [(one["points"], one["paid_fen"], one["change_points"]) for one in first["taken"]] == [(1, 1, 4)]
    second = answer_of(house.obey(capture(told, "2", 250))[0])
    assert [(one["asset"], one["points"], one["paid_fen"]) for one in second["taken"]] == [
        ("GRUP", 4, 4),
        ("MALL", 50, 246),
    ]
    third = answer_of(house.obey(capture(told, "3", 1))[0])
    assert [(one["asset"], one["points"]) for one in third["taken"]] == [("GRUP", 1)]
    assert [(one["asset"], one["points"]) for one in third["released"]] == [("GRUP", 3)]
    assert third["state"] == "closed"
    assert house.available(mall) == 9 * 5 + 3


def test_rates_are_those_of_the_holds_moment() -> None:
    """A mall point worth 5 fen when it is held and 1 fen when it is captured pays 5, and the audit agrees."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        placed_at = datetime.now(UTC)
        for month in {month_of(placed_at), month_of(placed_at + timedelta(hours=2))}:
            house.open_month(month)
        west = house.fund("w", 100, "mall-west", placed_at - timedelta(days=9))
        told = placed(house, hold(west, "stay", 252, at=placed_at))
        body = {"numerator": 1, "denominator": 1}
        house.add_rule(RuleKind.RATE, "MALL", body, placed_at + timedelta(minutes=5))
        captured_at = placed_at + timedelta(hours=1)
        first = answer_of(house.obey(capture(told, "1", 7, at=captured_at))[0])
        assert [(one["points"], one["paid_fen"], one["change_points"]) for one in first["taken"]] == [
            (2, 7, 3)
        ]
        rest = answer_of(house.obey(capture(told, "2", 245, at=captured_at))[0])
        assert [(one["asset"], one["points"]) for one in rest["taken"]] == [("GRUP", 3), ("MALL", 49)]
        assert audited(database).findings == ()
        house.close()
        assert unsound(database) == {}


def test_a_number_that_is_linked_meanwhile_is_captured_under_its_new_holder(
    house: LedgerHouse, number: str
) -> None:
    told = placed(house, hold(number, f"o-{number}", 300))
    member = f"mem_{mint_id().replace('-', '')}"
    answer_of(house.obey(link(member, "office", number.partition(":")[2]))[0])
    paid = answer_of(house.obey(capture(told, "1", 100, final=True))[0])
    assert paid["paid_fen"] == 100
    assert house.points_of(number) == 900
    (booked,) = house.rows(
        "SELECT j.holder_id = w.holder_id FROM journals j, wallets w WHERE j.kind = 'capture'"
        " AND j.subject = %s AND w.identity = %s",
        read("red", paid["redemption"]),
        member,
    )
    assert booked == (True,)


def test_the_books_are_sound_by_the_auditors_own_word(house: LedgerHouse) -> None:
    report = audited(house.database)
    assert report.findings == ()
    checked = report.scopes[-1].checked
    print({name: rows for name, rows in checked.items() if "hold" in name})
    assert checked["a hold has its journal"] > 10


def test_a_capture_writes_the_slices_that_it_changes_and_no_others(house: LedgerHouse) -> None:
    """See that a hold captured in thousands of parts costs the last of them no more than the first."""

    def rows() -> dict[int, tuple[int, str]]:
        found = house.rows(
            "SELECT s.place, s.points_left, s.ctid::text FROM hold_slices s JOIN holds h ON h.id = s.hold_id"
            " WHERE h.unit = 'hotel' AND h.order_no = 'parts'"
        )
        return {place: (left, version) for place, left, version in found}

    who = house.fund("PARTS", 100, "mall-east")
    told = placed(house, hold(who, "parts", 400, at=NOON + timedelta(days=10)))
    minute = NOON + timedelta(days=10) + MINUTE
    for number in range(4):
        # Each takes one of the 5 fen that a point is worth, or what the one before left of it.
        answer_of(house.obey(capture(told, f"p{number}", 3, at=minute))[0])
    before = rows()
    used_up = {place for place, (left, _) in before.items() if left == 0}
    assert len(used_up) >= 2
    answer_of(house.obey(*(capture(told, f"q{number}", 3, at=minute) for number in range(4)))[-1])
    after = rows()
    assert {place: after[place] for place in used_up} == {place: before[place] for place in used_up}
    assert set(after) > set(before)
    answer_of(house.obey(release(told, at=minute + MINUTE))[0])
    assert {left for left, _ in rows().values()} == {0}
