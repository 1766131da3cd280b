"""Exchange by wish: what points of one asset become in another, and the lines that turn them.

Value goes in at the giving asset's rate, rounded down, and comes out at the other's, rounded up; what lies
between is fee and residual, in fen, on legs of their own. So no order of exchanges ever gains a fen.
Refuses to choose rates: it is told what was locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.points.domain.account import GROUP, AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen, Points, Rate
from services.points.domain.journal import CNY, GROUP_POINT, Lines, Transfer
from services.points.domain.lot import Lot, Origin
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

BASIS_POINTS = 10_000
LARGEST = 10**12
"""The most points that one exchange gives; whoever asks for more made a mistake."""
LARGEST_FEN = 10**14
"""The most that they are worth: as a claim between units that is 10^16 hundredths of a fen in a BIGINT."""
LOTS_MAX = 2_048
"""From how many lots one exchange may take: each new lot gets an id of its own."""


class SameAsset(Refusal):
    """Points of an asset are asked for points of the same asset."""

    kind = Kind.MALFORMED
    code = "same-asset"
    title = Words("不能兑换为同一种积分", "An asset is not exchanged for itself")
    advice = Words("请选择与 {asset} 不同的目标积分。", "Choose another asset than {asset}.")


class GivesNothing(Refusal):
    """So few points become not even one of the other asset."""

    kind = Kind.CONFLICT
    code = "gives-nothing"
    title = Words("不足以兑换 1 积分", "Too few points to get one")
    advice = Words(
        "至少需要 {least} {from_asset} 才能兑换 1 {to_asset}，本次为 {points}；请增加数量。",
        "It takes at least {least} {from_asset} to get one {to_asset}, this was {points}; send more.",
    )


class TooFewPoints(Refusal):
    """The holder has not that many usable points of the asset."""

    kind = Kind.CONFLICT
    code = "too-few-points"
    title = Words("该种积分不足", "Too few points of this asset")
    advice = Words(
        "可用 {asset} 为 {available}，本次需要 {wanted}；请减少数量。",
        "{available} {asset} can be spent, {wanted} were needed; ask for less.",
    )


class ExchangeTooLarge(Refusal):
    """One exchange would give more points, or take from more lots, than one may."""

    kind = Kind.CONFLICT
    code = "exchange-too-large"
    title = Words("单次兑换过大", "The exchange is too large")
    advice = Words(
        "单次最多兑得 {most} 积分、动用 {lots} 个批次；请分次兑换。",
        "One exchange gives at most {most} points and takes from at most {lots} lots; ask for several.",
    )


class ExchangeLimitReached(Refusal):
    """The member has exchanged as much today as a member may."""

    kind = Kind.CONFLICT
    code = "exchange-limit-reached"
    title = Words("已达当日兑换限额", "No more can be exchanged today")
    advice = Words(
        "每日最多兑换价值人民币 {most_fen} 分的积分，{day} 已兑换 {used_fen} 分，本次 {wanted_fen} 分。"
        "请减少数量或明日再试。",
        "Points worth {most_fen} fen may be exchanged a day; on {day} it was {used_fen}, this is"
        " {wanted_fen}. Ask for less, or tomorrow.",
    )


@dataclass(frozen=True, slots=True)
class Locked:
    """What a quote locks: two assets, what a point of each is worth, their direct rate if any, the fee."""

    from_asset: str
    to_asset: str
    value_in: Rate
    value_out: Rate
    pair: Rate | None = None
    fee_bp: int = 0

    @property
    def rate(self) -> Fraction:
        """Points of the other asset for one point, before fee and rounding."""
        if self.pair is not None:
            return Fraction(self.pair.numerator, self.pair.denominator)
        value, out = self.value_in, self.value_out
        return Fraction(value.numerator * out.denominator, value.denominator * out.numerator)

    @property
    def per_fen(self) -> Fraction:
        """Points of the other asset for a fen of value; never more than they are worth themselves."""
        fair = Fraction(self.value_out.denominator, self.value_out.numerator)
        if self.pair is None:
            return fair
        return min(fair, self.rate * Fraction(self.value_in.denominator, self.value_in.numerator))


@dataclass(frozen=True, slots=True)
class Worked:
    """An exchange worked out: `value_fen` goes in, and is `given` points' worth + fee + residual."""

    points: Points
    value_fen: Fen
    fee_fen: Fen
    given: Points
    residual_fen: Fen


def worked(locked: Locked, points: int) -> Worked:
    """Work out what that many points become. Every rounding is in the house's favour.

    :raises ExchangeTooLarge: if it would give more than one exchange may.
    """
    found = _figures(locked, points)
    if max(found.given, points) > LARGEST or found.value_fen > LARGEST_FEN:
        raise ExchangeTooLarge(most=LARGEST, lots=LOTS_MAX)
    return found


def _figures(locked: Locked, points: int) -> Worked:
    value = locked.value_in.worth(points)
    fee = -(-value * locked.fee_bp // BASIS_POINTS)
    given = (value - fee) * locked.per_fen.numerator // locked.per_fen.denominator
    residual = value - fee - worth_up(locked.value_out, given)
    return Worked(Points(points), value, Fen(fee), Points(given), Fen(residual))


def worth_up(rate: Rate, points: int) -> int:
    """Give what points are worth in fen, rounded up: what the house gives away is never less than this."""
    return -(-points * rate.numerator // rate.denominator)


def fewest(locked: Locked, given: int) -> int:
    """Give the fewest points that become at least that many.

    :raises ExchangeTooLarge: if that is more than one exchange may take.
    """
    # Whether what is wanted is too large is not asked of what is tried on the way to it.
    least, most = 0, 1
    while _figures(locked, most).given < given:
        if most == LARGEST:
            raise ExchangeTooLarge(most=LARGEST, lots=LOTS_MAX)
        least, most = most, min(most * 2, LARGEST)
    while least + 1 < most:
        middle = (least + most) // 2
        if _figures(locked, middle).given < given:
            least = middle
        else:
            most = middle
    return most


def agreed(locked: Locked, points: int | None, to_points: int | None, available: int) -> Worked:
    """Work out a wish: either that many points given away, or the fewest that bring at least `to_points`.

    :raises GivesNothing: if it would bring nothing.
    :raises TooFewPoints: if the holder has fewer.
    """
    wanted = points if points is not None else fewest(locked, to_points or 1)
    found = worked(locked, wanted)
    if not found.given:
        raise GivesNothing(
            least=fewest(locked, 1), points=wanted, from_asset=locked.from_asset, to_asset=locked.to_asset
        )
    if wanted > available:
        raise TooFewPoints(asset=locked.from_asset, available=available, wanted=wanted)
    return found


@dataclass(frozen=True, slots=True)
class Portion:
    """What one lot gives to an exchange and what becomes of it there.

    `worth_fen` is the value of `points` that go in, `given_fen` that of `given` points that come out.
    """

    lot: Lot
    points: Points
    worth_fen: Fen
    given: Points
    given_fen: Fen


def portions(lots: Iterable[Lot], locked: Locked, whole: Worked) -> list[Portion]:
    """Take the points from lots in the given order, and say what each becomes; together they are the whole.

    A new point that two lots make together belongs to the first: nothing lives longer by being exchanged.

    :raises TooFewPoints: if the lots do not hold that many.
    :raises ExchangeTooLarge: if they are too many.
    """
    found: list[Portion] = []
    taken, given, value, out = 0, 0, 0, 0
    for lot in lots:
        if taken == whole.points:
            break
        points = min(lot.points_left, whole.points - taken)
        taken += points
        ahead = -(-taken * whole.given // whole.points)
        worth, worth_out = locked.value_in.worth(taken), worth_up(locked.value_out, ahead)
        found.append(
            Portion(lot, Points(points), Fen(worth - value), Points(ahead - given), Fen(worth_out - out))
        )
        given, value, out = ahead, worth, worth_out
    if taken < whole.points:
        raise TooFewPoints(asset=locked.from_asset, available=taken, wanted=whole.points)
    if len(found) > LOTS_MAX:
        raise ExchangeTooLarge(most=LARGEST, lots=LOTS_MAX)
    return found


def by_issuer(found: Iterable[Portion]) -> dict[str, Fen]:
    """Add up the value that each issuer's points bring, in fen."""
    sums: dict[str, Fen] = {}
    for one in found:
        sums[one.lot.issuer] = Fen(sums.get(one.lot.issuer, 0) + one.worth_fen)
    return sums


def claims(found: Sequence[Portion], whole: Worked) -> list[tuple[str, str, Fen]]:
    """Say who owes whom once the points are others, as (debtor, creditor, fen).

    An issuer whose points brought more than its new points are worth owes the rest to those whose new points
    are worth more than they brought, and to the group what it kept as fee and residual.
    """
    rests: dict[str, int] = {}
    for one in found:
        rests[one.lot.issuer] = rests.get(one.lot.issuer, 0) + one.worth_fen - one.given_fen
    rests[GROUP] = rests.get(GROUP, 0) - whole.fee_fen - whole.residual_fen
    owed: list[tuple[str, str, Fen]] = []
    for creditor in [unit for unit, rest in rests.items() if rest < 0]:
        for debtor in [unit for unit, rest in rests.items() if rest > 0]:
            paid = min(-rests[creditor], rests[debtor])
            if paid:
                owed.append((debtor, creditor, Fen(paid)))
                rests[creditor] += paid
                rests[debtor] -= paid
    return owed


def lines(
    found: Sequence[Portion],
    locked: Locked,
    whole: Worked,
    accounts: Accounts,
    wallet_accounts: Mapping[str, int],
    names: Iterable[str],
) -> Lines:
    """Write the lines of an exchange: points in, new lots out, fee and residual, and who now owes whom.

    :param wallet_accounts: account number by wallet id.
    :param names: ids for the new lots, as many as are asked for.
    """
    exchange = accounts.of(AccountRole.EXCHANGE, GROUP)
    transfers = [
        Transfer(
            one.lot.asset,
            one.points,
            wallet_accounts[one.lot.wallet_id],
            exchange,
            one.lot.id,
            worth_fen=one.worth_fen,
        )
        for one in found
    ]
    opened: list[Lot] = []
    fresh = iter(names)
    for place, one in enumerate(found):
        if one.given:
            lot = _new_lot(one, next(fresh), locked.to_asset)
            opened.append(lot)
            back = wallet_accounts[lot.wallet_id]
            transfers.append(Transfer(lot.asset, lot.earned, exchange, back, lot.id, place, one.given_fen))
    for role, fen in ((AccountRole.FEE, whole.fee_fen), (AccountRole.RESIDUAL, whole.residual_fen)):
        if fen:
            transfers.append(Transfer(GROUP_POINT, fen, exchange, accounts.of(role, GROUP)))
    causes = {one.lot.issuer: place for place, one in reversed(list(enumerate(found)))}
    for debtor, creditor, fen in claims(found, whole):
        ends = accounts.of(AccountRole.CLEARING, debtor), accounts.of(AccountRole.CLEARING, creditor)
        transfers.append(Transfer(CNY, fen * CNY_PER_FEN, *ends, cause=causes[debtor]))
    drawn = tuple(one.lot.left_with(one.lot.points_left - one.points) for one in found)
    return Lines(tuple(transfers), drawn, tuple(opened))


def _new_lot(one: Portion, name: str, asset: str) -> Lot:
    parent = one.lot
    return Lot(
        id=name,
        wallet_id=parent.wallet_id,
        asset=asset,
        issuer=parent.issuer,
        receipt_number=parent.receipt_number,
        earned=one.given,
        points_left=one.given,
        earned_at=parent.earned_at,
        available_at=parent.available_at,
        expires_at=parent.expires_at,
        parent_id=parent.id,
        origin=Origin.EXCHANGE,
    )
