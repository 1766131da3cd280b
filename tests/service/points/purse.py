"""An independent model of one person's points: rules in a plain loop, no code of the services."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

VALUES = {"MALL": 5, "HOTL": 1, "OFFI": 1, "PROP": 1, "GRUP": 1}
ISSUES = {"mall-east": ("MALL", 1, 1_000, 7), "office": ("OFFI", 1, 200, 0), "hotel": ("HOTL", 3, 100, 14)}
EXPIRES = datetime.fromisoformat("2019-04-01T00:00:00+08:00")
"""Everything earned in the first quarter of 2017 expires here."""
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
class Purse:
    """All coins of one person, and what lies on hold."""

    coins: list[Coin] = field(default_factory=list)
    holds: dict[str, Held] = field(default_factory=dict)

    def earn(self, unit: str, amount_fen: int, receipt: int, at: datetime) -> int:
        """Add what a receipt earns; give the points."""
        asset, points, per_fen, pending = ISSUES[unit]
        earned = amount_fen * points // per_fen
        if earned:
            self.coins.append(Coin(unit, asset, earned, at, at + timedelta(days=pending), receipt))
        return earned

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

    def pay(self, fen: int, at: datetime, name: str = "") -> tuple[list[Taken], int]:
        """Pay that much; give what was taken and the change, a coin of that name, in group points."""
        taken: list[Taken] = []
        change = 0
        for coin in sorted(self.coins, key=lambda one: one.turn):
            if not fen or not coin.left or not coin.available_at <= at < EXPIRES:
                continue
            value = VALUES[coin.asset]
            points = min(coin.left, (fen + value - 1) // value)
            part = min(points * value, fen)
            coin.left -= points
            fen -= part
            taken.append((coin.asset, coin.unit, points, part))
            if points * value > part:
                change = points * value - part
                self.coins.append(
                    Coin(
                        coin.unit, "GRUP", change, coin.earned_at, coin.available_at, coin.receipt, True, name
                    )
                )
        assert fen == 0, "the model was asked to pay more than there is"
        return taken, change

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

    def capture(self, name: str, fen: int) -> tuple[list[Taken], int]:
        """Pay out of a hold; a whole point that pays in part leaves its change on hold."""
        held = self.holds[name]
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
            if points * value > part:
                change = points * value - part
                odd = Coin(coin.unit, "GRUP", 0, coin.earned_at, coin.available_at, coin.receipt, True)
                self.coins.append(odd)
                parts.append((odd, change))
            if points < points_left:
                parts.append((coin, points_left - points))
        assert rest == 0, "the model was asked to capture more than is on hold"
        held.parts, held.left_fen = parts, held.left_fen - fen
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
