"""For whom a member's question is asked: whoever holds their wallet, learnt in the transaction that asks.

Refuses to trust a holder that was learnt before: a number may be linked between two transactions.
"""

from contextlib import AbstractContextManager

from shared.runtime.database import Questions, Reader

# A member's own rows are found by these, over an index: by the policies alone a question would look through
# those of everybody to show a few. What a number did before it was linked is booked under its holder of then.
OWN_WALLETS = "ARRAY(SELECT id FROM wallets WHERE holder_id = CAST(:holder AS uuid))"
HOLDERS_OF_THEN = (
    "ARRAY(SELECT first_holder_id FROM wallets WHERE holder_id = CAST(:holder AS uuid))"
    " || CAST(:holder AS uuid)"
)

# Who somebody is must be known before their rows can be shown: holder_of is asked above the policies.
_MEMBER = """
SELECT set_config('app.unit', '', true) AS unit,
       set_config('app.holder', coalesce(CAST(holder_of(:identity) AS text), ''), true) AS holder
"""


def asked_by_member(reader: Reader, identity: str) -> AbstractContextManager[Questions]:
    """Open a transaction that sees what is the member's; before their first touch there is no such row."""
    return reader.asking(_MEMBER, identity=identity)
