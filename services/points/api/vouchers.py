"""Vouchers: a member pays a partner's coupon with points, and looks whether it has come."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front
from services.points.api.lists import NextView, PageQuery
from services.points.api.offer_rules import OfferCode
from services.points.commands.ask_voucher import AskVoucher
from services.points.queries.vouchers import offers_on_sale, voucher_of, vouchers_of
from shared.kernel.command import Answer, Asked
from shared.kernel.ids import read
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.door import EVERYBODY, Call, Door
from shared.web.fields import AmountFen
from shared.web.strict import Inbound, Nothing

READERS = (Role.MEMBER, *UNIT_READERS)


class VoucherBody(Inbound):
    """Which offer, at the price that was shown."""

    offer: OfferCode
    price_fen: AmountFen


class VouchersQuery(PageQuery):
    """One's own vouchers, those of one state or all."""

    state: Literal["asked", "issued", "refused"] | None = None


class OfferView(BaseModel):
    """An offer that is sold now; `per_day` is how many one member may have a day."""

    offer: str
    name: dict[str, str]
    partner: str
    unit: str
    price_fen: int
    per_day: int | None


class OffersView(BaseModel):
    """All offers that are sold now."""

    data: list[OfferView]


class AskedVoucherView(BaseModel):
    """A voucher that was asked for: its price is on hold, the partner is being asked."""

    voucher: str
    state: str
    offer: str
    unit: str
    price_fen: int
    hold: str
    asked_at: str
    ask_until: str


class VoucherVoidingView(BaseModel):
    """How a coupon is being given back: `asked`, then `voided` (and refunded), `used` or `unknown`."""

    voiding: str
    state: str
    asked_at: str
    settled_at: str | None
    refund: str | None


class VoucherView(BaseModel):
    """A voucher: `asked` while the partner's word is not known, then `issued` or `refused` for ever.

    `code` is shown to its member alone, until it is void; `redemption` is what had paid for it, `voiding`
    whether it is being given back.
    """

    voucher: str
    state: str
    offer: str
    partner: str
    unit: str
    price_fen: int
    hold: str
    asked_at: str
    ask_until: str
    settled_at: str | None
    redemption: str | None
    valid_until: str | None
    reason: str | None
    voiding: VoucherVoidingView | None
    code: str | None


class VouchersView(BaseModel):
    """A page of vouchers, newest first."""

    data: list[VoucherView]
    cursor: NextView


def declare(door: Door, front: Front, partners: frozenset[str]) -> None:
    """Declare the routes of offers and vouchers."""

    @door.get("/offers", takes=Nothing, gives=OffersView, roles=EVERYBODY)
    def list_offers(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """List the offers of outside partners that are sold now."""
        with front.reader.asked_by() as questions:
            found = offers_on_sale(questions, now())
        return {"data": [one for one in found if one["partner"] in partners]}

    @door.post("/vouchers", takes=VoucherBody, gives=AskedVoucherView, roles=(Role.MEMBER,), status=202)
    async def ask(asked: Asked, body: VoucherBody, call: Call) -> Answer:
        """Ask for a partner's coupon: its price is set aside, and taken once the partner has issued it."""
        command = AskVoucher(asked, call.principal.subject, body.offer, body.price_fen, partners)
        return await front.desk.ask(command)

    @door.get("/vouchers", takes=VouchersQuery, gives=VouchersView, roles=READERS)
    def list_vouchers(asked: Asked, query: VouchersQuery, call: Call) -> Mapping[str, Any]:
        """List one's own vouchers, or one's own unit's (without their codes), newest first."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = vouchers_of(questions, query.state, query.limit, after)
        return {"data": [_opened(front, call, row) for row in rows], "cursor": front.next(call, last)}

    @door.get("/vouchers/{voucher}", takes=Nothing, gives=VoucherView, roles=READERS)
    def read_voucher(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read a voucher of one's own, or one's own unit's (without its code), as it stands."""
        voucher = call.id_of("voucher", "vch")
        with front.asking(call) as questions:
            return _opened(front, call, voucher_of(questions, voucher))


def _opened(front: Front, call: Call, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the code in the place of its seal, which the policy gives to nobody but the member."""
    sealed, voucher_id = row["sealed"], read("vch", row["voucher"])
    told = {name: value for name, value in row.items() if name != "sealed"}
    code = None if sealed is None or voucher_id is None else front.secret.unsealed(voucher_id, sealed)
    if sealed is not None and code is None:
        # The service's secret is another one by now: a person must ask the partner for the code.
        call.note(unopened=row["voucher"])
    return {**told, "code": code}
