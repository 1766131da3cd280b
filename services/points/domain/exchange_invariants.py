"""What must hold of every exchange by wish: value, rates, lots, shares of issuers, limits."""

from services.points.domain.looks import BalanceLook, DrawLook, Invariant, TurnLook, WishLook


def _bad_wish(one: WishLook) -> str | None:
    if not (one.is_kept and one.is_booked):
        return "it has no journal" if one.is_kept else "a journal without its exchange"
    if not one.balances:
        return "value in is not value out, fee and residual"
    if not one.figures_fit:
        return "its journal brought and took other amounts"
    if not one.fits:
        return "holder, time, day or quote are not those of its journal"
    return None if one.answer_fits else "it was answered otherwise"


def _misrated(one: WishLook) -> str | None:
    if not one.is_kept:
        return None
    if not one.rates_fit:
        return "its rates or its fee are not those in force when it was quoted"
    return None if one.worked_fits else "it gives not what its rates make of its points"


def _bad_turn(one: TurnLook) -> str | None:
    if not one.is_caused:
        return "points came out for none that went in"
    if not one.worth_fits:
        return "its worth is not that of the pinned rate"
    if not one.given_fits:
        return "the new lot is not its part of what was given"
    return None if one.lineage_fits else "the new lot lost issuer, dates, wallet or parent"


def _unshared(one: BalanceLook) -> str | None:
    return None if one.difference == 0 else f"{one.difference} (1/100 fen) of value were not paid for"


def _undrawn(one: DrawLook) -> str | None:
    return None if one.fits else "it is not the value that the issuer's points brought"


EXCHANGE_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("an exchange gives value for value", lambda e: e.wishes, _bad_wish),
    Invariant("an exchange runs at the rates it was quoted", lambda e: e.wishes, _misrated),
    Invariant("an exchanged lot keeps issuer, dates and parent", lambda e: e.turns, _bad_turn),
    Invariant("whoever is rid of points by an exchange has paid for it", lambda e: e.shares, _unshared),
    Invariant("an exchange draws from the limits of its issuers", lambda e: e.draws, _undrawn),
)
