"""What the service points announces of purchases that came back: what was taken, what is owed, and repaid."""

from contracts.points import Owed, Slice
from contracts.shapes import Asset, EventData, Id, Number, PaidFen, Part, Points, Unit


class Claim(Part):
    """Points that a returned purchase had earned, of one issuer; `debt_fen` of them could not be taken."""

    asset: Asset
    issuer: Unit
    points: Points
    debt_fen: PaidFen


class Taken(Part):
    """What was taken back from one issuer's points of one asset."""

    asset: Asset
    issuer: Unit
    points: Points


class WalletClawedBack(EventData):
    """`points.wallet.clawed_back`: what a returned purchase had earned was taken back. Key: the holder; seq:
    the holder's version.

    `debt_fen` is what the wallet came to owe beside it. Returns that take nothing announce nothing.
    """

    journal: Id
    holder: Id
    wallet: Id
    return_id: Id
    receipt: Id
    unit: Unit
    receipt_no: Number
    return_no: Number
    returned_fen: PaidFen
    claims: list[Claim]
    taken: list[Taken]
    debt_fen: PaidFen


class DebtRepaid(EventData):
    """`points.debt.repaid`: new points paid what a wallet owed `unit`. Key: the holder; seq: its version.

    `owed` names the issuer of those points, unless it is the unit itself.
    """

    journal: Id
    holder: Id
    wallet: Id
    unit: Unit
    repaid_fen: PaidFen
    left_fen: PaidFen
    slices: list[Slice]
    owed: list[Owed]
