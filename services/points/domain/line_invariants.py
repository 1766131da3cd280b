"""What must hold of every line: its shape, its lot, the accounts at its two ends."""

from services.points.domain.account import IN_HAND, AccountRole
from services.points.domain.looks import Invariant, LineLook

MONEY = frozenset({AccountRole.CLEARING, AccountRole.DEBTS, AccountRole.DEBT})
"""Accounts of money."""

SHAPES = frozenset(
    {
        ("earning", "issued", "wallet", "none"),
        ("redemption", "wallet", "redeemed", "none"),
        ("redemption", "wallet", "redeemed", "same lot"),
        ("redemption", "wallet", "exchange", "none"),
        ("redemption", "exchange", "wallet", "other lot"),
        ("redemption", "clearing", "clearing", "other lot"),
        ("refund", "redeemed", "wallet", "earlier"),
        ("refund", "clearing", "clearing", "other lot"),
        ("hold", "wallet", "held", "none"),
        ("capture", "held", "redeemed", "none"),
        ("capture", "held", "redeemed", "same lot"),
        ("capture", "held", "exchange", "none"),
        ("capture", "exchange", "held", "other lot"),
        ("capture", "clearing", "clearing", "other lot"),
        ("capture", "held", "wallet", "none"),
        ("release", "held", "wallet", "none"),
        ("return", "wallet", "issued", "none"),
        ("return", "debt", "debts", "none"),
        ("repayment", "wallet", "redeemed", "none"),
        ("repayment", "wallet", "redeemed", "same lot"),
        ("repayment", "wallet", "exchange", "none"),
        ("repayment", "exchange", "wallet", "other lot"),
        ("repayment", "clearing", "clearing", "other lot"),
        ("repayment", "debts", "debt", "none"),
        ("expiry", "wallet", "expired", "none"),
        ("check-in", "issued", "wallet", "none"),
        ("grant", "issued", "wallet", "none"),
        ("deduction", "wallet", "issued", "none"),
        ("opening", "issued", "wallet", "none"),
        ("gift", "wallet", "gift", "none"),
        ("gift-received", "gift", "wallet", "none"),
        ("exchange", "wallet", "exchange", "none"),
        ("exchange", "exchange", "wallet", "other lot"),
        ("exchange", "exchange", "fee", "none"),
        ("exchange", "exchange", "residual", "none"),
        ("exchange", "clearing", "clearing", "other lot"),
    }
)
"""Kind of journal, from, to, cause: every way in which value may move."""


def _orphan_line(one: LineLook) -> str | None:
    return "its journal is missing" if one.kind is None else None


def _still_line(one: LineLook) -> str | None:
    return None if one.moves else "it moves nothing from one account to another"


def _shapeless_line(one: LineLook) -> str | None:
    if one.kind is None:
        return None
    if (one.kind, one.from_role, one.to_role, one.cause) not in SHAPES:
        return f"{one.kind}: {one.from_role} to {one.to_role}, cause {one.cause}"
    if one.is_money != (one.from_role in MONEY):
        return "money moves between clearing accounts and debts, points elsewhere"
    ends = {one.from_role, one.to_role}
    by_wish = one.kind == "exchange" and bool(IN_HAND & ends)
    if one.pays != (by_wish or AccountRole.REDEEMED in ends):
        return "a worth stands on redeemed lines, and on those of an exchange by wish"
    return None


def _lotless_line(one: LineLook) -> str | None:
    if "stranger" in (one.from_role, one.to_role):
        return "the account is not the wallet of the line's lot"
    # Between two accounts of the house points have no lot any more, and money never has one.
    moves_hand = not one.is_money and bool(IN_HAND & {one.from_role, one.to_role})
    if one.lot != ("known" if moves_hand else "none"):
        return f"the lot is {one.lot}"
    return None


def _misplaced_line(one: LineLook) -> str | None:
    return None if one.units_fit else "the account's unit is not the lot's issuer, or not the journal's unit"


def _ill_begun_lot(one: LineLook) -> str | None:
    return None if one.points_fit else "the lot did not begin with what this line brought"


LINE_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a line belongs to a journal", lambda e: e.lines, _orphan_line),
    Invariant("a line moves more than nothing between two accounts", lambda e: e.lines, _still_line),
    Invariant("a line has a lawful shape", lambda e: e.lines, _shapeless_line),
    Invariant("a wallet's line names one lot of that wallet", lambda e: e.lines, _lotless_line),
    Invariant("a line's accounts are those of issuer and unit", lambda e: e.lines, _misplaced_line),
    Invariant("a lot begins with what its line brought", lambda e: e.lines, _ill_begun_lot),
)
