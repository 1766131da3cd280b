"""Lots, rates and accounts for tests of the rules, without a database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from services.points.domain.account import GROUP, UNIT_ROLES, AccountRole, Accounts
from services.points.domain.amounts import Points, Rate
from services.points.domain.journal import Transfer
from services.points.domain.lot import Lot
from services.points.domain.rulebook import RuleKind, RuleVersion
from services.points.domain.spending import Slice

UNITS = {"residential": "RESI", "mall-east": "MALL", "mall-west": "MALL", "hotel": "HOTL", "office": "OFFI"}
RATES = {asset: Rate(5 if asset == "MALL" else 1) for asset in (*UNITS.values(), "GRUP")}
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
EARLY, LATE = datetime(2017, 1, 1, tzinfo=UTC), datetime(2019, 4, 1, tzinfo=UTC)
_GROUP_ROLES = (
    AccountRole.EXCHANGE,
    AccountRole.FEE,
    AccountRole.RESIDUAL,
    AccountRole.GIFT,
    AccountRole.CLEARING,
)
_PLACES = [
    *((role, GROUP) for role in _GROUP_ROLES),
    *((role, unit) for unit in UNITS for role in UNIT_ROLES),
]
ACCOUNTS = Accounts({(role.value, unit): number for number, (role, unit) in enumerate(_PLACES, 1)})
WALLET = 10_000


def lot(
    name: str,
    points: int,
    issuer: str = "office",
    *,
    asset: str | None = None,
    number: str = "1",
    earned_at: datetime = EARLY,
    available_at: datetime = EARLY,
    expires_at: datetime = LATE,
    parent: str | None = None,
) -> Lot:
    """Make a lot that nothing was spent from."""
    return Lot(
        id=name,
        wallet_id="wallet",
        asset=asset or UNITS[issuer],
        issuer=issuer,
        receipt_number=number,
        earned=Points(points),
        points_left=Points(points),
        earned_at=earned_at,
        available_at=available_at,
        expires_at=expires_at,
        parent_id=parent,
    )


@st.composite
def lots_of_one_holder(draw: st.DrawFn, at_most: int = 8) -> list[Lot]:
    """Draw a few lots of any issuers, change lots among them."""
    drawn = draw(
        st.lists(
            st.tuples(st.integers(1, 3_000), st.sampled_from(sorted(UNITS)), st.booleans()),
            min_size=1,
            max_size=at_most,
        )
    )
    return [
        lot(f"lot{place}", points, issuer, asset="GRUP" if change else None, number=str(place))
        for place, (points, issuer, change) in enumerate(drawn)
    ]


def balances(transfers: Iterable[Transfer]) -> dict[tuple[int, str], int]:
    """Fold transfers into balances by account and asset; zeros are left out."""
    folded: dict[tuple[int, str], int] = {}
    for line in transfers:
        folded[line.from_account, line.asset] = folded.get((line.from_account, line.asset), 0) - line.amount
        folded[line.to_account, line.asset] = folded.get((line.to_account, line.asset), 0) + line.amount
    return {place: amount for place, amount in folded.items() if amount}


def clearing(unit: str) -> tuple[int, str]:
    """Name the account in money over which a unit owes and is owed."""
    return ACCOUNTS.of(AccountRole.CLEARING, unit), "CNY"


def version(
    kind: RuleKind, subject: str, number: int, valid_from: datetime, body: Mapping[str, object]
) -> RuleVersion:
    """Make an approved version of a rule."""
    return RuleVersion(kind, subject, number, valid_from, body)


def paid(slices: Iterable[Slice]) -> int:
    """Add up what slices pay, in fen."""
    return sum(one.paid_fen for one in slices)
