"""Voidings: a coupon's points come back once its partner has voided it, and whole, whatever answers do."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from structlog.testing import capture_logs

from services.points.commands.settle_voiding import SettleVoiding
from services.points.commands.settle_voucher import SettleVoucher
from services.points.domain.voiding import VoidingState
from services.points.domain.voucher import Coupon
from services.points.jobs.voidings import LONG
from shared.kernel.ids import shown
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.errands import Errands
from shared.web.keys import new_private_key
from shared.web.signatures import RequestSigner
from tests.service.points.hold_room import capture, release
from tests.service.points.ledger_house import (
    IMPORTER,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    later,
    link,
    refund,
)
from tests.service.points.voucher_room import (
    FAULTS,
    PRICE_FEN,
    SECRET,
    SELLER,
    Booth,
    booth,
    giving_back,
    member,
    offers,
    until,
)

BACK = {"state": "voided", "back_fen": PRICE_FEN, "refunds": 1}
NOTHING_BACK = {"back_fen": 0, "refunds": 0}
HOUR = timedelta(hours=1)
OFFICE, OPERATOR = Principal("finance-office", Role.FINANCE, "office"), Principal("op", Role.OPERATOR)
FINANCE = Principal("finance-group", Role.FINANCE, "group")


@pytest.fixture(scope="module")
def sold(house: LedgerHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    """Lend a booth; whatever its tests did, both sides count the same."""
    offers(house)
    with booth(house, tmp_path_factory.mktemp("partner")) as opened:
        yield opened
        opened.check("all tests of voidings together", waiting=0)
        opened.check_given_back("all tests of voidings together", waiting=0)


@pytest.fixture(autouse=True)
def nothing_ordered(sold: Booth) -> Iterator[None]:
    """Let each test begin with a partner that answers well, and end with nothing under way."""
    sold.partner.order([])
    yield
    sold.partner.order([])
    sold.carry()
    assert sold.under_way() == 0


def redemption_of(sold: Booth, voucher: str) -> str:
    """Give the capture that paid a voucher."""
    ((found,),) = sold.house.rows("SELECT redemption_id::text FROM vouchers WHERE id = %s", voucher)
    return str(found)


def settling(sold: Booth, voiding: str, voucher: str, word: VoidingState) -> SettleVoiding:
    """Make the command that hears the partner's word."""
    return SettleVoiding(asked(), voiding, voucher, redemption_of(sold, voucher), word)


def owed(sold: Booth) -> int:
    """Add up what units owe the group, as lines of money say."""
    ((found,),) = sold.house.rows(
        "SELECT coalesce(sum(CASE WHEN b.unit = 'group' THEN t.amount ELSE -t.amount END), 0)::bigint"
        " FROM transfers t JOIN accounts a ON a.id = t.from_account JOIN accounts b ON b.id = t.to_account"
        " WHERE t.asset = 'CNY' AND 'group' IN (a.unit, b.unit)"
    )
    return int(found)


def test_points_come_back_whole_once_the_partner_has_voided_the_coupon_and_not_before(sold: Booth) -> None:
    who = member(sold.house, "a", 2_500)
    before = owed(sold)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    assert sold.voiding(voiding) == {"state": "asked", **NOTHING_BACK}
    assert sold.house.available(who, now()) == 500
    sold.carry()
    assert sold.voiding(voiding) == BACK
    assert sold.house.available(who, now()) == 2_500
    assert owed(sold) == before
    number = shown("vch", voucher)
    assert sold.partner.book.ended()[number] == "voided"
    told = sold.house.rows("SELECT type, seq FROM outbox WHERE key = %s ORDER BY seq", number)
    assert told[2:] == [("points.voucher.voided", 3)]
    ((amount, refund_no),) = sold.house.rows(
        "SELECT (data::json ->> 'refunded_fen')::bigint, data::json ->> 'refund_no' FROM outbox"
        " WHERE type = 'points.wallet.refunded' AND data::json ->> 'order_no' = %s",
        number,
    )
    assert (amount, refund_no) == (PRICE_FEN, shown("vdg", voiding))


def test_the_partner_is_told_the_vouchers_number_and_never_the_code(sold: Booth) -> None:
    voucher = sold.sold_to(member(sold.house, "b", PRICE_FEN))
    code = sold.voucher(voucher)["code"]
    voiding = sold.void(voucher)
    before = len(sold.partner.asked)
    for table in ("outbox", "inbox", "errands", "voidings", "vouchers"):
        found = sold.house.rows(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", f"%{code}%")
        assert found == [(0,)], table
    sold.carry()
    assert sold.partner.asked[before:] == [shown("vdg", voiding)]


def test_a_coupon_that_was_used_gives_nothing_back_and_says_so_with_what_to_do(sold: Booth) -> None:
    who = member(sold.house, "c", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    sold.partner.order(["used"])
    sold.carry()
    assert sold.voiding(voiding) == {"state": "used", **NOTHING_BACK}
    assert (sold.under_way(), sold.house.available(who, now())) == (0, 0)
    again = sold.house.obey(giving_back(voucher))[0]
    assert code_of(again) == "coupon-used"
    assert again.refusal is not None
    assert again.refusal.facts["voucher"] == shown("vch", voucher)
    assert sold.house.rows("SELECT count(*) FROM voidings WHERE voucher_id = %s", voucher) == [(1,)]


def test_a_coupon_the_partner_does_not_know_gives_nothing_back_until_it_is_asked_anew(sold: Booth) -> None:
    who = member(sold.house, "d", PRICE_FEN)
    voucher = sold.sold_to(who)
    first = sold.void(voucher)
    sold.partner.order(["unknown"])
    with capture_logs() as lines:
        sold.carry()
    told = [line for line in lines if line["event"] == "voiding.unknown"]
    assert [(line["log_level"], line["voucher"]) for line in told] == [("error", shown("vch", voucher))]
    assert sold.voiding(first) == {"state": "unknown", **NOTHING_BACK}
    assert sold.house.available(who, now()) == 0
    second = sold.void(voucher)
    assert second != first
    # The word of the first comes once more, as words do: it is known.
    late = sold.house.obey(settling(sold, first, voucher, VoidingState.VOIDED))[0]
    assert answer_of(late)["state"] == "unknown"
    sold.carry()
    assert sold.voiding(second) == BACK
    assert sold.house.available(who, now()) == PRICE_FEN


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_fails_is_asked_for_again_under_the_same_number(sold: Booth, fault: str) -> None:
    who = member(sold.house, f"fault {fault}", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding, before = sold.void(voucher), len(sold.partner.asked)
    sold.partner.order([fault, fault])
    sold.carry()
    questions = sold.partner.asked[before:]
    assert set(questions) == {shown("vdg", voiding)}
    assert len(questions) == (1 if fault == "twice" else 3)
    assert sold.voiding(voiding) == BACK
    assert sold.house.available(who, now()) == PRICE_FEN
    until(lambda: not sold.partner.busy)
    sold.check_given_back(f"{fault} twice, {len(questions)} questions")


def test_no_answer_leaves_it_open_and_a_person_is_told_once_that_is_long(sold: Booth) -> None:
    who = member(sold.house, "e", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    for ahead, level in ((timedelta(0), "warning"), (LONG, "error")):
        sold.partner.order(["lost"])
        with capture_logs() as lines:
            sold.carry(rounds=1, ahead=ahead)
            sold.house.rows("UPDATE errands SET due_at = now() WHERE done_at IS NULL")
        told = [line for line in lines if line["event"] == "voiding.silent"]
        assert [(one["log_level"], one["voiding"]) for one in told] == [(level, shown("vdg", voiding))]
        assert sold.voiding(voiding) == {"state": "asked", **NOTHING_BACK}
    assert sold.house.available(who, now()) == 0
    # Who is not believed, or cannot be reached, is silent as well.
    sold.carry(rounds=1, signer=RequestSigner("somebody", new_private_key()))
    sold.carry(rounds=1, address="http://127.0.0.1:9")
    assert sold.voiding(voiding)["state"] == "asked"


def test_no_unit_and_no_importer_gives_a_coupons_points_back_past_its_partner(sold: Booth) -> None:
    who = member(sold.house, "f", 2 * PRICE_FEN)
    voucher = sold.sold_to(who)
    paid = redemption_of(sold, voucher)

    def refused() -> None:
        # An importer may do whatever any unit may.
        back = sold.house.obey(refund(paid, "group", f"by hand {shown('vch', voucher)}", 1, at=now()))[0]
        assert code_of(back) == "coupon-not-voided"
        assert back.refusal is not None
        assert back.refusal.facts == {"voucher": shown("vch", voucher)}
        told = {"hold": shown("hld", voucher)}
        freed = sold.house.obey(release(told, at=now()), capture(told, "again", 1, at=now()))
        assert [code_of(one) for one in freed] == ["hold-bound", "hold-bound"]

    refused()
    voiding = sold.void(voucher)
    refused()
    sold.carry()
    assert sold.voiding(voiding) == BACK
    refused()
    assert sold.house.available(who, now()) == 2 * PRICE_FEN
    assert IMPORTER.role is Role.IMPORTER


def test_a_repeat_is_the_first_answer_and_whoever_asks_besides_gets_the_same_voiding(sold: Booth) -> None:
    voucher = sold.sold_to(member(sold.house, "g", PRICE_FEN))
    desks = (sold.house.first, sold.house.desk())
    first, twin = (later(desk, giving_back(voucher, key="once")) for desk in desks)
    bodies = {one.result()[0].json for one in (first, twin)}
    again = sold.house.obey(giving_back(voucher, key="once"))[0]
    assert bodies == {again.json}
    assert again.replayed
    other = answer_of(sold.house.obey(giving_back(voucher, by=FINANCE, why="twice"))[0])
    assert other == answer_of(again)
    assert other["asked_by"] == SELLER.subject
    assert code_of(sold.house.obey(giving_back(voucher, key="once", why="other"))[0]) == "key-reused"
    sold.carry()
    late = answer_of(sold.house.obey(giving_back(voucher, by=OPERATOR))[0])
    assert (late["voiding"], late["state"]) == (other["voiding"], "voided")
    assert late["refund"].startswith("rfd_")
    assert answer_of(sold.house.obey(giving_back(voucher, key="once"))[0])["state"] == "asked"


def test_what_cannot_be_given_back_says_why_and_nothing_is_asked(sold: Booth) -> None:
    who = member(sold.house, "h", 2 * PRICE_FEN)
    issued, before = sold.sold_to(who), len(sold.partner.asked)
    sold.partner.order(["sold-out"])
    refused = sold.ask(who)
    sold.carry()
    waiting = sold.ask(who)
    codes = {
        "asked": code_of(sold.house.obey(giving_back(waiting))[0]),
        "refused": code_of(sold.house.obey(giving_back(refused))[0]),
        "unconnected": code_of(sold.house.obey(giving_back(issued, partner="cinema"))[0]),
        "another unit's": code_of(sold.house.obey(giving_back(issued, by=OFFICE))[0]),
        "an importer": code_of(sold.house.obey(giving_back(issued, by=IMPORTER))[0]),
        "nobody's": code_of(sold.house.obey(giving_back(shown("x", issued)[2:]))[0]),
    }
    assert codes == {
        "asked": "voucher-not-issued",
        "refused": "voucher-not-issued",
        "unconnected": "partner-unconnected",
        "another unit's": "not-found",
        "an importer": "not-found",
        "nobody's": "not-found",
    }
    assert sold.house.rows("SELECT count(*) FROM voidings WHERE voucher_id = %s", issued) == [(0,)]
    assert len(sold.partner.asked) - before == 1


def test_20_who_give_one_coupon_back_at_two_desks_ask_once(sold: Booth) -> None:
    who = member(sold.house, "i", PRICE_FEN)
    voucher, before = sold.sold_to(who), len(sold.partner.asked)
    desks = (sold.house.first, sold.house.desk())
    answers = [later(desks[place % 2], giving_back(voucher)) for place in range(20)]
    assert len({answer_of(one.result()[0])["voiding"] for one in answers}) == 1
    sold.carry()
    assert len(sold.partner.asked) - before == 1
    assert sold.house.available(who, now()) == PRICE_FEN


def test_20_words_at_two_desks_bring_one_refund(sold: Booth) -> None:
    who = member(sold.house, "j", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    sold.partner.book.void(shown("vdg", voiding), shown("vch", voucher))
    desks = (sold.house.first, sold.house.desk())
    words = [
        later(desks[place % 2], settling(sold, voiding, voucher, VoidingState.VOIDED)) for place in range(20)
    ]
    assert {answer_of(one.result()[0])["state"] for one in words} == {"voided"}
    assert sold.voiding(voiding) == BACK
    twins = [settling(sold, voiding, voucher, VoidingState.VOIDED) for _ in range(5)]
    assert {answer_of(one)["state"] for one in sold.house.obey(*twins)} == {"voided"}
    assert sold.house.available(who, now()) == PRICE_FEN


def test_of_a_capture_and_a_voiding_in_one_batch_whichever_comes_first_is_first(sold: Booth) -> None:
    early, late = (sold.ask(member(sold.house, letters, PRICE_FEN)) for letters in ("k", "l"))
    words = {}
    for voucher in (early, late):
        word = sold.partner.book.ask(shown("vch", voucher), "taxi-20", PRICE_FEN)
        sealed = SECRET.sealed(voucher, word["code"])
        good = Coupon(sealed, SECRET.coupon_digest("taxi", word["code"]), now() + HOUR)
        words[voucher] = SettleVoucher(asked(), voucher, good)
    answers = sold.house.obey(giving_back(early), words[early], words[late], giving_back(late))
    assert code_of(answers[0]) == "voucher-not-issued"
    assert answer_of(answers[3])["state"] == "asked"
    sold.carry()
    states = [
        sold.house.rows("SELECT state FROM voidings WHERE voucher_id = %s", one) for one in (early, late)
    ]
    assert states == [[], [("voided",)]]


def test_what_comes_back_is_the_members_who_holds_the_lots_today(sold: Booth) -> None:
    who = member(sold.house, "m", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    # Another number of theirs is linked while the partner is asked.
    answer_of(sold.house.obey(link(who, "hotel", "m"))[0])
    sold.carry()
    assert sold.voiding(voiding) == BACK
    assert sold.house.available(who, now()) == PRICE_FEN


def test_a_coupon_without_points_left_is_not_given_back_again(sold: Booth) -> None:
    voucher = sold.sold_to(member(sold.house, "n", PRICE_FEN))
    sold.house.rows("UPDATE vouchers SET given_back_fen = price_fen WHERE id = %s", voucher)
    assert code_of(sold.house.obey(giving_back(voucher))[0]) == "voucher-given-back"
    sold.house.rows("UPDATE vouchers SET given_back_fen = 0 WHERE id = %s", voucher)


def test_two_messengers_and_a_partner_full_of_faults_give_back_each_coupon_once(sold: Booth) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    crowd = [sold.sold_to(member(sold.house, f"crowd {place}", PRICE_FEN)) for place in range(24)]
    voidings = [sold.void(voucher) for voucher in crowd]
    sold.partner.order(chance.choice((*FAULTS, "used")) for _ in range(40))
    desks = (sold.house.first, sold.house.desk())
    with sold.messenger(desk=desks[0]) as one, sold.messenger(desk=desks[1], ahead=HOUR) as other:

        def ask(errands: Errands) -> None:
            while sold.under_way():
                errands.run_due()

        threads = [Thread(target=ask, args=(errands,)) for errands in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    found = Counter(str(sold.voiding(voiding)) for voiding in voidings)
    assert found.keys() <= {str(BACK), str({"state": "used", **NOTHING_BACK})}
    assert sum(found.values()) == 24
    until(lambda: not sold.partner.busy)
    sold.check_given_back(f"24 coupons, 40 faults, two messengers (seed {seed})", waiting=0)
