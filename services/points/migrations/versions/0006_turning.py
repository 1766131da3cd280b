"""Turning: a month is sealed by seal_month alone, and nobody turns it back, whatever they may update."""

from alembic import op

revision = "0006"
down_revision = "0005"

TURNING = """
CREATE FUNCTION refuse_turning() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'sealed' THEN
        RAISE EXCEPTION 'month % is sealed', OLD.month USING ERRCODE = 'TF001';
    END IF;
    -- seal_month runs as the owner and sets the triggers with it; a state alone seals nothing.
    IF NEW.state = 'sealed' AND current_user <> 'points_owner' THEN
        RAISE EXCEPTION 'month % is sealed by seal_month alone', OLD.month USING ERRCODE = 'TF001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_turning BEFORE UPDATE ON months FOR EACH ROW EXECUTE FUNCTION refuse_turning();
ALTER TABLE months ENABLE ALWAYS TRIGGER refuse_turning;
"""


def upgrade() -> None:
    """Guard the state of months."""
    op.execute(TURNING)
