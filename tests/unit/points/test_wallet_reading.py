"""Whose wallet is kept: that of the holder who was asked about, whatever the reading finds meanwhile."""

from datetime import UTC, datetime
from typing import Any, cast

from psycopg2.extensions import cursor as Cursor

from services.points.queries.wallet import Wallets

NOON = datetime(2017, 1, 20, 12, tzinfo=UTC)
ONE, OTHER = "01970000-0000-7000-8000-000000000001", "01970000-0000-7000-8000-000000000002"


class Scripted:
    """A cursor that answers as told: who holds the identity at which batch, and whose wallet is found."""

    connection = object()

    def __init__(self) -> None:
        self.holder, self.batch, self.found = ONE, 7, ONE
        self.readings = 0
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, _: Any = None) -> None:
        """Take a question."""
        self._rows = []
        if statement.startswith("EXECUTE holders_changed"):
            self._rows = [(0, self.holder, self.batch)]
        elif statement.startswith("EXECUTE wallets_now"):
            self.readings += 1
            self._rows = [(1, self.found, None, 0, 0, 0, 0, None, None, None, None, 0)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give its answer."""
        return self._rows


def read(wallets: Wallets, cursor: Scripted) -> str:
    """Tell whose wallet is shown."""
    (view,) = wallets.read(cast(Cursor, cursor), ["office:1"])
    return str(view["holder"]).removeprefix("hol_")


def test_a_wallet_is_read_once_until_another_batch_changes_its_holder() -> None:
    wallets, cursor = Wallets(lambda: NOON), Scripted()
    assert [read(wallets, cursor) for _ in range(3)] == [ONE.replace("-", "")] * 3
    assert cursor.readings == 1
    cursor.batch = 8
    read(wallets, cursor)
    assert cursor.readings == 2


def test_what_came_to_somebody_else_in_between_is_kept_under_nobody() -> None:
    wallets, cursor = Wallets(lambda: NOON), Scripted()
    cursor.found = OTHER
    assert read(wallets, cursor) == OTHER.replace("-", "")
    cursor.found = ONE
    assert read(wallets, cursor) == ONE.replace("-", "")
    assert cursor.readings == 2


def test_a_kept_wallet_is_for_who_holds_the_identity_now() -> None:
    wallets, cursor = Wallets(lambda: NOON), Scripted()
    read(wallets, cursor)
    cursor.holder = cursor.found = OTHER
    assert read(wallets, cursor) == OTHER.replace("-", "")
    assert cursor.readings == 2


def test_another_connection_is_another_past() -> None:
    wallets, cursor = Wallets(lambda: NOON), Scripted()
    read(wallets, cursor)
    again = Scripted()
    again.connection = object()
    read(wallets, again)
    assert again.readings == 1
