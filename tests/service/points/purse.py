"""An independent model of one person's points: rules in a plain loop, no code of the services."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import gcd

VALUES = {"MALL": 5, "HOTL": 1, "OFFI": 1, "PROP": 1, "GRUP": 1}
ISSUES = {"mall-east": ("MALL", 1, 1_000, 7), "office": ("OFFI", 1, 200, 0), "hotel": ("HOTL", 3, 100, 14)}
EXPIRES = datetime.fromisoformat("2019-04-01T00:00:00+08:00")
"""Everything earned in the first quarter of 2017 expires here."""
POINTS_PER_DAY, RECEIPTS_PER_STORE, EXEMPT = 700, 2, ("hotel",)
"""Caps, where a purse is capped: of a day in fen, of a store in receipts that earned."""

Taken = tuple[str, str, int, int]
"""Asset, issuer, points and what they pay in fen."""


@dataclass(slots=True)
class Coin:
    """What is left of one lot."""

    unit: str
    asset: str
    left: int
    earned_at: datetime
    available_at: datetime
    receipt: int
    is_change: bool = False
    name: str = ""

    @property
    def turn(self) -> tuple[datetime, int, bool, str]:
        """When it is this coin's turn to be spent (all expire together); those of one coin by name."""
        return self.earned_at, self.receipt, not self.is_change, self.name


@dataclass(slots=True)
class Held:
    """Points set aside: of which coins how many, how much is left to be captured, and until when."""

    parts: list[tuple[Coin, int]]
    left_fen: int
    ends_at: datetime


@dataclass(slots=True)
class Sale:
    """A receipt that earned: how much was bought, what it was given, and on which day."""

    unit: str
    amount_fen: int
    given: int
    day: date


@dataclass(slots=True)
class Paid:
    """What paid for an order, line by line, and how much of it came back."""

    lines: list[tuple[Coin, int, int]]
    refunded_fen: int = 0

    @property
    def left_fen(self) -> int:
        """What can still come back."""
        return sum(fen for _, _, fen in self.lines) - self.refunded_fen


def earned(unit: str, fen: int) -> int:
    """Give what so many fen earn at a unit, without caps."""
    _, points, per_fen, _ = ISSUES[unit]
    return fen * points // per_fen


@dataclass(slots=True)
class Purse:
    """All coins of one person, what lies on hold, what was bought and paid, and what is owed to whom."""

    coins: list[Coin] = field(default_factory=list)
    holds: dict[str, Held] = field(default_factory=dict)
    sales: dict[int, Sale] = field(default_factory=dict)
    payments: dict[str, Paid] = field(default_factory=dict)
    debts: dict[str, int] = field(default_factory=dict)
    newest: list[Coin] = field(default_factory=list)
    capped: bool = False

    def copied(self) -> "Purse":
        """Give the purse as it is now, as far as anybody asks what it was worth or had earned."""
        coins = [type(one)(*(getattr(one, name) for name in one.__slots__)) for one in self.coins]
        return Purse(coins, sales=dict(self.sales), capped=self.capped)

    def take_in(self, other: "Purse") -> None:
        """Have what the other has: a number was linked."""
        self.coins += other.coins
        for name in ("holds", "sales", "payments", "debts"):
            getattr(self, name).update(getattr(other, name))

    def would_earn(self, unit: str, amount_fen: int, at: datetime) -> int:
        """Give what a receipt earns, cut by the caps of its day."""
        points, same_day = (
            earned(unit, amount_fen),
            [one for one in self.sales.values() if one.day == at.date()],
        )
        if not self.capped:
            return points
        if sum(one.unit == unit for one in same_day) >= RECEIPTS_PER_STORE:
            return 0
        if unit in EXEMPT:
            return points
        used = sum(one.given * VALUES[ISSUES[one.unit][0]] for one in same_day if one.unit not in EXEMPT)
        return min(points, max(0, POINTS_PER_DAY - used) // VALUES[ISSUES[unit][0]])

    def earn(self, unit: str, amount_fen: int, receipt: int, at: datetime) -> int:
        """Add what a receipt earns; give the points."""
        asset, _, _, pending = ISSUES[unit]
        given = self.would_earn(unit, amount_fen, at)
        if given:
            self.newest = [Coin(unit, asset, given, at, at + timedelta(days=pending), receipt)]
            self.coins += self.newest
            self.sales[receipt] = Sale(unit, amount_fen, given, at.date())
        return given

    def worth(self, at: datetime) -> int:
        """Give what can be spent at that moment, in fen."""
        return sum(one.left * VALUES[one.asset] for one in self.coins if one.available_at <= at < EXPIRES)

    def has(self, asset: str, at: datetime) -> int:
        """Give the points of an asset that can be spent at that moment."""
        return sum(one.left for one in self.coins if one.asset == asset and one.available_at <= at < EXPIRES)

    def exchange(
        self, assets: tuple[str, str], points: int, at: datetime, names: list[str]
    ) -> tuple[int, int, int]:
        """Turn that many points into another asset's; give the points given, value in, and the residual."""
        from_asset, to_asset = assets
        value_in, value_out = VALUES[from_asset], VALUES[to_asset]
        given = points * value_in // value_out
        fresh, reached, handed = iter(names), 0, 0
        for coin in sorted(self.coins, key=lambda one: one.turn):
            if coin.asset != from_asset or not coin.left or not coin.available_at <= at < EXPIRES:
                continue
            part = min(coin.left, points - reached)
            if not part:
                break
            coin.left -= part
            reached += part
            # Of what all coins up to this one make together, as much as none of those before has got.
            gets = (reached * given + points - 1) // points - handed
            handed += gets
            if gets:
                self.coins.append(
                    Coin(
                        coin.unit,
                        to_asset,
                        gets,
                        coin.earned_at,
                        coin.available_at,
                        coin.receipt,
                        True,
                        next(fresh),
                    )
                )
        assert (reached, handed) == (points, given), "the model was asked for more than there is"
        return given, points * value_in, points * value_in - given * value_out

    def pay(self, fen: int, at: datetime, name: str = "", order: str = "") -> tuple[list[Taken], int]:
        """Pay that much; give what was taken and the change, a coin of that name, in group points."""
        usable = [one for one in self.coins if one.available_at <= at < EXPIRES]
        taken, change, self.payments[order] = self._spent(usable, fen, name)
        return taken, change

    def _spent(self, coins: list[Coin], fen: int, name: str) -> tuple[list[Taken], int, Paid]:
        """Pay with some coins; give what was taken, the change, and the lines that may come back."""
        taken: list[Taken] = []
        change, lines = 0, list[tuple[Coin, int, int]]()
        for coin in sorted(coins, key=lambda one: one.turn):
            if not fen or not coin.left:
                continue
            value = VALUES[coin.asset]
            points = min(coin.left, (fen + value - 1) // value)
            part = min(points * value, fen)
            coin.left -= points
            fen -= part
            taken.append((coin.asset, coin.unit, points, part))
            lines += _lines(coin, part)
            if points * value > part:
                change = points * value - part
                odd = Coin(
                    coin.unit, "GRUP", change, coin.earned_at, coin.available_at, coin.receipt, True, name
                )
                self.coins.append(odd)
                lines.append((odd, part % value, part % value))
        assert fen == 0, "the model was asked to pay more than there is"
        return taken, change, Paid(lines)

    def refund(self, order: str, fen: int, names: list[str]) -> list[Taken]:
        """Give that much back, last taken first; what is no whole point is a new coin of group points.

        Give each coin's asset, unit, points and worth; names are those of the coins, in the same order.
        """
        paid, back = self.payments[order], list[Taken]()
        skipped = paid.refunded_fen
        paid.refunded_fen += fen
        for coin, points, worth in reversed(paid.lines):
            gone = min(skipped, worth)
            part = min(worth - gone, fen)
            skipped, fen = skipped - gone, fen - part
            per_fen, per_points = worth // gcd(worth, points), points // gcd(worth, points)
            if whole := part // per_fen * per_points:
                coin.left += whole
                back.append((coin.asset, coin.unit, whole, part - part % per_fen))
            if rest := part % per_fen:
                name = names[len(back)]
                back.append(("GRUP", coin.unit, rest, rest))
                self.coins.append(
                    Coin(coin.unit, "GRUP", rest, coin.earned_at, coin.available_at, coin.receipt, True, name)
                )
        assert fen == 0, "the model was asked to give back more than was paid"
        return back

    def claim(self, receipt: int, before_fen: int, after_fen: int) -> int:
        """Give what a return takes back that brings what is left of a purchase from one sum to another."""
        sale = self.sales.get(receipt)
        if sale is None:
            return 0
        return min(sale.given, earned(sale.unit, before_fen)) - min(sale.given, earned(sale.unit, after_fen))

    def give_up(self, receipt: int, points: int) -> tuple[dict[tuple[str, str], int], int]:
        """Take points of a receipt back: its own first, then of its unit, then in value; the rest is owed.

        Give what was taken by asset and issuer, and what came to be owed in fen.
        """
        unit = self.sales[receipt].unit
        asset, taken = ISSUES[unit][0], dict[tuple[str, str], int]()
        alive = sorted((one for one in self.coins if one.unit == unit and one.left), key=lambda one: one.turn)
        same = [one for one in alive if one.asset == asset]
        for coin in sorted(same, key=lambda one: one.receipt != receipt or one.is_change):
            part = min(coin.left, points)
            coin.left, points = coin.left - part, points - part
            taken[asset, unit] = taken.get((asset, unit), 0) + part
        due = points * VALUES[asset]
        for coin in alive:
            if coin.asset != asset and (part := min(coin.left, due // VALUES[coin.asset])):
                coin.left, due = coin.left - part, due - part * VALUES[coin.asset]
                taken[coin.asset, unit] = taken.get((coin.asset, unit), 0) + part
        if due:
            self.debts[unit] = self.debts.get(unit, 0) + due
        return {place: count for place, count in taken.items() if count}, due

    def repay(self, unit: str, name: str) -> tuple[int, list[Taken]]:
        """Let what was earned last repay what is owed to a unit; give the fen, and what was taken."""
        worth = sum(one.left * VALUES[one.asset] for one in self.newest)
        fen, known = min(self.debts[unit], worth), len(self.coins)
        taken, _, _ = self._spent(self.newest, fen, name)
        self.newest = [*self.newest, *self.coins[known:]]
        self.debts[unit] -= fen
        return fen, taken

    def place(self, name: str, fen: int, at: datetime) -> list[tuple[str, str, int]]:
        """Set whole points aside that are worth that much; give what was taken of which coin."""
        held = Held([], fen, at + timedelta(hours=24))
        rest = fen
        for coin in sorted(self.coins, key=lambda one: one.turn):
            if rest > 0 and coin.left and coin.available_at <= at < EXPIRES:
                points = min(coin.left, (rest + VALUES[coin.asset] - 1) // VALUES[coin.asset])
                coin.left -= points
                rest -= points * VALUES[coin.asset]
                held.parts.append((coin, points))
        assert rest <= 0, "the model was asked to set more aside than there is"
        self.holds[name] = held
        return [(coin.asset, coin.unit, points) for coin, points in held.parts]

    def capture(self, name: str, fen: int, order: str = "", lot: str = "") -> tuple[list[Taken], int]:
        """Pay out of a hold; a whole point that pays in part leaves its change on hold."""
        held, lines = self.holds[name], list[tuple[Coin, int, int]]()
        taken: list[Taken] = []
        parts: list[tuple[Coin, int]] = []
        rest, change = fen, 0
        for coin, points_left in sorted(held.parts, key=lambda part: part[0].turn):
            value = VALUES[coin.asset]
            points = min(points_left, (rest + value - 1) // value)
            part = min(points * value, rest)
            rest -= part
            if points:
                taken.append((coin.asset, coin.unit, points, part))
            lines += _lines(coin, part)
            if points * value > part:
                change = points * value - part
                odd = Coin(coin.unit, "GRUP", 0, coin.earned_at, coin.available_at, coin.receipt, True, lot)
                self.coins.append(odd)
                lines.append((odd, part % value, part % value))
                parts.append((odd, change))
            if points < points_left:
                parts.append((coin, points_left - points))
        assert rest == 0, "the model was asked to capture more than is on hold"
        held.parts, held.left_fen = parts, held.left_fen - fen
        self.payments[order] = Paid(lines)
        return taken, change

    def release(self, name: str) -> list[tuple[str, str, int]]:
        """Give what is left on hold back to the coins it came from; give what went back."""
        parts = self.holds.pop(name).parts
        for coin, points in parts:
            coin.left += points
        return [(coin.asset, coin.unit, points) for coin, points in parts]

    def on_hold(self) -> dict[tuple[str, str], int]:
        """Give the points on hold by asset and issuer."""
        folded: dict[tuple[str, str], int] = {}
        for held in self.holds.values():
            for coin, points in held.parts:
                folded[coin.asset, coin.unit] = folded.get((coin.asset, coin.unit), 0) + points
        return folded

    def content(self) -> dict[tuple[str, str], int]:
        """Give the points left by asset and issuer."""
        folded: dict[tuple[str, str], int] = {}
        for one in self.coins:
            folded[one.asset, one.unit] = folded.get((one.asset, one.unit), 0) + one.left
        return {place: points for place, points in folded.items() if points}


def _lines(coin: Coin, fen: int) -> list[tuple[Coin, int, int]]:
    """Give the line of whole points that pay, if there are any."""
    whole = fen // VALUES[coin.asset]
    return [(coin, whole, whole * VALUES[coin.asset])] if whole else []
