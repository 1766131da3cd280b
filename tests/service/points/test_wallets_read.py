"""Wallets read together: the same as read alone, and nobody's points in somebody else's wallet."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from services.points.queries.wallet import Wallets
from shared.kernel.command import Command
from tests.service.points.hold_room import hold, placed
from tests.service.points.kept_wallets import reading
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn, link, redeem

NOON_LATER = datetime(2017, 1, 28, 12, 0, tzinfo=UTC)
CONDITION = "AND l.wallet_id = m.id"
"""What keeps lots of others out of the sums, beside the policies."""


def read(connection: Connection, identities: Sequence[str]) -> list[Mapping[str, Any]]:
    """Read wallets in one round trip."""
    with connection.cursor() as cursor:
        return Wallets(lambda: NOON_LATER).read(cursor, identities)


def crowd(house: LedgerHouse, run: str, count: int) -> list[str]:
    """Bring members with points of three units each, every one a different number of them."""
    members = [f"mem_{run}{place}" for place in range(count)]
    commands: list[Command] = []
    for place, member in enumerate(members):
        number = f"{run}{place}"
        for unit in ("office", "hotel", "mall-east"):
            commands.append(earn(unit, number, 10_000 * (place + 1), f"{run}-{unit}-{place}"))
            commands.append(link(member, unit, number))
    for answer in house.obey(*commands):
        answer_of(answer)
    return members


def test_wallets_read_together_are_the_wallets_read_alone(house: LedgerHouse) -> None:
    members = crowd(house, "together", 20)
    answer_of(house.obey(redeem(members[3], "hotel", "together-1", 100))[0])
    asked = [*members, "mem_nobody", members[0], "", "office:TOGETHER5"]
    with reading(house.database) as connection:
        alone = [read(connection, [one])[0] for one in asked]
        together = read(connection, asked)
    assert together == alone
    nobody: dict[str, object] = {"holder": None, "worth_fen": 0, "assets": [], "owed_fen": 0, "owed": []}
    assert together[20] == together[22] == nobody
    assert together[23] == together[5]
    assert len({view["holder"] for view in together[:20]}) == 20
    for place, view in enumerate(together[:20]):
        spent = 100 if place == 3 else 0
        points = {one["asset"]: (one["available"], one["pending"]) for one in view["assets"]}
        assert points == {
            "OFFI": (50 * (place + 1) - spent, 0),
            "HOTL": (0, 300 * (place + 1)),
            "MALL": (10 * (place + 1), 0),
        }
        assert view["worth_fen"] == 50 * (place + 1) - spent + 50 * (place + 1)
    print(f"{len(asked)} wallets read together and alone: the same")


def test_the_policies_alone_keep_wallets_apart_that_are_read_together(house: LedgerHouse) -> None:
    """A function that forgets whose lots it adds up shows nobody anything of anybody else, on hold or not."""
    members = crowd(house, "policy", 5)
    for member in members[1:]:
        placed(house, hold(member, f"of-{member}", 100))
    with reading(house.database) as connection:
        right = read(connection, members)
        ((source,),) = house.rows("SELECT pg_get_functiondef('wallets_now'::regproc)")
        assert source.count(CONDITION) == 1
        # Each wallet would add up everybody's: the sums of one are enough.
        house.rows(source.replace("unnest(mine)", "unnest(mine[1:1])").replace(CONDITION, ""))
        try:
            assert read(connection, members) == right
        finally:
            house.rows(source)


def test_what_a_person_with_several_wallets_holds_is_counted_once(house: LedgerHouse) -> None:
    members = crowd(house, "several", 6)[3:]
    for member in members:
        placed(house, hold(member, f"one-{member}", 100))
        placed(house, hold(member, f"two-{member}", 100))
    held = {
        member: sum(
            points
            for (points,) in house.rows(
                "SELECT s.points_left FROM hold_slices s JOIN holds h ON h.id = s.hold_id"
                " WHERE h.identity = %s",
                member,
            )
        )
        for member in members
    }
    with reading(house.database) as connection:
        shown = [sum(one["held"] for one in view["assets"]) for view in read(connection, members)]
    assert shown == [held[member] for member in members]
    assert all(shown)


def test_a_reading_leaves_nobodys_rows_in_sight(house: LedgerHouse) -> None:
    members = crowd(house, "after", 2)
    placed(house, hold(members[1], "of-after", 100))
    with reading(house.database) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        assert all(view["assets"] for view in read(connection, members))
        for table in ("lots", "wallets", "holders", "journals", "transfers"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT * FROM points_on_hold()")
        assert cursor.fetchall() == []
        cursor.execute("ROLLBACK")


def test_what_was_planned_on_small_tables_still_goes_by_key(house: LedgerHouse) -> None:
    """Beside its key a table has other indexes, which look as good while it has three rows."""
    members = crowd(house, "grown", 70)[10:]
    told = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'holds'"
    with reading(house.database) as connection, connection.cursor() as cursor:
        placed(house, hold(members[0], "grown-0", 100))
        house.rows("VACUUM ANALYZE holds")
        read(connection, members[:2])
        for place, member in enumerate(members[1:], 1):
            placed(house, hold(member, f"grown-{place}", 100))
        cursor.execute("BEGIN")
        assert read(connection, [members[30]])[0]["assets"]
        cursor.execute(told)
        fetched = int((cursor.fetchone() or (0,))[0])
        cursor.execute("ROLLBACK")
    print(f"{fetched} rows of holds read for one wallet, of 60 that are there")
    assert fetched < 12
