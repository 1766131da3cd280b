"""Long pages are found by key as short ones are: whether one sees every unit is asked once, not of each row.

A planner takes a condition on a setting to hold for one row in 200. So it thought that a page of a hundred
needs most of a table, and sorted all of it. What is asked once it takes to hold for every other row.
"""

from alembic import op

revision = "0034"
down_revision = "0033"

EVERY_UNIT = "(SELECT asking_unit() = '*')"
UNITS = f"unit = asking_unit() OR {EVERY_UNIT}"
PERSONS = "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"

OWN = {
    "adjustments": UNITS,
    "budgets": EVERY_UNIT,
    "doubts": f"{PERSONS} OR {UNITS}",
    "limits": EVERY_UNIT,
    "opening_sheets": UNITS,
    "vouchers": f"{PERSONS} OR {UNITS}",
}


def upgrade() -> None:
    """Let the policies of what is listed ask once."""
    for table, own in OWN.items():
        op.execute(f"ALTER POLICY {table}_own ON {table} USING ({own})")
