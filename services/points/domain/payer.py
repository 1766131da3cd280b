"""Who pays: an identity (a member who asks, a number an importer states), or whoever shows a pay code.

Refuses to find anybody by a code that the desk has not resolved and locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.points.domain.books import LedgerBooks
from services.points.domain.naming import purse
from services.points.domain.pay_code import PayCode, PayCodeUsed, opened
from services.points.domain.wallet import Wallet
from shared.kernel.command import Row
from shared.kernel.swift import swift


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The digest of a pay code, and the client that presents it."""

    digest: str = field(repr=False)
    client: str


Payer = str | ShownCode
"""An identity, or a code that tells one."""


def payer_rows(payer: Payer) -> tuple[Row, ...]:
    """Give the rows to lock: the holder, by identity or by code, and the client that may be guessing."""
    if isinstance(payer, ShownCode):
        return (("pay-code", payer.digest), ("guesser", payer.client))
    return (("identity", payer),)


def payer_facts(payer: Payer, fen: int, at: datetime | None) -> tuple[Row, ...]:
    """Give the facts to load: as many lots as are worth that much (those behind a code come with its row).

    :param at: a stated moment, at which other lots can be spent than at the batch's own: all are loaded.
    """
    if isinstance(payer, ShownCode):
        return ()
    return (("lots", payer) if at is not None else purse(fen, payer),)


@swift
@dataclass(frozen=True, slots=True)
class Paying:
    """The wallet of the identity that pays, and what uses its code up, if one was shown.

    `is_repeat` tells that the code was used before, by the same client for the same order.
    """

    wallet: Wallet
    used: Sequence[PayCode] = ()
    is_repeat: bool = False

    def check_fresh(self) -> None:
        """Let somebody pay who was not only asked for a first answer.

        :raises PayCodeUsed: if the code was used, and what it was used for is no more.
        """
        if self.is_repeat:
            raise PayCodeUsed()


def paying(books: LedgerBooks, payer: Payer, order: str) -> Paying:
    """Find out who pays for an order.

    :param order: the order's natural name.
    :raises NotFound: if it is no code, or somebody else has used it; the guess is counted.
    :raises PayCodeUsed: if this client has used the code for another order.
    :raises PayCodeExpired: if the code is over.
    :raises PayCodesLocked: if the client guessed too often.
    """
    if not isinstance(payer, ShownCode):
        return Paying(books.wallet(payer))
    known, guesser = books.pay_codes.get(payer.digest), books.guessers.get(payer.client)
    code = opened(known, guesser, payer.client, order, books.now)
    used = (code.used(books.now, payer.client, order),)
    return Paying(books.wallet(code.identity), used, is_repeat=code.used_at is not None)
