"""Pages by key: the lists of units and of the group follow indexes in their own order, sealed months too."""

from alembic import op

revision = "0030"
down_revision = "0029"

# On tables that people write, or partners' answers: none of a till's redemption gets one entry more.
LISTS = """
CREATE INDEX adjustments_listed ON adjustments (kind, id);
CREATE INDEX adjustments_listed_by_state ON adjustments (kind, state, id);
CREATE INDEX adjustments_of_unit ON adjustments (unit, kind, id);
CREATE INDEX adjustments_of_unit_by_state ON adjustments (unit, kind, state, id);
CREATE INDEX doubts_listed_by_state ON doubts (state, id);
CREATE INDEX doubts_of_unit ON doubts (unit, id);
CREATE INDEX doubts_of_unit_by_state ON doubts (unit, state, id);
CREATE INDEX vouchers_listed_by_state ON vouchers (state, id);
CREATE INDEX vouchers_of_unit ON vouchers (unit, id);
CREATE INDEX vouchers_of_unit_by_state ON vouchers (unit, state, id);
CREATE INDEX opening_sheets_of_unit ON opening_sheets (unit, id);
CREATE INDEX statements_of_unit ON statements (unit, month);
"""

# The lines behind a statement are asked for once a month is sealed: nobody writes there any more, so an index
# costs no redemption anything. One per unit, since a journal has several sides; the account's number names
# it, as a unit's code may be too long. Who vacuums just then is waited for a little, which stops no reader.
SEALED = """
CREATE FUNCTION index_sealed(sealed date, side text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    partition text := 'journals_' || to_char(sealed, 'YYYY_MM');
    number bigint;
BEGIN
    SELECT a.id INTO number FROM accounts a WHERE a.role = 'clearing' AND a.unit = side;
    IF number IS NULL
       OR NOT EXISTS (SELECT 1 FROM months m WHERE m.month = sealed AND m.state = 'sealed') THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (id) WHERE %L = ANY (sides)',
                   partition || '_of_' || number, partition, side);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION index_sealed(date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_sealed(date, text) TO points_desk;
SELECT index_sealed(s.month, s.unit) FROM statements s;
"""


def upgrade() -> None:
    """Create the indexes, and those of the months that are sealed already."""
    for text in (LISTS, SEALED):
        op.execute(text)
