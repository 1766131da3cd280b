"""A worker falls between a partner's word and the refund, and right after it: one void, one refund."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from infra.partner_sim.book import CouponBook
from infra.partner_sim.server import PartnerSim
from services.points.jobs.voidings import TOLD
from shared.kernel.ids import read
from shared.runtime.clock import now
from shared.runtime.fault import FELL
from shared.web.keys import new_private_key
from tests.faults.points_process import PointsHouse
from tests.journeys.group import until
from tests.service.points.ledger_house import LedgerHouse, answer_of
from tests.service.points.voucher_room import (
    GIVEN_BACK,
    PRICE_FEN,
    giving_back,
    knobs_of,
    member,
    offers,
    wish,
)

pytestmark = pytest.mark.timeout(300)
POINTS = (TOLD, "desk.before_commit", "desk.after_commit")


def done(ledger: LedgerHouse) -> bool:
    """Tell whether no errand is under way."""
    return ledger.rows("SELECT count(*) FROM errands WHERE done_at IS NULL") == [(0,)]


def test_a_worker_that_falls_around_a_partners_word_gives_points_back_once_and_voids_once(
    house: PointsHouse, tmp_path: Path
) -> None:
    ledger = house.ledger
    offers(ledger)
    private = new_private_key()
    with PartnerSim(CouponBook(tmp_path / "coupons.sqlite"), private.public_key()) as partner:
        knobs = knobs_of(partner, private)
        members = [member(ledger, point, PRICE_FEN) for point in POINTS]
        vouchers = [read("vch", answer_of(ledger.obey(wish(who))[0])["voucher"]) or "" for who in members]
        with house.process("worker", **knobs):
            until(lambda: done(ledger))
        for point, voucher in zip(POINTS, vouchers, strict=True):
            answer_of(ledger.obey(giving_back(voucher))[0])
            with house.process("worker", fault=point, **knobs) as falling:
                assert falling.popen.wait(30) == FELL
        with house.process("worker", **knobs):
            until(lambda: done(ledger))
        ended, asked = Counter(partner.book.ended().values()), Counter(partner.asked)
    ((waiting, voided, used, refunds),) = ledger.rows(GIVEN_BACK)
    times = sorted(count for number, count in asked.items() if number.startswith("vdg_"))
    print(f"fell at {POINTS}: asked {times} times, {dict(ended)} at the partner, {refunds} refunds")
    assert (waiting, used) == (0, 0)
    assert voided == refunds == ended["voided"] == len(POINTS)
    assert times[-1] > 1
    assert [ledger.available(who, now()) for who in members] == [PRICE_FEN] * len(POINTS)
