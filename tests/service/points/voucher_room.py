"""Vouchers for tests: a partner that answers over real HTTP as badly as it was told, and who asks it.

What was counted is compared on both sides: coupons in the partner's book, captures in ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.partner_sim.book import CouponBook
from infra.partner_sim.server import CUSTOMER, PartnerSim
from services.points.commands.ask_voucher import AskVoucher
from services.points.commands.void_voucher import VoidVoucher
from services.points.domain.rulebook import RuleKind
from services.points.domain.voiding import VOID_COUPON
from services.points.domain.voucher import ASK_PARTNER
from services.points.jobs.voidings import voiding_coupons
from services.points.jobs.vouchers import asking_partners, partners_at, voucher_pace
from services.points.store.secret import Secret
from shared.kernel.calendar import month_of
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime import clock
from shared.runtime.clock import now
from shared.runtime.database import connect
from shared.runtime.errands import Errands
from shared.web.keys import new_private_key
from shared.web.signatures import RequestSigner
from tests import stack
from tests.service.points.ledger_house import LedgerHouse, PointsDesk, answer_of, asked, link

PRIVATE = new_private_key()
SECRET = Secret(b"a secret of this test")
TIMEOUT_S, SLOW_S = 0.25, 0.6
PRICE_FEN = 2_000
OFFER = {
    "name": {"zh": "打车券", "en": "taxi coupon"},
    "partner": "taxi",
    "unit": "group",
    "price_fen": PRICE_FEN,
    "asked_s": 600,
    "on_sale": True,
}
FAULTS = ("error", "error-after", "slow", "late", "lost", "twice", "garbage", "odd")
"""What a partner can do to a question, and still say its word when it is asked again."""
SELLER = Principal("desk-group", Role.UNIT_SYSTEM, "group")
WHY = "the ride never came"
GIVEN_BACK = """
SELECT count(*) FILTER (WHERE d.state = 'asked'), count(*) FILTER (WHERE d.state = 'voided'),
       count(*) FILTER (WHERE d.state = 'used'),
       (SELECT count(*) FROM refunds f JOIN redemptions r ON r.id = f.redemption_id
        JOIN vouchers v ON v.id = r.hold_id WHERE f.amount_fen = v.price_fen)
FROM voidings d
"""
COUNTED = """
SELECT count(*) FILTER (WHERE v.state = 'asked'), count(*) FILTER (WHERE v.state = 'issued'),
       count(*) FILTER (WHERE v.state = 'refused'), count(r.id), count(k.voucher_id), count(h.id)
FROM vouchers v LEFT JOIN redemptions r ON r.hold_id = v.id LEFT JOIN voucher_codes k ON k.voucher_id = v.id
LEFT JOIN holds h ON h.id = v.id AND h.is_open
"""


def offers(house: LedgerHouse) -> None:
    """Open the month of today, and sell some coupons: vouchers happen now."""
    house.add_rules(
        [
            (RuleKind.OFFER, "taxi-20", OFFER),
            (RuleKind.OFFER, "taxi-daily", {**OFFER, "per_day": 2}),
            (RuleKind.OFFER, "taxi-hotel", {**OFFER, "unit": "hotel"}),
            (RuleKind.OFFER, "taxi-over", {**OFFER, "on_sale": False}),
        ]
    )
    house.open_month(month_of(now()))


def member(house: LedgerHouse, letters: str, points: int = 0) -> str:
    """Let there be a member with that many points of the office that can be spent; give their id."""
    who = f"mem_{letters.encode().hex():0>32}"
    answer_of(house.obey(link(who, "office", letters))[0])
    if points:
        house.fund(letters, points, at=now() - timedelta(minutes=1))
    return who


def wish(
    who: str,
    offer: str = "taxi-20",
    price_fen: int = PRICE_FEN,
    *,
    key: str | None = None,
    partner: str = "taxi",
) -> AskVoucher:
    """Make a member's wish for a coupon."""
    head = asked(key, Principal(who, Role.MEMBER), f"{who} {offer} {price_fen}")
    return AskVoucher(head, who, offer, price_fen, frozenset({partner}))


def giving_back(
    voucher_id: str,
    *,
    by: Principal = SELLER,
    key: str | None = None,
    why: str = WHY,
    partner: str = "taxi",
) -> VoidVoucher:
    """Make the wish of who sold a coupon that its partner voids it."""
    return VoidVoucher(asked(key, by, f"{voucher_id} {why}"), voucher_id, why, frozenset({partner}))


@dataclass
class Booth:
    """A house that sells coupons, its partner, and messengers between them."""

    house: LedgerHouse
    partner: PartnerSim

    def ask(self, who: str, offer: str = "taxi-20") -> str:
        """Let a member ask for a voucher that must be had; give its canonical id."""
        answer = answer_of(self.house.obey(wish(who, offer))[0])
        assert answer["state"] == "asked"
        return str(read("vch", answer["voucher"]))

    def sold_to(self, who: str, offer: str = "taxi-20") -> str:
        """Let a member have a coupon; give the canonical id of its voucher."""
        voucher = self.ask(who, offer)
        self.carry()
        assert self.voucher(voucher)["state"] == "issued"
        return voucher

    def void(self, voucher_id: str) -> str:
        """Let the unit give a coupon back; give the canonical id of the voiding, which is under way."""
        answer = answer_of(self.house.obey(giving_back(voucher_id))[0])
        assert answer["state"] == "asked"
        return str(read("vdg", answer["voiding"]))

    def voiding(self, voiding_id: str) -> Mapping[str, Any]:
        """Look at a voiding: its state, and what came back of its voucher."""
        ((state, fen, refunds),) = self.house.rows(
            "SELECT d.state, coalesce(sum(f.amount_fen), 0)::bigint, count(f.id) FROM voidings d"
            " JOIN vouchers v ON v.id = d.voucher_id LEFT JOIN refunds f ON f.redemption_id = v.redemption_id"
            " WHERE d.id = %s GROUP BY d.state",
            voiding_id,
        )
        return {"state": state, "back_fen": fen, "refunds": refunds}

    @contextmanager
    def messenger(
        self,
        *,
        ahead: timedelta = timedelta(0),
        desk: PointsDesk | None = None,
        address: str | None = None,
        signer: RequestSigner | None = None,
    ) -> Iterator[Errands]:
        """Lend a messenger that asks when it is told to.

        :param ahead: how far its clock is ahead: after the stated time it tells the partner to let be.
        """
        signing = (signer or RequestSigner(CUSTOMER, PRIVATE)).headers
        partners = partners_at({"taxi": address or self.partner.address}, signing, TIMEOUT_S)

        def moment() -> datetime:
            return clock.now() + ahead

        obey = (desk or self.house.first).obey_all
        gateways = {
            ASK_PARTNER: asking_partners(partners, obey, SECRET, now=moment),
            VOID_COUPON: voiding_coupons(partners, obey, now=moment),
        }
        desk_url = self.house.database.url("desk")
        errands = Errands(lambda: connect(desk_url), gateways, pace=voucher_pace(TIMEOUT_S, 0.001))
        try:
            yield errands
        finally:
            errands.stop()

    def carry(self, rounds: int = 50, **how: Any) -> None:
        """Let a messenger ask until nothing is under way, or so often."""
        with self.messenger(**how) as errands:
            for _ in range(rounds):
                errands.run_due()
                if not self.under_way():
                    return

    def under_way(self) -> int:
        """Count the errands that are not done."""
        return int(self.house.rows("SELECT count(*) FROM errands WHERE done_at IS NULL")[0][0])

    def voucher(self, voucher_id: str) -> Mapping[str, Any]:
        """Look at a voucher: its state, its hold, and the code that its member would be shown."""
        ((state, reason, left, ended_by, captured, sealed),) = self.house.rows(
            "SELECT v.state, v.reason,"
            " (SELECT sum(points_left)::bigint FROM hold_slices WHERE hold_id = v.id),"
            " h.ended_by, h.captured_fen, k.sealed FROM vouchers v JOIN holds h ON h.id = v.id"
            " LEFT JOIN voucher_codes k ON k.voucher_id = v.id WHERE v.id = %s",
            voucher_id,
        )
        code = None if sealed is None else SECRET.unsealed(voucher_id, bytes(sealed))
        return {
            "state": state,
            "reason": reason,
            "on_hold": left,
            "ended_by": ended_by,
            "captured_fen": captured,
            "code": code,
        }

    def check_given_back(self, told: str, **expected: int) -> None:
        """Compare both books: as many coupons void as voidings, and as many whole refunds."""
        ((waiting, voided, used, refunds),) = self.house.rows(GIVEN_BACK)
        ended = Counter(self.partner.book.ended().values())
        found = {"waiting": waiting, "voided": voided, "used": used}
        print(f"{told}: the partner has {dict(ended)}, we {found} and {refunds} refunds")
        assert (voided, used) == (refunds, ended["used"])
        # What is still asked for may be void already: nothing else may be.
        assert voided <= ended["voided"] <= voided + waiting
        assert {name: found[name] for name in expected} == expected

    def check(self, told: str, *, worthless: int = 0, **expected: int) -> None:
        """Compare both books: as many coupons as captures and codes, points on hold for the rest alone.

        :param worthless: how many coupons the partner gave that nobody should pay for.
        """
        ((waiting, issued, refused, captures, codes, on_hold),) = self.house.rows(COUNTED)
        coupons = self.partner.book.issued()
        found = {"waiting": waiting, "issued": issued, "refused": refused}
        print(f"{told}: {len(coupons)} coupons, {captures} captures, {found}, {on_hold} on hold")
        assert issued == captures == codes
        assert on_hold == waiting
        assert {name: found[name] for name in expected} == expected
        sealed = self.house.rows("SELECT voucher_id::text, sealed FROM voucher_codes")
        shown = {f"vch_{id_.replace('-', '')}": SECRET.unsealed(id_, bytes(seal)) for id_, seal in sealed}
        # What is still asked for may be issued already: nothing else may be out.
        late = coupons.keys() - shown.keys()
        assert {number: coupons[number] for number in shown} == shown
        assert worthless <= len(late) <= waiting + worthless


@contextmanager
def booth(house: LedgerHouse, folder: Path) -> Iterator[Booth]:
    """Open a booth at a house with a partner of its own."""
    book = CouponBook(folder / "coupons.sqlite")
    with PartnerSim(book, PRIVATE.public_key(), slow_s=SLOW_S) as partner:
        yield Booth(house, partner)


@contextmanager
def selling(database: stack.Database, folder: Path) -> Iterator[Booth]:
    """Open a house of its own over these books, and a booth that sells coupons at it; close both."""
    house = LedgerHouse(database)
    offers(house)
    with booth(house, folder) as sold:
        yield sold
    house.close()


def until(look: Callable[[], bool], patience_s: float = 10.0) -> None:
    """Wait until something is so."""
    deadline = clock.now() + timedelta(seconds=patience_s)
    while not look():
        assert clock.now() < deadline, "it did not come"


def knobs_of(partner: PartnerSim, private: Ed25519PrivateKey) -> Mapping[str, str]:
    """Give the settings of a process that asks this partner often."""
    return {
        "partners": f"taxi={partner.address}",
        "partner_key": private.private_bytes_raw().hex(),
        "partner_timeout_s": "0.5",
        "partner_backoff_s": "0.1",
    }
