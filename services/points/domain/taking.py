"""Taking whole points of one asset from lots, as they are. Refuses to take more than is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.points.domain.amounts import Points
from services.points.domain.lot import Lot
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

LOTS_MAX = 1_500
"""The most lots one command draws from: each may need an id, and a command can name 3,583 things."""


class TooFewToTake(Refusal):
    """There are fewer points of that kind than were asked for."""

    kind = Kind.CONFLICT
    code = "too-few-to-take"
    title = Words("该类积分不足", "Too few points of that kind")
    advice = Words(
        "可动用 {available} 积分，本次需要 {wanted}；请减少数量。",
        "{available} points can be taken, {wanted} were wanted; ask for fewer.",
    )


class TooManyLots(Refusal):
    """The points lie in more lots than one movement can take."""

    kind = Kind.CONFLICT
    code = "too-many-lots"
    title = Words("涉及批次过多", "The points lie in too many lots")
    advice = Words(
        "一次最多动用 {most} 个批次；请分次办理。", "At most {most} lots at a time; do it in several steps."
    )


@dataclass(frozen=True, slots=True)
class Share:
    """Points (> 0) taken from one lot."""

    lot: Lot
    points: Points

    @property
    def left(self) -> Lot:
        """The lot without them."""
        return self.lot.left_with(self.lot.points_left - self.points)


def take(lots: Iterable[Lot], points: int) -> tuple[Share, ...]:
    """Take that many points (> 0) from the lots in the given order.

    :raises TooFewToTake: if the lots do not have as many together.
    :raises TooManyLots: if more than 1,500 lots would be drawn.
    """
    offered = [lot for lot in lots if lot.points_left > 0]
    shares: list[Share] = []
    left = points
    for lot in offered:
        if left == 0:
            break
        part = Points(min(left, lot.points_left))
        shares.append(Share(lot, part))
        left -= part
    if left:
        raise TooFewToTake(available=points - left, wanted=points)
    if len(shares) > LOTS_MAX:
        raise TooManyLots(most=LOTS_MAX)
    return tuple(shares)
