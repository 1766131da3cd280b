"""For whom a member's question is asked: whoever holds their wallet, learnt in the transaction that asks.

Refuses to trust a holder that was learnt before: a number may be linked between two transactions.
"""

from contextlib import AbstractContextManager

from shared.runtime.database import Questions, Reader

# Who somebody is must be known before their rows can be shown: holder_of is asked above the policies.
_MEMBER = """
SELECT set_config('app.unit', '', true),
       set_config('app.holder', coalesce(CAST(holder_of(:identity) AS text), ''), true) AS holder
"""


def asked_by_member(reader: Reader, identity: str) -> AbstractContextManager[Questions]:
    """Open a transaction that sees what is the member's; before their first touch there is no such row."""
    return reader.asking(_MEMBER, identity=identity)
