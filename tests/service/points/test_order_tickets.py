"""Order tickets at real desks: where a unit requires them nobody learns or blocks a stranger's order."""

from datetime import timedelta

import pytest

from services.points.commands.place_hold import PlaceHold
from services.points.commands.redeem_points import RedeemPoints
from services.points.domain.order_ticket import NoTicket, OrderTicket, ShownTicket
from services.points.domain.redemption import Price
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import month_of
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from tests.service.points.ledger_house import LedgerHouse, answer_of, asked, code_of, later, link

PRICE_FEN = 1_000
HOUR = timedelta(hours=1)
Wish = RedeemPoints | PlaceHold
VERBS: tuple[type[Wish], ...] = (RedeemPoints, PlaceHold)
WISHES = pytest.mark.parametrize("verb", VERBS)


@pytest.fixture(scope="module", autouse=True)
def tickets_at_the_hotel(house: LedgerHouse) -> None:
    """Let the hotel require tickets, and nobody else; members pay now, so this month is open."""
    name = {"zh": "hotel", "en": "hotel"}
    house.add_rule(RuleKind.UNIT, "hotel", {"asset": "HOTL", "name": name, "tickets_required": True})
    house.open_month(month_of(now()))


def member(house: LedgerHouse, letters: str, points: int = 2_000) -> str:
    """Let there be a member with that number at the office, and so many points of it."""
    who = f"mem_{letters.encode().hex():0>32}"
    answer_of(house.obey(link(who, "office", letters))[0])
    house.fund(letters, points, at=now() - timedelta(minutes=1))
    return who


def ticket(
    order: str, price_fen: int = PRICE_FEN, *, lasts: timedelta = HOUR, number: str | None = None
) -> OrderTicket:
    """Make what the door read in a ticket of the hotel."""
    return OrderTicket("hotel", order, price_fen, now() + lasts, number)


def wish(
    verb: type[Wish],
    who: str,
    order: str,
    shown: ShownTicket | None = None,
    *,
    unit: str = "hotel",
    key: str | None = None,
    pay_fen: int = 500,
    by: Principal | None = None,
) -> Wish:
    """Make a member's wish to pay or hold a part of the price."""
    price = Price(PRICE_FEN, pay_fen, None)
    head = asked(key, by or Principal(who, Role.MEMBER), f"{who} {unit} {order} {shown}")
    if verb is PlaceHold:
        return PlaceHold(head, who, unit, order, price, ticket=shown)
    return RedeemPoints(head, who, unit, order, price, ticket=shown)


@WISHES
def test_with_a_ticket_the_order_is_paid_and_asked_again_it_is_the_first_answer(
    house: LedgerHouse, verb: type[Wish]
) -> None:
    order = f"good {verb.__name__}"
    who = member(house, order)
    first = answer_of(house.obey(wish(verb, who, order, ticket(order), key=order))[0])
    assert first["to_pay_fen"] == PRICE_FEN - 500
    # Whoever asks again need not show it again, under the same key or another: it is their own order.
    shown = OrderTicket("hotel", order, PRICE_FEN, now() - HOUR)
    for again in (
        wish(verb, who, order),
        wish(verb, who, order, shown),
        wish(verb, who, order, NoTicket("x")),
    ):
        assert answer_of(house.obey(again)[0]) == first
    assert house.available(who, now()) == 1_500


@WISHES
def test_without_one_the_answer_is_the_same_whether_there_is_such_an_order(
    house: LedgerHouse, verb: type[Wish]
) -> None:
    owner, stranger = member(house, f"owner {verb.__name__}"), member(house, f"stranger {verb.__name__}")
    orders = [f"{state} {verb.__name__}" for state in ("redeemed", "held", "nobody's")]
    for kind, order in zip(VERBS, orders, strict=False):
        answer_of(house.obey(wish(kind, owner, order, ticket(order)))[0])
    tried: tuple[ShownTicket | None, ...] = (None, NoTicket("signature"), ticket("of another order"))
    for shown in tried:
        answers = [house.obey(wish(verb, stranger, order, shown))[0] for order in orders]
        told = [(answer.refusal.code, answer.refusal.facts) for answer in answers if answer.refusal]
        assert told == [told[0]] * 3
    # Who has the unit's ticket is told: the unit told them of the order.
    assert code_of(house.obey(wish(verb, stranger, orders[0], ticket(orders[0])))[0]) == "order-redeemed"
    assert code_of(house.obey(wish(verb, stranger, orders[1], ticket(orders[1])))[0]) == "order-held"
    # And nothing keeps the owner of an order from paying it.
    last = house.obey(wish(RedeemPoints, owner, orders[2], ticket(orders[2])))[0]
    assert answer_of(last)["paid_fen"] == 500


@WISHES
def test_each_refusal_says_what_is_wrong_and_moves_nothing(house: LedgerHouse, verb: type[Wish]) -> None:
    order = f"refused {verb.__name__}"
    who = member(house, order)
    member(house, f"other {verb.__name__}")
    elsewhere = OrderTicket("office", order, PRICE_FEN, now() + HOUR)
    tried: dict[str, ShownTicket | None] = {
        "order-ticket-needed {'unit': 'hotel'}": None,
        "order-ticket-invalid {'cause': 'signature'}": NoTicket("signature"),
        "order-ticket-invalid {'cause': 'lasts-too-long'}": ticket(order, lasts=timedelta(days=1, minutes=6)),
        "order-ticket-mismatch {'differs': 'unit or order_no'}": ticket("another order"),
        "order-ticket-mismatch {'differs': 'price_fen'}": ticket(order, 999),
        "order-ticket-mismatch {'differs': 'unit or order_no, price_fen'}": OrderTicket(
            "office", order, 1, now() + HOUR
        ),
        "order-ticket-mismatch {'differs': 'number'}": ticket(order, number="17"),
    }
    answers = house.obey(*(wish(verb, who, order, shown) for shown in tried.values()))
    found = [f"{one.refusal.code} {one.refusal.facts}" for one in answers if one.refusal is not None]
    assert found == list(tried)
    assert code_of(house.obey(wish(verb, who, order, elsewhere))[0]) == "order-ticket-mismatch"
    over = house.obey(wish(verb, who, order, ticket(order, lasts=-timedelta(seconds=1))))[0]
    assert code_of(over) == "order-ticket-expired"
    assert house.available(who, now()) == 2_000
    assert house.rows("SELECT count(*) FROM declines WHERE order_no = %s", order) == [(0,)]


def test_a_ticket_for_one_member_number_is_good_for_its_holder_alone(house: LedgerHouse) -> None:
    who, thief = member(house, "named"), member(house, "thief")
    answer_of(house.obey(link(who, "hotel", "room 17"))[0])
    named = ticket("for one", number="ROOM 17")
    assert code_of(house.obey(wish(RedeemPoints, thief, "for one", named))[0]) == "order-ticket-mismatch"
    assert answer_of(house.obey(wish(RedeemPoints, who, "for one", named))[0])["paid_fen"] == 500


def test_a_ticket_that_is_shown_must_fit_where_none_is_required(house: LedgerHouse) -> None:
    who = member(house, "free")
    wrong, right = (OrderTicket("office", "free", price, now() + HOUR) for price in (1, PRICE_FEN))
    tried = house.obey(
        wish(RedeemPoints, who, "free", wrong, unit="office"),
        wish(RedeemPoints, who, "free", right, unit="office"),
        wish(RedeemPoints, who, "free of tickets", unit="office"),
    )
    assert [code_of(one) for one in tried] == ["order-ticket-mismatch", "ok", "ok"]


def test_importers_need_none(house: LedgerHouse) -> None:
    who = member(house, "brought in")
    importer = Principal("importer", Role.IMPORTER)
    assert code_of(house.obey(wish(RedeemPoints, who, "brought in", by=importer))[0]) == "ok"


def test_twins_with_one_ticket_pay_once_and_two_members_with_one_are_told_apart(house: LedgerHouse) -> None:
    who, other = member(house, "twin"), member(house, "other twin")
    desks, shown = (house.first, house.desk()), ticket("twins")
    answers = [
        later(desks[place % 2], wish(RedeemPoints, who, "twins", shown, key="twins")) for place in range(8)
    ]
    answers += [later(desks[place % 2], wish(RedeemPoints, who, "twins", shown)) for place in range(8)]
    first, *others = (answer_of(one.result()[0]) for one in answers)
    assert others == [first] * 15
    assert house.available(who, now()) == 1_500
    assert code_of(house.obey(wish(RedeemPoints, other, "twins", shown))[0]) == "order-redeemed"
