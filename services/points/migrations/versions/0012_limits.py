"""Limits: budgets of windows, granted to desks in slices, drawn under the slice's lock, every draw kept."""

from alembic import op

revision = "0012"
down_revision = "0011"

LIMITS = """
CREATE TABLE budgets (
    name text NOT NULL,
    "window" text NOT NULL,
    total bigint NOT NULL,
    granted bigint NOT NULL,
    alerted_at timestamptz,
    PRIMARY KEY (name, "window"),
    CONSTRAINT budgets_granted_within_total CHECK (granted BETWEEN 0 AND total)
) WITH (fillfactor = 70);

CREATE TABLE limits (
    name text NOT NULL,
    "window" text NOT NULL,
    slice integer NOT NULL,
    granted bigint NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (name, "window", slice),
    CONSTRAINT limits_slice_known CHECK (slice BETWEEN 0 AND 15),
    CONSTRAINT limits_used_within_granted CHECK (used BETWEEN 0 AND granted)
) WITH (fillfactor = 70);

CREATE TABLE draws (
    subject uuid NOT NULL,
    name text NOT NULL,
    "window" text NOT NULL,
    amount bigint NOT NULL CONSTRAINT draws_amount_positive CHECK (amount > 0),
    drawn_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subject, name, "window")
);
CREATE INDEX draws_window ON draws (name, "window");
"""

FUNCTIONS = """
-- Held as long as the session lives: desks of all processes have different slices while there are enough.
CREATE FUNCTION choose_slice() RETURNS integer LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    FOR place IN 0..15 LOOP
        IF pg_try_advisory_lock(hashtext('slice of limits'), place) THEN
            RETURN place;
        END IF;
    END LOOP;
    RETURN pg_backend_pid() % 16;
END $$;

-- In a transaction of its own: the budget's row first, then slices, so two of them wait for one another in
-- order, and a batch, which holds a slice and waits for nothing, is only waited for.
CREATE FUNCTION fill_slice(
    asked_name text, asked_window text, asked_slice integer, ruled bigint, wanted bigint,
    OUT left_over bigint, OUT is_alert boolean
) LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    budget budgets;
    mine bigint;
    more bigint;
BEGIN
    INSERT INTO budgets (name, "window", total, granted) VALUES (asked_name, asked_window, ruled, 0)
    ON CONFLICT DO NOTHING;
    SELECT * INTO budget FROM budgets WHERE name = asked_name AND "window" = asked_window FOR NO KEY UPDATE;
    INSERT INTO limits (name, "window", slice, granted, used)
    VALUES (asked_name, asked_window, asked_slice, 0, 0) ON CONFLICT DO NOTHING;
    IF ruled < budget.granted THEN
        -- A lower total first takes back what nobody has used.
        PERFORM gather_slices(asked_name, asked_window);
        SELECT sum(used) INTO budget.granted FROM limits WHERE name = asked_name AND "window" = asked_window;
    END IF;
    budget.total := greatest(ruled, budget.granted);
    SELECT granted - used INTO mine FROM limits
     WHERE name = asked_name AND "window" = asked_window AND slice = asked_slice FOR NO KEY UPDATE;
    IF mine < wanted AND mine + budget.total - budget.granted < wanted THEN
        -- Not enough left to grant: what lies idle in other slices comes back, and the answer is exact.
        PERFORM gather_slices(asked_name, asked_window);
        SELECT sum(used) INTO budget.granted FROM limits WHERE name = asked_name AND "window" = asked_window;
        mine := 0;
        left_over := budget.total - budget.granted;
    END IF;
    more := CASE WHEN mine >= wanted THEN 0 WHEN left_over IS NOT NULL THEN left_over
                 ELSE least(budget.total - budget.granted,
                            greatest(wanted - mine, (budget.total - budget.granted) / 16)) END;
    UPDATE limits SET granted = granted + more
     WHERE name = asked_name AND "window" = asked_window AND slice = asked_slice;
    -- What was only gathered is not handed out: a wish that is too large is no reason for an alarm.
    is_alert := budget.alerted_at IS NULL AND budget.total * 4 <= 5 * (budget.granted + CASE
        WHEN left_over IS NULL THEN more WHEN wanted <= left_over THEN wanted ELSE 0 END);
    UPDATE budgets SET total = budget.total, granted = budget.granted + more,
           alerted_at = CASE WHEN is_alert THEN clock_timestamp() ELSE alerted_at END
     WHERE name = asked_name AND "window" = asked_window;
END $$;

CREATE FUNCTION gather_slices(asked_name text, asked_window text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT 1 FROM limits WHERE name = asked_name AND "window" = asked_window ORDER BY slice FOR NO KEY UPDATE;
    UPDATE limits SET granted = used
     WHERE name = asked_name AND "window" = asked_window AND granted > used;
END;
"""

GRANTS = """
GRANT SELECT, INSERT ON budgets, limits, draws TO points_desk;
GRANT UPDATE (total, granted, alerted_at) ON budgets TO points_desk;
GRANT UPDATE (granted, used) ON limits TO points_desk;
GRANT SELECT ON budgets, limits, draws TO points_auditor, points_reader;
"""


def upgrade() -> None:
    """Create budgets, slices and draws; the group's own alone reads them."""
    for text in (LIMITS, FUNCTIONS, GRANTS):
        op.execute(text)
    for table in ("budgets", "limits", "draws"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_whole ON {table} TO points_owner, points_desk, points_auditor"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(
            f"CREATE POLICY {table}_own ON {table} FOR SELECT TO points_reader USING (asking_unit() = '*')"
        )
