"""A worker falls between a partner's word and the capture, and right after it: one coupon, one capture."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from infra.partner_sim.book import CouponBook
from infra.partner_sim.server import PartnerSim
from services.points.jobs.vouchers import TOLD
from shared.runtime.fault import FELL
from shared.web.keys import new_private_key
from tests.faults.points_process import PointsHouse
from tests.journeys.group import until
from tests.service.points.ledger_house import answer_of
from tests.service.points.voucher_room import COUNTED, PRICE_FEN, knobs_of, member, offers, wish

pytestmark = pytest.mark.timeout(300)
POINTS = (TOLD, "desk.after_commit")


def test_a_worker_that_falls_around_a_partners_word_gives_no_coupon_away_and_takes_no_points(
    house: PointsHouse, tmp_path: Path
) -> None:
    ledger = house.ledger
    offers(ledger)
    private = new_private_key()
    with PartnerSim(CouponBook(tmp_path / "coupons.sqlite"), private.public_key()) as partner:
        knobs = knobs_of(partner, private)
        for point in POINTS:
            answer_of(ledger.obey(wish(member(ledger, point, PRICE_FEN)))[0])
            with house.process("worker", fault=point, **knobs) as falling:
                assert falling.popen.wait(30) == FELL
        with house.process("worker", **knobs):
            until(lambda: ledger.rows("SELECT count(*) FROM errands WHERE done_at IS NULL") == [(0,)])
        coupons, asked = partner.book.issued(), Counter(partner.asked)
    ((waiting, issued, refused, captures, codes, on_hold),) = ledger.rows(COUNTED)
    print(
        f"fell at {POINTS}: asked {sorted(asked.values())} times, {len(coupons)} coupons, {captures} captures"
    )
    assert (waiting, refused, on_hold) == (0, 0, 0)
    assert issued == captures == codes == len(coupons) == len(POINTS)
    assert max(asked.values()) > 1
