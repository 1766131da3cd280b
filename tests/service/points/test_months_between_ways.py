"""Months that drain and are sealed between any two steps: nothing is lost between them, whatever comes late.

The walk of test_all_ways_together.py goes through three months in which rates, rules, caps and campaigns
change, states times before what is done already, and moves numbers from person to person. In its midst two
months are closed, and what they state is held against their lines.
"""

import hashlib
import random
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.points.commands.claim_receipt import ClaimReceipt
from services.points.commands.earn_points import EarnPoints
from services.points.commands.expire_hold import ExpireHold
from services.points.commands.settle_voiding import SettleVoiding
from services.points.commands.settle_voucher import SettleVoucher
from services.points.domain.doubt import Acceptance, Source
from services.points.domain.rulebook import RuleKind
from services.points.domain.voiding import VoidingState
from services.points.domain.voucher import Coupon
from services.points.jobs.close_months import CLOSING_OPTIONS, close_draining
from shared.kernel.calendar import midnight, month_after, month_of
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import mint_id, now
from shared.runtime.database import connect
from tests.service.points.closing_room import audited, closed, folded, over, stated
from tests.service.points.hold_room import capture, hold, release
from tests.service.points.ledger_house import (
    APPROVER,
    EARN,
    FEBRUARY,
    JANUARY,
    MARCH,
    UNITS,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    link,
    redeem,
    refund,
)
from tests.service.points.test_all_ways_together import MEMBERS, ODD, Walk
from tests.service.points.voucher_room import OFFER, giving_back, wish

STEPS, DRAINS = 420, 40
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
COUPON_FEN = 50
BONUS = {"name": {"zh": "加赠", "en": "Bonus"}, "bonus_bp": 5_000}
COUNTED = ("taken", "accepted", "settled", "voided", "refunded", "brought_back", "linked", "rush")


class Months(Walk):
    """A walk from two months ago until now."""

    def __init__(self, house: LedgerHouse, seed: int, begins_at: datetime) -> None:
        super().__init__(house, seed)
        self.begins_at = begins_at
        self.doubts: list[tuple[str, str, str, int, datetime]] = []
        self.vouchers: list[str] = []
        self.coupons: list[tuple[str, str]] = []

    def step(self, place: int, begins_at: datetime) -> None:
        """Go one step; of three steps one is stated as of up to forty days before."""
        self.at = begins_at + DAY + (now() - 5 * MINUTE - begins_at - DAY) * place / STEPS
        if self.chance.random() < 0.35:
            self.at = max(begins_at, self.at - DAY * self.chance.randrange(40))
        self.name = f"{place:04}"
        self.who, self.unit = self.chance.choice(MEMBERS), self.chance.choice(sorted(UNITS))
        ways = [self.buy] * 6 + [self.taken, self.brought_back, self.pay, self.refunded] * 4
        ways += [self.set_aside, self.exchanged, self.adjusted, self.accepted, self.settled, self.voided] * 2
        ways += [self.freed, self.given, self.hello, self.brought_in, self.over, self.linked, self.rush]
        ways += [self.claimed, self.coupon, self.ended]
        way = self.chance.choice(ways)
        self.way = way.__name__
        way()

    def buy(self) -> None:
        """Let a receipt earn, some of them told weeks later."""
        fen = self.chance.choice((999, 12_345, 77_777, 3_000_000_000 if self.unit == "residential" else 1))
        at = max(self.begins_at, self.at - DAY * self.chance.choice((0, 0, 3, 16)))
        answer = self.obey(earn(self.unit, f"N{MEMBERS.index(self.who)}", fen, self.name, at))
        self._bought(answer_of(answer), self.unit, fen)

    def _bought(self, told: dict[str, Any], unit: str, fen: int) -> None:
        self.receipts.append((read("rcp", told["receipt"]) or "", unit, fen))

    def _within_a_day(self) -> tuple[dict[str, object], str, datetime]:
        told, unit = self.chance.choice(self.held[-4:])
        begun_at = datetime.fromisoformat(str(told["occurred_at"]))
        return told, unit, min(now(), begun_at + MINUTE * self.chance.randrange(1_400))

    def taken(self) -> None:
        """Capture some hold within its day."""
        if self.held:
            told, unit, at = self._within_a_day()
            fen, final = self.chance.choice((1, 2, 13, 50)), self.chance.random() < 0.2
            self._paid(self.obey(capture(told, self.name, fen, final=final, at=at)), unit)

    def freed(self) -> None:
        """Release some hold within its day."""
        if self.held:
            told, _, at = self._within_a_day()
            self.obey(release(told, at=at))

    def ended(self) -> None:
        """Let the clock end some hold."""
        if self.held:
            told, _ = self.chance.choice(self.held)
            self.obey(ExpireHold(asked(), read("hld", str(told["hold"])) or "", now()))

    def linked(self) -> None:
        """Let a number turn out to be another person's."""
        self.obey(link(self.who, self.unit, f"N{self.chance.randrange(3)}"))

    def rush(self) -> None:
        """Let a member and a number pay, and set aside, all in one batch."""
        unit = self.unit
        payers = [self.who, self.who, f"{unit}:N{self.chance.randrange(3)}"]
        wishes = [redeem(who, unit, f"{self.name}-{n}", 20 + n, self.at) for n, who in enumerate(payers)]
        *paid, held = self.house.obey(*wishes, hold(self.who, f"{self.name}-h", 30, unit=unit, at=self.at))
        self.codes.update(f"rush {code_of(one)}" for one in (*paid, held))
        assert "defect" not in {code_of(one) for one in (*paid, held)}
        for one in paid:
            self._paid(one, unit)
        if held.json is not None:
            self.held.append((answer_of(held), unit))

    def claimed(self) -> None:
        """Photograph a receipt."""
        at, fen = max(self.at, now() - 29 * DAY), self.chance.choice((5_000, 70_000))
        by = Principal(self.who, Role.MEMBER)
        answer = self.obey(ClaimReceipt(asked(principal=by), self.who, self.unit, "1", self.name, fen, at))
        if answer.json is not None:
            doubt = read("dbt", answer_of(answer)["doubt"]) or ""
            self.doubts.append((doubt, self.unit, self.name, fen, at))

    def accepted(self) -> None:
        """Accept the last claim, whose month may be sealed by now."""
        if self.doubts:
            doubt, unit, number, fen, at = self.doubts.pop()
            ((who,),) = self.house.rows("SELECT identity FROM doubts WHERE id = %s", doubt)
            yes, by = Acceptance(doubt, who, "the slip was seen"), asked(principal=APPROVER)
            told = EarnPoints(by, unit, "1", number, "", fen, at, source=Source.PHOTO, accepted=yes)
            self._bought(answer_of(self.obey(told)), unit, fen)

    def coupon(self) -> None:
        """Ask for a coupon of an outside partner."""
        answer = self.obey(wish(self.who, price_fen=COUPON_FEN))
        if answer.json is not None:
            self.vouchers.append(read("vch", answer_of(answer)["voucher"]) or "")

    def settled(self) -> None:
        """Hear the partner's word about the last coupon."""
        if self.vouchers:
            voucher, sealed = self.vouchers.pop(), mint_id().encode()
            good = Coupon(sealed, hashlib.sha256(sealed).hexdigest(), now() + DAY)
            word = (good, None) if self.chance.random() < 0.5 else (None, "sold-out")
            self.obey(SettleVoucher(asked(), voucher, *word))
            self.coupons += self.house.rows(
                "SELECT id::text, redemption_id::text FROM vouchers WHERE state = 'issued' AND id = %s",
                voucher,
            )

    def voided(self) -> None:
        """Give some coupon back, and hear what its partner says; no unit gives it back by itself."""
        if self.coupons:
            voucher, paid = self.coupons.pop(self.chance.randrange(len(self.coupons)))
            other = self.obey(refund(paid, "group", self.name, 1, at=now()))
            assert code_of(other) == "coupon-not-voided"
            told = answer_of(self.obey(giving_back(voucher)))
            word = self.chance.choice((VoidingState.VOIDED, VoidingState.VOIDED, VoidingState.USED))
            voiding = read("vdg", told["voiding"]) or ""
            answer = answer_of(self.obey(SettleVoiding(asked(), voiding, voucher, paid, word)))
            self.codes[f"coupon {answer['state']}"] += 1


def rules(house: LedgerHouse, begins_at: datetime, chance: random.Random) -> None:
    """Let rates change four times on the way, and earn rules, caps and campaigns begin in between."""
    for day in (-100, 19, 44, 70):
        house.add_rules(
            [
                (RuleKind.RATE, asset, {"numerator": over_ * chance.choice((1, 2, 3)), "denominator": under})
                for asset, (over_, under) in ODD.items()
            ],
            begins_at + DAY * day,
        )
    offer = {**OFFER, "price_fen": COUPON_FEN}
    terms = {"minimum_fen": 1, "share_bp": 10_000}
    house.add_rules([(RuleKind.SPEND, "group", terms), (RuleKind.OFFER, "taxi-20", offer)], begins_at - DAY)
    until = (now() + DAY).isoformat()
    own = {**BONUS, "units": ["office", "hotel"], "until": until, "bearer": "unit", "budget": 900}
    group = {**BONUS, "units": ["office", "property"], "until": until, "bearer": "group", "budget": 2_000}
    house.add_rule(RuleKind.CAMPAIGN, "own", own, begins_at + 10 * DAY)
    house.add_rule(RuleKind.CAMPAIGN, "group", group, begins_at + 30 * DAY)
    caps = {"points_per_day": 3_000, "receipts_per_store": 3, "exempt": ["residential"]}
    house.add_rule(RuleKind.CAP, "group", caps, begins_at + 33 * DAY)
    for unit in ("office", "hotel", "mall-west"):
        points, per_fen, cap, _ = EARN[UNITS[unit]]
        rate = {"points": points * 3, "per_fen": per_fen * 2, "cap": cap, "tiers": {"0": 11_000}}
        short = {**rate, "pending_days": 0, "expiry_months": 1}
        house.add_rule(RuleKind.EARN, unit, short, begins_at + 25 * DAY)


def seal(house: LedgerHouse, month: date) -> None:
    """Seal a month that drains, and hold its statements against a fold of its lines."""
    with closing(connect(house.database.url("desk"), CLOSING_OPTIONS)) as connection:
        found = close_draining(connection, house.first.obey_all)
    assert [one for one in found if not one.issued] == []
    owed = {place[1:]: fen for place, fen in folded(house, month)["sums"].items() if place[0] == "owed"}
    nets = {unit: one["net_fen"] for unit, one in stated(house, month).items()}
    assert sum(nets.values()) == 0
    for unit, net_fen in nets.items():
        due = sum(fen * ((to == unit) - (of == unit)) for (of, to), fen in owed.items())
        assert net_fen * 100 == due, unit


@pytest.mark.parametrize("seed", [1, 7])
def test_months_are_closed_in_the_midst_of_everything(fresh: LedgerHouse, seed: int) -> None:
    begins_at = midnight(month_after(month_of(now()), -2))
    months = [month_after(month_of(now()), count) for count in range(-2, 2)]
    for month in months:
        fresh.open_month(month)
    assert all(one.issued for one in closed(fresh, JANUARY, FEBRUARY, MARCH))
    walk = Months(fresh, seed, begins_at)
    rules(fresh, begins_at, walk.chance)
    for member in MEMBERS:
        fresh.obey(link(member, "office", f"N{MEMBERS.index(member)}"))
    seals = sorted(walk.chance.sample(range(STEPS // 2, STEPS - 5), 2))
    for place in range(STEPS):
        for month, at in zip(months, seals, strict=False):
            if place == at - DRAINS:
                fresh.close_month(month, over(month))
            elif place == at:
                seal(fresh, month)
        walk.step(place, begins_at)
    print(f"seed {seed}: {dict(sorted(walk.codes.items()))}")
    assert {f"{way} ok" for way in COUNTED} <= set(walk.codes)
    assert walk.codes["coupon voided"]
    assert audited(fresh.database).findings == ()
