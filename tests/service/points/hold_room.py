"""Holds for tests at real desks: commands of members, importers and tills, and the job that expires."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from services.points.commands.capture_hold import CaptureHold
from services.points.commands.place_hold import PlaceHold
from services.points.commands.release_hold import ReleaseHold
from services.points.domain.redemption import Price
from services.points.jobs.expire_holds import expire_due_holds
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime.database import connect
from tests.service.points.ledger_house import IMPORTER, NOON, LedgerHouse, answer_of, asked

HOTEL = Principal("till-hotel", Role.UNIT_SYSTEM, "hotel")
OFFICE = Principal("till-office", Role.UNIT_SYSTEM, "office")
MINUTE = timedelta(minutes=1)


def hold(
    identity: str,
    order: str,
    amount_fen: int,
    *,
    unit: str = "hotel",
    at: datetime = NOON,
    lasts_s: int | None = None,
    key: str | None = None,
) -> PlaceHold:
    """Make a hold of exactly that much of a price twice as high."""
    price = Price(2 * amount_fen, amount_fen, None)
    body = f"{identity} {unit} {order} {amount_fen} {lasts_s}"
    return PlaceHold(asked(key, body=body), identity, unit, order, price, lasts_s, at)


def capture(
    told: dict[str, Any],
    number: str,
    amount_fen: int,
    *,
    final: bool = False,
    at: datetime = NOON + MINUTE,
    by: Principal = IMPORTER,
    key: str | None = None,
) -> CaptureHold:
    """Make a capture of a placed hold."""
    body = f"{told['hold']} {number} {amount_fen} {final}"
    stated = at if by is IMPORTER else None
    head = asked(key, by, body)
    return CaptureHold(head, read("hld", told["hold"]) or "", number, amount_fen, final, stated)


def release(told: dict[str, Any], *, at: datetime = NOON + MINUTE, by: Principal = IMPORTER) -> ReleaseHold:
    """Make a release of a placed hold."""
    stated = at if by is IMPORTER else None
    return ReleaseHold(asked(principal=by), read("hld", told["hold"]) or "", stated)


def placed(house: LedgerHouse, command: PlaceHold) -> dict[str, Any]:
    """Place a hold that must succeed."""
    return answer_of(house.obey(command)[0])


def expired(house: LedgerHouse, moment: datetime) -> Any:
    """Let the job go one round at a stated moment."""
    with closing(connect(house.database.url("desk"))) as connection:
        return expire_due_holds(connection, house.first.obey_all, moment, stated_by=IMPORTER)
