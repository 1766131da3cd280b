"""How often one address may ask for codes and guess at them, so that nobody shuts a phone's owner out.

Refuses to guard the secret: that is what pauses and guesses of domain/code.py do, rows under lock. This
stands before them and keeps one stranger from using up what is the owner's. Counts per process, in memory.
"""

from shared.web.arrival import Arrival
from shared.web.rates import Gauge, Quota, TooMany, count, network_of

CODES_TO_ONE_PHONE_A_DAY = 5
"""By then the pauses have grown to the longest, and every later code is left to others who ask."""

GUESSES_AT_ONE_PHONE_AN_HOUR = 10
"""Enough to mistype one code to its lock and to enter the next; too few to lock whatever code is sent."""

HOUR_S, DAY_S = 3_600, 86_400


class CodeRates:
    """Counts codes by address, and codes and guesses by address and phone; alike for all phones."""

    def __init__(self, codes_per_address_hour: int) -> None:
        self._codes = Gauge(Quota("codes", codes_per_address_hour, HOUR_S))
        self._codes_to_phone = Gauge(Quota("codes-to-one-phone", CODES_TO_ONE_PHONE_A_DAY, DAY_S))
        self._guesses = Gauge(Quota("guesses-at-one-phone", GUESSES_AT_ONE_PHONE_AN_HOUR, HOUR_S))

    def count_code(self, arrival: Arrival, phone: str) -> None:
        """Count a code that is asked for.

        :raises TooMany: if the address had its share, of codes or of codes to this phone.
        """
        pair = _pair(arrival, phone)
        count(self._codes_to_phone, pair, arrival)
        try:
            count(self._codes, network_of(arrival.address), arrival)
        except TooMany:
            self._codes_to_phone.give_back(pair)
            raise

    def discount_code(self, arrival: Arrival, phone: str) -> None:
        """Take a code back out of the count: it was refused, so none was sent."""
        self._codes_to_phone.give_back(_pair(arrival, phone))
        self._codes.give_back(network_of(arrival.address))

    def count_guess(self, arrival: Arrival, phone: str) -> None:
        """Count a code that is typed, right or wrong.

        :raises TooMany: if the address has guessed too often at this phone.
        """
        count(self._guesses, _pair(arrival, phone), arrival)

    def welcome(self, arrival: Arrival, phone: str) -> None:
        """Let the owner, who has just signed in, begin anew from this address."""
        self._codes_to_phone.forget(_pair(arrival, phone))
        self._guesses.forget(_pair(arrival, phone))


def _pair(arrival: Arrival, phone: str) -> str:
    return f"{network_of(arrival.address)} {phone}"
