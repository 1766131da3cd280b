"""An errand to a partner ends in the commit that keeps the partner's word, so that the auditor can tell.

Before, its messenger ended it a moment later, or, if it fell in between, once the partner had said it again.
"""

from alembic import op

revision = "0043"
down_revision = "0042"

HEARD = """
UPDATE errands e SET done_at = now(), outcome = v.state, body = '', leased_until = NULL
FROM vouchers v
WHERE e.done_at IS NULL AND e.kind = 'ask-partner' AND v.state <> 'asked'
  AND v.id = substr(e.subject, 5)::uuid;
UPDATE errands e SET done_at = now(), outcome = d.state, body = '', leased_until = NULL
FROM voidings d
WHERE e.done_at IS NULL AND e.kind = 'void-coupon' AND d.state <> 'asked'
  AND d.id = substr(e.subject, 5)::uuid;
"""


def upgrade() -> None:
    """End the errands whose word was heard already."""
    op.execute(HEARD)
