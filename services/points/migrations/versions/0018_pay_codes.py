"""Pay codes by their digest, and how often each client presented what is none."""

from alembic import op

revision = "0018"
down_revision = "0017"

PAY_CODES = """
CREATE TABLE pay_codes (
    digest text PRIMARY KEY,
    identity text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by text,
    used_for text,
    CONSTRAINT pay_codes_used_by_somebody
        CHECK ((used_at IS NULL) = (used_by IS NULL) AND (used_at IS NULL) = (used_for IS NULL))
) WITH (fillfactor = 85);
CREATE INDEX pay_codes_identity ON pay_codes (identity, expires_at);
CREATE INDEX pay_codes_expires_at ON pay_codes USING brin (expires_at);

CREATE TABLE guessers (
    client text PRIMARY KEY,
    wrong bigint NOT NULL CONSTRAINT guessers_wrong_positive CHECK (wrong > 0),
    last_at timestamptz NOT NULL,
    locked_until timestamptz
);
"""

# Nobody reads codes but the desk: not the reader, not the auditor.
GRANTS = """
GRANT SELECT, INSERT, DELETE ON pay_codes TO points_desk;
GRANT UPDATE (used_at, used_by, used_for) ON pay_codes TO points_desk;
GRANT SELECT, INSERT, UPDATE ON guessers TO points_desk;
"""


def upgrade() -> None:
    """Create both tables for the desk alone."""
    op.execute(PAY_CODES)
    op.execute(GRANTS)
