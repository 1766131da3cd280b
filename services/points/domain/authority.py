"""Who may act on what: judged on loaded facts, after the door let the role in."""

from datetime import datetime

from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Forbidden, Kind, NotFound, Refusal
from shared.kernel.words import Words


class UnknownUnit(Refusal):
    """There is no such business unit at that moment."""

    kind = Kind.MALFORMED
    code = "unknown-unit"
    title = Words("没有这个业务单元", "No such business unit")
    advice = Words(
        "请从 /points/v1/units 选择有效的业务单元，收到的是 {unit}。",
        "Choose a unit from /points/v1/units; {unit} is none.",
    )


def own_unit(principal: Principal | None, unit: str) -> None:
    """Let a unit's system act for its own unit, and an importer for any.

    :raises NotFound: if it is another unit's.
    """
    if principal is None or (principal.role is not Role.IMPORTER and principal.unit != unit):
        raise NotFound(_denied="foreign")


def own_unit_of_staff(principal: Principal, unit: str) -> None:
    """Let an operator act for any unit, and finance for its own.

    :raises NotFound: if it is another unit's.
    """
    if principal.role is not Role.OPERATOR and principal.unit != unit:
        raise NotFound(_denied="foreign")


def unit_meant(principal: Principal | None, named: str | None) -> str:
    """Give the unit that is named, else the caller's own.

    :raises UnknownUnit: if there is neither: an importer names one.
    """
    unit = named or (principal.unit if principal else None)
    if unit is None:
        raise UnknownUnit(unit="-")
    return unit


def stated_time(principal: Principal | None, at: datetime | None, now: datetime) -> datetime:
    """Give the moment a command speaks of: an importer or operator may state it, everyone else means now.

    :raises Forbidden: if somebody else states a time.
    """
    if at is None:
        return now
    if principal is None or principal.role not in (Role.IMPORTER, Role.OPERATOR):
        raise Forbidden(needed="importer")
    return at
