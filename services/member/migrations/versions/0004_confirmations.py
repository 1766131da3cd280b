"""Confirmations: the last code with which a member was to confirm one certain thing, as a digest."""

from alembic import op

revision = "0004"
down_revision = "0003"

CONFIRMATIONS = """
CREATE TABLE confirmations (
    member uuid PRIMARY KEY,
    purpose text NOT NULL,
    digest bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    guesses integer NOT NULL CONSTRAINT confirmations_guesses_at_most_six CHECK (guesses BETWEEN 0 AND 6),
    used boolean NOT NULL,
    day_began_at timestamptz NOT NULL,
    codes_in_day integer NOT NULL
        CONSTRAINT confirmations_codes_in_day_at_most_ten CHECK (codes_in_day BETWEEN 0 AND 10)
);
CREATE INDEX confirmations_sent_at ON confirmations (sent_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON confirmations TO member_desk;
"""


def upgrade() -> None:
    """Create the table; nobody but the desk reads it."""
    op.execute(CONFIRMATIONS)
