"""What the service points announces of vouchers: a coupon's code is in none of them, nor is whose it is."""

from contracts.shapes import EventData, Id, Moment, Name, PaidFen, Unit


class VoucherAsked(EventData):
    """`points.voucher.asked`: a partner is asked for a coupon. Key: the voucher; seq: 1.

    `price_fen` is on hold at `unit`; nothing is paid yet.
    """

    voucher: Id
    hold: Id
    offer: Name
    partner: Name
    unit: Unit
    price_fen: PaidFen


class VoucherIssued(EventData):
    """`points.voucher.issued`: a coupon was issued, and its price captured. Key: the voucher; seq: 2.

    `unit` owes the partner outside; who owes `unit` is told by `points.hold.captured` of that `redemption`.
    """

    voucher: Id
    hold: Id
    offer: Name
    partner: Name
    unit: Unit
    price_fen: PaidFen
    redemption: Id
    valid_until: Moment


class VoucherVoided(EventData):
    """`points.voucher.voided`: the coupon is void, and its points are back. Key: the voucher; seq: 3.

    `unit` owes the partner nothing for it; `refund` is told of by `points.wallet.refunded` of the holder.
    """

    voucher: Id
    hold: Id
    offer: Name
    partner: Name
    unit: Unit
    price_fen: PaidFen
    redemption: Id
    refund: Id
    refunded_fen: PaidFen


class VoucherRefused(EventData):
    """`points.voucher.refused`: there will be no coupon, and the points are back. Key: the voucher; seq: 2.

    `cause` is the partner's (`sold-out`), or `cancelled` where it was asked in vain for the stated time.
    """

    voucher: Id
    hold: Id
    offer: Name
    partner: Name
    unit: Unit
    price_fen: PaidFen
    cause: Name
