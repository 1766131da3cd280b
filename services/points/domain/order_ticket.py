"""Order tickets: a unit's signed word that whoever shows it may pay a certain order of a certain price.

A member's app may name any order of any unit. Where a unit requires tickets, the app must first have been
told of the order by the unit itself; so nobody can ask which orders there are, or keep a stranger's from
being paid. Refuses to verify a signature: the door has, and says what it found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.points.domain.authority import UnknownUnit
from services.points.domain.books import LedgerBooks
from services.points.domain.naming import number_identity, order_name
from services.points.domain.redemption import Price
from shared.kernel.command import Asked, Row
from shared.kernel.principal import Role
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

LASTS = timedelta(days=1)
"""How far ahead a ticket may end: what is lost or seen by others is soon worth nothing."""

AHEAD = timedelta(minutes=5)
"""How far a till's clock may be ahead of ours."""


class OrderTicketNeeded(Refusal):
    """Members pay orders of this unit only with a ticket of it, whether or not there is such an order."""

    kind = Kind.CONFLICT
    code = "order-ticket-needed"
    title = Words("需要订单凭证", "An order ticket is needed")
    advice = Words(
        "{unit} 的订单须持该单位签发的订单凭证支付；请从该单位取得后以 order_ticket 提交，或出示付款码。",
        "Orders of {unit} are paid with a ticket that it signs: get one there and send it as order_ticket, "
        "or show a pay code.",
    )


class OrderTicketInvalid(Refusal):
    """What was shown is no ticket that a system of its unit has signed."""

    kind = Kind.CONFLICT
    code = "order-ticket-invalid"
    title = Words("订单凭证无效", "The order ticket is not valid")
    advice = Words(
        "无法确认该凭证（{cause}），积分未变动；请向开单单位索取新的凭证。",
        "It cannot be believed ({cause}) and no points have moved; ask the unit for a new one.",
    )


class OrderTicketExpired(Refusal):
    """The ticket is over."""

    kind = Kind.GONE
    code = "order-ticket-expired"
    title = Words("订单凭证已过期", "The order ticket has expired")
    advice = Words(
        "该凭证有效至 {until}；请向开单单位索取新的凭证。",
        "It was good until {until}; ask the unit for a new one.",
    )


class OrderTicketMismatch(Refusal):
    """The ticket is for another order, another price or another member."""

    kind = Kind.CONFLICT
    code = "order-ticket-mismatch"
    title = Words("订单凭证与请求不符", "The order ticket is for something else")
    advice = Words(
        "凭证与本次请求的 {differs} 不一致，积分未变动；请按凭证提交，或向开单单位索取新的凭证。",
        "Ticket and request differ in {differs} and no points have moved; send what the ticket says, or ask "
        "the unit for a new one.",
    )


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """What a system of the unit has signed; with `number` only that member number's holder may use it."""

    unit: str
    order_no: str
    price_fen: int
    expires_at: datetime
    number: str | None = None

    @property
    def identity(self) -> str | None:
        """The identity whose holder alone may use it, if it names one."""
        return None if self.number is None else number_identity(self.unit, self.number)

    @property
    def order(self) -> str:
        """The natural name of its order."""
        return order_name(self.unit, self.order_no)


@dataclass(frozen=True, slots=True)
class NoTicket:
    """What was shown as a ticket and is none; `cause` says why."""

    cause: str


ShownTicket = OrderTicket | NoTicket
"""What a member showed, as the door found it."""


def ticket_rows(ticket: ShownTicket | None, order: str) -> tuple[Row, ...]:
    """Give the rows to lock for a ticket of this order (its natural name): whose number the ticket names."""
    if isinstance(ticket, OrderTicket) and ticket.identity is not None and ticket.order == order:
        return (("identity", ticket.identity),)
    return ()


class OrderWish(Protocol):
    """A command that pays a unit's order, or sets points aside for it."""

    @property
    def asked(self) -> Asked:
        """Who asks."""

    @property
    def unit(self) -> str:
        """Whose order it is."""

    @property
    def name(self) -> str:
        """The order's natural name."""

    @property
    def price(self) -> Price:
        """What the order costs, as whoever asks says."""

    @property
    def ticket(self) -> ShownTicket | None:
        """What was shown as the unit's word about the order."""


def check_order(books: LedgerBooks, wish: OrderWish, holder_id: str, at: datetime) -> None:
    """Let an order of a unit be paid with the ticket that is shown, or without one where none is needed.

    To be asked before anybody is told whether there is such an order.

    :param holder_id: whose points are to pay it.
    :raises UnknownUnit: if there is no such unit then.
    :raises OrderTicketNeeded: if a member shows none where the unit requires them.
    :raises OrderTicketInvalid: if it is none, or ends too far ahead.
    :raises OrderTicketExpired: if it is over.
    :raises OrderTicketMismatch: if it is for something else or somebody else.
    """
    unit = books.rulebook.find_unit(wish.unit, at)
    if unit is None:
        raise UnknownUnit(unit=wish.unit)
    ticket, asker = wish.ticket, wish.asked.principal
    if ticket is None:
        if unit.tickets_required and asker is not None and asker.role is Role.MEMBER:
            raise OrderTicketNeeded(unit=unit.code)
        return
    if isinstance(ticket, NoTicket):
        raise OrderTicketInvalid(cause=ticket.cause)
    if ticket.expires_at > books.now + LASTS + AHEAD:
        raise OrderTicketInvalid(cause="lasts-too-long")
    differs = ", ".join(_differences(books, ticket, wish, holder_id))
    if differs:
        raise OrderTicketMismatch(differs=differs)
    if books.now >= ticket.expires_at:
        raise OrderTicketExpired(until=ticket.expires_at.isoformat())


def _differences(books: LedgerBooks, ticket: OrderTicket, wish: OrderWish, holder_id: str) -> Iterator[str]:
    another = ticket.order != wish.name
    if another:
        yield "unit or order_no"
    if ticket.price_fen != wish.price.price_fen:
        yield "price_fen"
    # Whose number it names is not looked up where it is for another order.
    if not another and ticket.identity is not None and books.wallet(ticket.identity).holder_id != holder_id:
        yield "number"
