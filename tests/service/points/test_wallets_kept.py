"""Wallets that are kept: whatever changes is seen at the next reading, and nothing else is read again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from psycopg2.extensions import cursor as Cursor

from services.points.domain.rulebook import RuleKind
from services.points.queries.wallet import SOON, Wallets
from shared.kernel.calendar import month_of
from shared.kernel.command import Answer, Command
from shared.runtime.clock import now
from tests.service.points.hold_room import capture, expired, hold, placed, release
from tests.service.points.kept_wallets import KeptWallets, View, reading
from tests.service.points.ledger_house import (
    EARN,
    NOON,
    LedgerHouse,
    answer_of,
    earn,
    later,
    link,
    redeem,
)
from tests.service.points.test_all_ways_together import MEMBERS, STEPS, Walk, ways_opened

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

# As the schema's owner would, were it worth the time: at the end of a transaction whoever has a changed lot,
# slice, hold, debt or wallet must be a row that this very transaction has written.
_WATCHED = """
CREATE FUNCTION must_be_named(whose uuid, what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM holders h WHERE h.id = whose AND h.xmin = pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION '% changed, holder % did not', what, whose;
    END IF;
END $$;
CREATE FUNCTION watch_wallets() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    wallet uuid;
BEGIN
    IF TG_TABLE_NAME = 'wallets' THEN
        PERFORM must_be_named(OLD.holder_id, 'wallets'), must_be_named(NEW.holder_id, 'wallets');
        RETURN NULL;
    ELSIF TG_TABLE_NAME = 'hold_slices' THEN
        SELECT l.wallet_id INTO wallet FROM lots l WHERE l.id = NEW.lot_id;
    ELSE
        wallet := NEW.wallet_id;
    END IF;
    PERFORM must_be_named(w.holder_id, TG_TABLE_NAME) FROM wallets w WHERE w.id = wallet;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER watched AFTER INSERT OR UPDATE ON lots DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION watch_wallets();
CREATE CONSTRAINT TRIGGER watched AFTER INSERT OR UPDATE ON hold_slices DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION watch_wallets();
CREATE CONSTRAINT TRIGGER watched AFTER INSERT OR UPDATE ON debts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION watch_wallets();
CREATE CONSTRAINT TRIGGER watched AFTER UPDATE ON wallets DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION watch_wallets();
"""


class Clock:
    """A clock that a test sets."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Tell the time that was set."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    """Lend a clock that stands at noon."""
    return Clock()


@pytest.fixture
def wallets(house: LedgerHouse, clock: Clock) -> Iterator[KeptWallets]:
    """Lend one process's wallets, with nothing kept yet."""
    with reading(house.database) as connection:
        yield KeptWallets(connection, clock)


def obey(house: LedgerHouse, *commands: Command) -> None:
    """Have commands obeyed that must be."""
    for answer in house.obey(*commands):
        answer_of(answer)


def member(house: LedgerHouse, name: str, fen: int = 100_000) -> str:
    """Bring a member with one number of the office and that much spent there."""
    obey(house, earn("office", name, fen, f"{name}-1"), link(f"mem_{name}", "office", name))
    return f"mem_{name}"


def points(view: View) -> dict[str, tuple[int, int, int]]:
    """Give what is usable, pending and on hold of each asset."""
    return {one["asset"]: (one["available"], one["pending"], one["held"]) for one in view["assets"]}


class KeptWalk(Walk):
    """A walk on which a process keeps reading everybody's wallets, and notes which ways changed one."""

    def __init__(self, house: LedgerHouse, seed: int, wallets: KeptWallets) -> None:
        super().__init__(house, seed)
        self.wallets = wallets
        self.changed: set[str] = set()

    def obey(self, command: Command) -> Answer:
        """Read what is kept, have the command obeyed, and see that the next reading is right."""
        before = self.wallets.read(MEMBERS)
        answer = super().obey(command)
        if self.wallets.agreed(MEMBERS) != before:
            self.changed.add(self.way)
        return answer


def test_every_way_in_and_out_is_seen_at_the_next_reading(fresh: LedgerHouse) -> None:
    begins_at = ways_opened(fresh)
    fresh.rows(_WATCHED)
    with reading(fresh.database) as connection:
        # Time stands still for whoever reads, so that only what changed can change what is shown.
        walk = KeptWalk(fresh, 11, KeptWallets(connection, lambda: begins_at))
        for place in range(STEPS):
            walk.step(place, begins_at)
    ways = {"buy", "pay", "set_aside", "take", "let_go", "refunded", "brought_back", "exchanged", "given"}
    print(f"seen at the next reading: {sorted(walk.changed)}")
    assert walk.changed == ways | {"adjusted", "hello", "brought_in", "over"}


def test_a_desk_that_forgets_a_holder_is_caught(fresh: LedgerHouse) -> None:
    """The trigger of the test above bites: a lot that changes by hand names nobody."""
    member(fresh, "forgotten")
    fresh.rows(_WATCHED)
    with pytest.raises(Exception, match="lots changed, holder"):
        fresh.rows("UPDATE lots SET points_left = points_left")


def test_a_wallet_that_has_not_changed_is_not_read_again(house: LedgerHouse, wallets: KeptWallets) -> None:
    still, busy = member(house, "STILL"), member(house, "BUSY")
    placed(house, hold(still, "still-1", 100))
    both = [still, busy, "office:STILL", "mem_nobody"]
    first, looked = wallets.counted(both)
    assert looked > 4
    assert wallets.counted(both) == (first, 0)
    obey(house, redeem(busy, "hotel", "busy-1", 100))
    again, looked = wallets.counted(both)
    assert (again[0], again[2], again[3]) == (first[0], first[2], first[3])
    assert again[1] != first[1]
    assert looked
    assert wallets.counted([still])[1] == 0
    print(f"{looked} looks at lots, holds and debts for one wallet that changed, none for those that did not")


def test_what_a_desk_has_answered_every_process_shows(house: LedgerHouse, clock: Clock) -> None:
    name, desks = member(house, "TWO"), (house.first, house.desk())
    with reading(house.database) as one, reading(house.database) as another:
        processes = KeptWallets(one, clock), KeptWallets(another, clock)
        for place in range(1, 9):
            (told,) = desks[place % 2].obey_all([earn("office", "TWO", 2_000, f"two-{place + 1}")])
            assert answer_of(told)["points"] == 10
            for process in processes:
                assert points(process.read([name])[0]) == {"OFFI": (500 + 10 * place, 0, 0)}


def test_a_crowd_that_changes_meanwhile_is_shown_as_it_is_once_it_rests(
    house: LedgerHouse, wallets: KeptWallets
) -> None:
    members = [member(house, f"CROWD{place}") for place in range(12)]
    running = [
        later(house.first, *(redeem(one, "hotel", f"{one}-{turn}", 100) for one in members))
        for turn in range(4)
    ]
    while not all(one.done() for one in running):
        for view in wallets.read(members):
            (left, _, _) = points(view)["OFFI"]
            assert left in (500, 400, 300, 200, 100)
    assert {points(view)["OFFI"] for view in wallets.agreed(members)} == {(100, 0, 0)}


def test_a_link_moves_what_both_are_shown_and_nobody_sees_the_others(
    house: LedgerHouse, wallets: KeptWallets
) -> None:
    one, other = member(house, "ONE", 20_000), member(house, "OTHER", 40_000)
    obey(house, earn("hotel", "MOVING", 10_000, "moving-1"))
    asked_for = [one, other, "hotel:MOVING"]
    pending = {"HOTL": (0, 300, 0)}
    owns = [{"OFFI": (100, 0, 0)}, {"OFFI": (200, 0, 0)}]
    assert [points(view) for view in wallets.agreed(asked_for)] == [*owns, pending]
    obey(house, link(one, "hotel", "MOVING"))
    with_one = {**owns[0], **pending}
    assert [points(view) for view in wallets.agreed(asked_for)] == [with_one, owns[1], with_one]
    obey(house, link(other, "hotel", "MOVING"))
    with_other = {**owns[1], **pending}
    assert [points(view) for view in wallets.agreed(asked_for)] == [owns[0], with_other, with_other]


@pytest.mark.parametrize("ending", ["captured", "released", "expired"])
def test_a_hold_that_ends_is_seen_by_whoever_has_the_points_by_now(
    house: LedgerHouse, wallets: KeptWallets, ending: str
) -> None:
    """Its holder of then is turned and announced; whose number it was paid with is changed all the same."""
    run = ending.upper()
    first, second = member(house, f"{run}A", 10_000), member(house, f"{run}B", 2_000)
    obey(house, earn("office", f"{run}N", 40_000, f"{run}-n"), link(first, "office", f"{run}N"))
    told = placed(house, hold(first, f"{run}-order", 230))
    obey(house, link(second, "office", f"{run}N"))
    before = wallets.agreed([first, second])
    versions = _versions(house, second)
    if ending == "captured":
        obey(house, capture(told, "1", 230))
    elif ending == "released":
        obey(house, release(told))
    else:
        expired(house, NOON + 2 * DAY)
    after = wallets.agreed([first, second])
    print(f"{ending}: {[points(view) for view in before]} then {[points(view) for view in after]}")
    assert after[0] != before[0]
    assert (after[1] != before[1]) == (ending != "captured")
    assert _versions(house, second) == versions


def _versions(house: LedgerHouse, identity: str) -> list[Any]:
    return house.rows(
        "SELECT version FROM holders WHERE id = (SELECT holder_id FROM wallets WHERE identity = %s)", identity
    )


def test_time_alone_changes_a_wallet_at_its_moment(
    house: LedgerHouse, wallets: KeptWallets, clock: Clock
) -> None:
    obey(house, earn("mall-east", "TIME", 100_000, "time-1"), link("mem_TIME", "mall-east", "TIME"))
    ((available_at, expires_at),) = house.rows(
        "SELECT available_at, expires_at FROM lots WHERE receipt_number = 'TIME-1'"
    )
    assert available_at == NOON + EARN["MALL"][3] * DAY
    moments = {
        available_at: ((0, 100, 0), (100, 0, 0)),
        expires_at - SOON: ((100, 0, 0), (100, 0, 100)),
        expires_at: ((100, 0, 100), None),
    }
    for moment, (before, after) in moments.items():
        for at, wanted in ((moment - 2 * SECOND, before), (moment - SECOND, before), (moment, after)):
            clock.at = at
            (view,), looked = wallets.counted(["mem_TIME"])
            shown = [(one["available"], one["pending"], one["expiring_soon"]) for one in view["assets"]]
            assert shown == ([] if wanted is None else [wanted])
            # Kept for a second, and read anew at the very moment.
            assert (looked == 0) == (at == moment - SECOND)


def test_new_points_are_worth_what_the_rates_of_the_moment_say(fresh: LedgerHouse, clock: Clock) -> None:
    begins_at = now() + timedelta(minutes=5)
    fresh.open_month(month_of(begins_at - DAY))
    obey(
        fresh, earn("office", "RATE", 100_000, "rate-1", begins_at - DAY), link("mem_RATE", "office", "RATE")
    )
    name = "mem_RATE"
    with reading(fresh.database) as connection:
        wallets = KeptWallets(connection, clock)
        clock.at = begins_at - 2 * SECOND
        assert wallets.agreed([name])[0]["worth_fen"] == 500
        fresh.add_rule(RuleKind.RATE, "OFFI", {"numerator": 1, "denominator": 2}, begins_at)
        clock.at = begins_at - SECOND
        assert wallets.agreed([name])[0]["worth_fen"] == 500
        clock.at = begins_at
        assert wallets.agreed([name])[0]["worth_fen"] == 250


def test_nothing_is_kept_past_its_minute_or_from_another_connection(house: LedgerHouse, clock: Clock) -> None:
    name = member(house, "HAND")
    with reading(house.database) as one, reading(house.database) as another:
        wallets = KeptWallets(one, clock)
        view, looked = wallets.counted([name])
        assert looked
        clock.at += timedelta(seconds=59)
        assert wallets.counted([name]) == (view, 0)
        clock.at += SECOND
        assert wallets.counted([name])[1]
        assert wallets.counted([name]) == (view, 0)
        # As after a restart of the database, perhaps from a backup.
        wallets.connection = another
        assert wallets.counted([name])[1]
        assert wallets.counted([name]) == (view, 0)


class Meddler:
    """A cursor that lets something happen before wallets are read, as it may between any two statements."""

    def __init__(self, cursor: Cursor, meddle: Sequence[Command], house: LedgerHouse) -> None:
        self._cursor = cursor
        self._meddle = meddle
        self._house = house
        self.connection = cursor.connection

    def execute(self, statement: str, parameters: Any = None) -> None:
        """Let it happen before a wallet is read, then ask."""
        if statement.startswith("EXECUTE wallets_now"):
            obey(self._house, *self._meddle)
        self._cursor.execute(statement, parameters)

    def fetchone(self) -> Any:
        """Give what was asked for."""
        return self._cursor.fetchone()

    def fetchall(self) -> Any:
        """Give what was asked for."""
        return self._cursor.fetchall()


def test_what_changes_between_the_look_and_the_reading_is_shown_and_read_again(house: LedgerHouse) -> None:
    one, other = member(house, "RACE"), member(house, "RIVAL", 2_000)
    obey(house, earn("office", "RACING", 2_000, "racing-1"))
    names = [one, other, "office:RACING"]
    meddle: list[Command] = [redeem(one, "hotel", "race-1", 100), link(other, "office", "RACING")]
    with reading(house.database) as connection, connection.cursor() as cursor:
        wallets, meddler = Wallets(Clock()), cast(Cursor, Meddler(cursor, meddle, house))
        shown = [points(view) for view in wallets.read(meddler, names)]
        rival = {"OFFI": (20, 0, 0)}
        assert shown == [{"OFFI": (400, 0, 0)}, rival, rival]
        assert [points(view) for view in wallets.read(cursor, names)] == shown
        obey(house, link(one, "office", "RACING"))
        assert [points(view)["OFFI"] for view in wallets.read(cursor, names)] == [
            (410, 0, 0),
            (10, 0, 0),
            (410, 0, 0),
        ]
