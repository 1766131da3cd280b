"""What must hold of other ways in and out: what moved points has its journal, no journal lacks its act."""

from services.points.domain.looks import ActLook, BalanceLook, Invariant


def _bad_act(one: ActLook) -> str | None:
    if not one.is_kept:
        return "a journal of its kind, and nothing kept that asked for it"
    if not one.is_booked:
        return "it moved points by its own word, and has no journal"
    if not one.fits:
        return "wallet, unit, points or time are not those of its journal"
    return None if one.rule_fits else "it is not as its rule says"


def _overdrawn(one: BalanceLook) -> str | None:
    return f"{one.difference} points or lines more than two persons agreed on" if one.difference > 0 else None


WAY_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a check-in has its journal and follows its streak", lambda e: e.check_ins, _bad_act),
    Invariant("a grant or deduction has its journal and two persons", lambda e: e.adjustments, _bad_act),
    Invariant("a gift passes whole, from lot to lot", lambda e: e.gifts, _bad_act),
    Invariant("an opening balance has its journal and an approved sheet", lambda e: e.openings, _bad_act),
    Invariant("a receipt that was in doubt is the one that was told", lambda e: e.doubts, _bad_act),
    Invariant("no more is brought in than a sheet says", lambda e: e.sheets, _overdrawn),
)
