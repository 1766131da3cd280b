"""Expiry: when what is left of a lot past its end has expired, part by part.

Refuses to know accounts and journals: the command writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.points.domain.amounts import Points
from services.points.domain.lot import Lot


@dataclass(frozen=True, slots=True)
class Ending:
    """Points (> 0) of one lot that have expired at one moment."""

    points: Points
    at: datetime


def endings(lot: Lot, let_go: Mapping[datetime, int]) -> list[Ending]:
    """Say when what is left of a lot that is over has expired: at its end, or once a hold let it go after it.

    Before a hold let them go, points were not in the wallet: an older date would take out what was not there.
    What expired in an earlier round had come back first, so what is left came back last.

    :param let_go: how many points of the lot holds gave back, by moment.
    """
    left: int = lot.points_left
    found: list[Ending] = []
    for at, points in sorted(let_go.items(), reverse=True):
        if at <= lot.expires_at or not left:
            break
        found.append(Ending(Points(min(points, left)), at))
        left -= min(points, left)
    if left:
        found.append(Ending(Points(left), lot.expires_at))
    return found[::-1]
