"""Whoever carries a text to a phone. Called by jobs alone, never inside a transaction."""

from collections.abc import Callable
from typing import Protocol


class Carrier(Protocol):
    """Carries texts; the same id twice is the same text."""

    def carry(self, id: str, phone: str, text: str) -> None:
        """Carry a text to a phone (E.164).

        :raises CarrierAway: if it could not be handed over; the errand comes again.
        :raises NoCarrier: if texts cannot be carried from here at all.
        """


class NoCarrier(Exception):
    """This installation has nobody who carries texts."""


class AbsentCarrier:
    """Stands where no carrier is set: it says so for every text, so that none lies about with its code."""

    def carry(self, id: str, phone: str, text: str) -> None:  # noqa: ARG002 - whatever it is
        """Carry nothing.

        :raises NoCarrier: always.
        """
        raise NoCarrier


class CarrierAway(Exception):
    """The carrier did not take the text; whether it was sent is not known, so the same id is tried again."""


class EmbeddedCarrier:
    """Stands in for a carrier where there is none: it hands every text to whoever keeps them."""

    def __init__(self, keep: Callable[[str, str, str], bool]) -> None:
        self._keep = keep

    def carry(self, id: str, phone: str, text: str) -> None:
        """Keep the text.

        :raises CarrierAway: if it could not be kept.
        """
        if not self._keep(id, phone, text):
            raise CarrierAway("the text could not be kept")
