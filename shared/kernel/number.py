"""Numbers that others give and people type: members, receipts, orders. Each has one spelling everywhere.

Refuses to guess: what only looks alike (O and 0, an inner blank) stays different.
"""

import unicodedata


def normal(number: str) -> str:
    """Give the one spelling of a number that people type in many: NFKC, upper case, no outer blanks.

    It may be empty or longer than what was typed: a border checks its length after this.
    """
    if number.isascii():
        return number.upper().strip()
    # Upper case may take a composed letter apart, and what is composed may have an upper case again.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).upper()).strip()
