"""Every way in and out of a wallet, at rates that leave fractions: the books stay sound.

Each way has tests of its own; here one meets what another left: a refund of a capture, a return of points
that were exchanged, given away or are on hold, a lot that ended meanwhile.
"""

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.bring_in_opening import BringInOpening
from services.points.commands.check_in import CheckIn
from services.points.commands.expire_points import ExpirePoints
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.domain.adjustment import PREFIXES, AdjustmentKind
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import month_of
from shared.kernel.command import Answer, Command
from shared.kernel.ids import read
from shared.runtime.clock import now
from tests.service.points.closing_room import audited
from tests.service.points.exchanging import carrying_out, quoting
from tests.service.points.hold_room import capture, hold, release
from tests.service.points.ledger_house import (
    APPROVER,
    DRAFTER,
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
from tests.service.points.test_gifts import confirm, prepare
from tests.service.points.test_openings import approved
from tests.service.points.test_returns import give_back

ODD = {"MALL": (7, 2), "HOTL": (2, 3), "OFFI": (1, 1), "PROP": (3, 7), "RESI": (1, 50)}
MEMBERS = tuple(f"mem_{place:032x}" for place in range(1, 4))
STEPS, HOUR, SECOND = 260, timedelta(hours=1), timedelta(seconds=1)


class Walk:
    """One walk through all ways, from a seed; what came of each is counted."""

    def __init__(self, house: LedgerHouse, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.sheet = approved(house, STEPS, 10**9, "hotel")
        self.receipts: list[tuple[str, str, int]] = []
        self.paid: list[tuple[str, str, int]] = []
        self.held: list[tuple[dict[str, object], str]] = []
        self.codes: Counter[str] = Counter()
        self.way, self.name, self.at, self.unit, self.who = "", "", now(), "", ""

    def step(self, place: int, begins_at: datetime) -> None:
        """Go one step; the later half is an hour apart, so that what was brought in ends."""
        ahead = SECOND * place if place < STEPS // 2 else HOUR * 4 * (place - STEPS // 2)
        self.at, self.name = begins_at + ahead, f"{place:04}"
        self.who, self.unit = self.chance.choice(MEMBERS), self.chance.choice(sorted(UNITS))
        ways = [self.buy] * 5 + [self.take, self.brought_back] * 4 + [self.pay, self.refunded] * 3
        ways += [self.set_aside, self.exchanged, self.adjusted] * 2
        ways += [self.let_go, self.given, self.hello, self.brought_in, self.over]
        way = self.chance.choice(ways)
        self.way = way.__name__
        way()

    def obey(self, command: Command) -> Answer:
        """Have a command obeyed, whatever it is answered but a defect."""
        (answer,) = self.house.obey(command)
        self.codes[f"{self.way} {code_of(answer)}"] += 1
        assert code_of(answer) != "defect"
        return answer

    def buy(self) -> None:
        """Let a receipt earn, at one unit a flat."""
        fen = self.chance.choice((999, 12_345, 77_777, 3_000_000_000 if self.unit == "residential" else 1))
        number = f"N{MEMBERS.index(self.who)}"
        answer = self.obey(earn(self.unit, number, fen, self.name, self.at - timedelta(days=16)))
        self.receipts.append((read("rcp", answer_of(answer)["receipt"]) or "", self.unit, fen))

    def pay(self) -> None:
        """Redeem a little at a unit."""
        fen = self.chance.choice((1, 3, 17, 100, 499))
        self._paid(self.obey(redeem(self.who, self.unit, self.name, fen, self.at)), self.unit)

    def _paid(self, answer: Answer, unit: str) -> None:
        if answer.json is not None:
            told = answer_of(answer)
            self.paid.append((read("red", told["redemption"]) or "", unit, told["paid_fen"]))

    def set_aside(self) -> None:
        """Place a hold for an order."""
        fen, at = self.chance.choice((7, 50, 333)), min(self.at, now())
        answer = self.obey(hold(self.who, self.name, fen, unit=self.unit, at=at))
        if answer.json is not None:
            self.held.append((answer_of(answer), self.unit))

    def take(self) -> None:
        """Capture some hold in part, some finally."""
        if self.held:
            told, unit = self.chance.choice(self.held)
            fen, final = self.chance.choice((1, 2, 13, 50)), self.chance.random() < 0.2
            command = capture(told, self.name, fen, final=final, at=min(self.at, now()))
            self._paid(self.obey(command), unit)

    def let_go(self) -> None:
        """Release some hold."""
        if self.held:
            self.obey(release(self.chance.choice(self.held)[0], at=min(self.at, now())))

    def refunded(self) -> None:
        """Give back part or all of what was paid."""
        if self.paid:
            id_, unit, fen = self.chance.choice(self.paid)
            part = self.chance.choice((1, 2, 5, fen))
            self.obey(refund(id_, unit, self.name, part, self.at + SECOND))

    def brought_back(self) -> None:
        """Take back part or all of a purchase."""
        if self.receipts:
            id_, unit, fen = self.chance.choice(self.receipts)
            part = self.chance.choice((1, max(1, fen // 3), fen))
            self.obey(give_back(id_, unit, self.name, part, self.at + SECOND))

    def exchanged(self) -> None:
        """Quote an exchange and carry it out."""
        assets = "-".join(self.chance.sample([*ODD, "GRUP"], 2))
        points = self.chance.choice((1, 10, 99, 500))
        answer = self.obey(quoting(self.who, assets, points, at=self.at))
        if answer.json is not None:
            self.obey(carrying_out(self.who, answer_of(answer), self.at))

    def given(self) -> None:
        """Give points of one member to another."""
        asset, points = self.chance.choice(sorted(ODD)), self.chance.choice((1, 30))
        answer = self.obey(prepare(self.who, self.chance.choice(MEMBERS), points, asset))
        if answer.json is not None:
            self.obey(confirm(self.who, read("gft", answer_of(answer)["gift"]) or ""))

    def adjusted(self) -> None:
        """Grant points or deduct them, by two persons."""
        kind, points = self.chance.choice(list(AdjustmentKind)), self.chance.choice((1, 40, 600))
        head = asked(principal=DRAFTER)
        wish = RequestAdjustment(head, kind, self.unit, self.who, points, "a reason", self.at)
        id_ = read(PREFIXES[kind], answer_of(self.obey(wish))[kind.value]) or ""
        self.obey(ApproveAdjustment(asked(principal=APPROVER), kind, id_, self.at))

    def hello(self) -> None:
        """Check in for the day."""
        self.obey(CheckIn(asked(), self.who, self.at))

    def brought_in(self) -> None:
        """Bring in points that end two days later."""
        number, ends_at = f"N{MEMBERS.index(self.who)}", self.at + timedelta(days=2)
        line = BringInOpening(asked(), self.sheet, "hotel", number, 700, self.name, ends_at, None, self.at)
        self.obey(line)

    def over(self) -> None:
        """Expire whatever is past its end."""
        self.obey(ExpirePoints(asked(), self.who, self.at))


def ways_opened(house: LedgerHouse) -> datetime:
    """Open months and rules for all ways, link everybody's numbers, and give when a walk begins."""
    begins_at = now() - timedelta(minutes=30)
    for month in {month_of(begins_at + timedelta(days=days)) for days in (-16, 0, 25)}:
        house.open_month(month)
    rates = [
        (RuleKind.RATE, asset, {"numerator": over, "denominator": under})
        for asset, (over, under) in ODD.items()
    ]
    terms = (RuleKind.SPEND, "group", {"minimum_fen": 1, "share_bp": 10_000})
    house.add_rules([*rates, terms], begins_at - timedelta(days=100))
    for place, member in enumerate(MEMBERS):
        house.obey(*(link(member, unit, f"N{place}") for unit in UNITS))
    return begins_at


@pytest.mark.parametrize("seed", [2, 11])
def test_whatever_meets_what_another_way_left_the_auditor_finds_nothing(
    fresh: LedgerHouse, seed: int
) -> None:
    begins_at = ways_opened(fresh)
    walk = Walk(fresh, seed)
    for place in range(STEPS):
        walk.step(place, begins_at)
    print(f"seed {seed}: {dict(sorted(walk.codes.items()))}")
    assert {f"{way} ok" for way in ("refunded", "brought_back", "exchanged", "given", "take")} <= set(
        walk.codes
    )
    assert audited(fresh.database).findings == ()
