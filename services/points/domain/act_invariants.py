"""What must hold of an act that moved points: it has its journal, and no such journal lacks its act."""

from services.points.domain.looks import ActLook


def bad_act(one: ActLook) -> str | None:
    """Tell what is wrong with an act, or nothing."""
    if not one.is_kept:
        return "a journal of its kind, and nothing kept that asked for it"
    if not one.is_booked:
        return "it moved points by its own word, and has no journal"
    if not one.fits:
        return "wallet, unit, points or time are not those of its journal"
    return None if one.rule_fits else "it is not as its rule says"
