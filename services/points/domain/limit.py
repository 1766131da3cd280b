"""Limits: how much may pass in a window (a campaign, a month), drawn by each desk from a share of its own.

One counter for everybody would make all desks wait for one another; so the budget of a window is granted in
slices, and a decision sees the slice of its desk. Where that runs dry the decision is put off, the slice is
filled up before the next batch, and only then, all leftovers gathered, the limit says no: exactly the budget
goes out. Refuses to lock and to grant: the store does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from shared.kernel.command import Postponed, Row
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class LimitReached(Refusal):
    """The budget of a window does not reach for this any more."""

    kind = Kind.CONFLICT
    code = "limit-reached"
    title = Words("已达限额", "The limit is reached")
    advice = Words(
        "限额 {limit} 在 {window} 内共 {total}，还剩 {left}，本次需要 {wanted}。请减少数量，或等待下一期。",
        "Of limit {limit}, {total} in {window}, {left} are left; {wanted} were needed. Ask for less, or wait"
        " for the next window.",
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command wants to draw: `amount` (> 0) of a limit's window, whose budget is `total` by the rules.

    `subject` is the canonical id of what it is drawn for, under which the draw is kept.
    """

    limit: str
    window: str
    total: int
    amount: int
    subject: str

    @property
    def name(self) -> str:
        """The window's own name among all limits."""
        return f"{self.limit}|{self.window}"

    @property
    def row(self) -> Row:
        """The row that a command with this wish needs locked."""
        return "limit", self.name


@dataclass(frozen=True, slots=True)
class LimitDrawn:
    """A change: that much has been drawn from the desk's slice."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class Share:
    """What a desk may still draw from its slice of a window.

    `total` is the budget that was granted from. `most` is what is left of the whole window at most, known
    only right after all leftovers were gathered into this slice.
    """

    total: int
    free: int
    most: int | None = None

    def allows(self, wish: Wish) -> bool:
        """Tell whether the slice reaches; the budget must still be what the rules say.

        :raises LimitReached: if the whole window does not reach.
        """
        if self.most is not None and wish.amount > self.most:
            raise LimitReached(
                limit=wish.limit, window=wish.window, total=wish.total, left=self.most, wanted=wish.amount
            )
        return wish.total == self.total and wish.amount <= self.free

    def less(self, amount: int) -> "Share":
        """Give what is left once that much was drawn."""
        most = None if self.most is None else self.most - amount
        return replace(self, free=self.free - amount, most=most)


def draw(shares: Mapping[str, Share], wishes: Iterable[Wish]) -> tuple[LimitDrawn, ...]:
    """Let all wishes of one command be drawn, or none; each wish is about another window.

    :raises LimitReached: if a window does not reach.
    :raises Postponed: if a window is not locked yet, or the desk's slice must be filled up first.
    """
    wanted = tuple(wishes)
    unlocked = [wish.row for wish in wanted if wish.name not in shares]
    if unlocked:
        raise Postponed(rows=unlocked)
    dry = [wish for wish in wanted if not shares[wish.name].allows(wish)]
    if dry:
        raise Postponed(wants=dry)
    return tuple(LimitDrawn(wish) for wish in wanted)
