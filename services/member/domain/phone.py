"""Reads a phone as people write it. Refuses what no network could call; an unknown range is only a flag."""

import phonenumbers

from services.member.domain.identity import Phone

HOME = "CN"
"""Where a phone without a country code is."""


def read_phone(text: str) -> Phone | None:
    """Read a phone into E.164, or None where it is none.

    New ranges of Chinese carriers reach the tables months late, so a number of the right length whose range
    the tables lack is taken and flagged.
    """
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(written, phonenumbers.is_valid_number(number))
