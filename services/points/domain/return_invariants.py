"""What must hold of returns and debts: what is taken is in the receipt's terms, what lacks is owed."""

from services.points.domain.looks import Invariant, RepaymentLook, ReturnLook


def _bad_return(one: ReturnLook) -> str | None:
    if not one.is_kept:
        return "a journal without its return"
    if not one.is_booked:
        return "its journal is missing, or took points that nobody had to give"
    if not one.fits:
        return "unit or time are not those of its journal, or it does not follow the returns before it"
    return None if one.answer_fits else "it was answered otherwise"


def _misclaimed(one: ReturnLook) -> str | None:
    return None if one.points_fit or not one.is_kept else "it took not what the receipt's terms say"


def _misowed(one: ReturnLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.debt_fits else "what is owed is not what the lots did not give"


def _misplaced(one: ReturnLook) -> str | None:
    return None if one.owner_fits or not one.is_kept else "its debt is another wallet's, or another unit's"


def _misrepaid(one: RepaymentLook) -> str | None:
    if not one.units_fit:
        return "it repays another unit than the one that was paid"
    return None if one.amount_fits else "the debt became smaller by another amount than was paid"


RETURN_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a return has its journal and its place", lambda e: e.returns, _bad_return),
    Invariant("a return takes what the receipt's terms say", lambda e: e.returns, _misclaimed),
    Invariant("what lots do not give is owed", lambda e: e.returns, _misowed),
    Invariant("a debt is owed by whose purchase came back, to who lacks", lambda e: e.returns, _misplaced),
    Invariant("a debt is repaid by what new points paid", lambda e: e.repayments, _misrepaid),
)
