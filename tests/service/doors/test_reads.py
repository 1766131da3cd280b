"""Lists refuse limits and cursors that nobody gave them; readers see only what is theirs, also in raw SQL."""

from __future__ import annotations

import base64
from typing import Any

import psycopg2
import pytest

from shared.kernel.principal import Role
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group
from tests.service.doors.samples import Route, filled, lists, samples

LISTS = lists()
LIMITS = ("0", "-1", "101", "1000000000", "1e9", "1.5", "abc", "", "010", "+5", "true", "9" * 400)

POLICIED = "SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND roles = ARRAY[%s::name]"
READABLE = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
      AND relnamespace = 'public'::regnamespace AND has_table_privilege(%s, oid, 'SELECT')
"""
EVERYBODYS = {
    # Names of accounts, months, rules, the revision of the tables: nothing of anybody's.
    "points": {"accounts", "months", "rules", "alembic_version"},
    "member": {"alembic_version", "parked"},
}
"""What a reader sees without being anybody: whoever adds to it has thought about it."""


@pytest.fixture(scope="module", autouse=True)
def inhabited(group: Group) -> Caller:
    """Let there be a member with points, a redemption, a declined one."""
    number = fresh_key()
    member = group.person(office=number)
    receipt = {**samples()["POST /points/v1/receipts"].body, "number": number, "amount_fen": 100_000}
    assert group.system("till-office").post("/points/v1/receipts", receipt).status_code == 201
    paid = samples()["POST /points/v1/redemptions"].body
    assert member.post("/points/v1/redemptions", paid).status_code == 201
    assert member.post("/points/v1/redemptions", {**paid, "order_no": fresh_key()}).status_code == 409
    return member


@pytest.fixture
def caller(route: Route, callers: dict[Role, Caller]) -> Caller:
    """Lend somebody who may read the list."""
    return callers[next(role for role in route.roles or (Role.MEMBER,) if role in callers)]


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_limit_is_between_one_and_a_hundred(route: Route, caller: Caller) -> None:
    for limit in LIMITS:
        answer = caller.get(f"{filled(route)}?limit={limit}")
        assert answer.status_code == 422, limit
    assert caller.get(f"{filled(route)}?limit=1&limit=2").status_code == 422
    assert caller.get(f"{filled(route)}?limit=1&offset=10").status_code == 422


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_cursor_that_this_list_did_not_give_this_caller_is_refused(
    route: Route, caller: Caller, callers: dict[Role, Caller]
) -> None:
    listed = callers[Role.OPERATOR].get("/points/v1/balances?limit=1").json()
    foreign = listed["cursor"]["next"]
    assert foreign is not None
    made_up = base64.urlsafe_b64encode(b'["00000000-0000-0000-0000-000000000000"]').decode().rstrip("=")
    turned = foreign[:-1] + ("A" if foreign[-1] != "A" else "B")
    for cursor in ("abc", "", made_up, turned, foreign[: len(foreign) // 2], "x" * 600, "%00"):
        assert caller.get(f"{filled(route)}?cursor={cursor}").status_code == 422, cursor
    role = Role.IMPORTER if route.path.endswith("balances") else next(iter(route.roles), Role.MEMBER)
    importer = callers[role]
    assert importer.get(f"{filled(route)}?cursor={foreign}").status_code == 422
    assert callers[Role.OPERATOR].get(f"/points/v1/balances?cursor={foreign}").status_code == 200


BY_NAME = {
    "/points/v1/redemptions": "order_no=17",
    "/points/v1/holds": "order_no=17",
    "/points/v1/receipts": "store=front&receipt_no=17&purchased_on=2026-11-01",
}
"""What is found by the unit's own name for it, which other units may give as well."""


@pytest.mark.parametrize("path", BY_NAME)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.IMPORTER], ids=str)
def test_whoever_sees_every_unit_is_told_to_name_the_one_they_mean(
    path: str, role: Role, callers: dict[Role, Caller]
) -> None:
    asked = f"{path}?{BY_NAME[path]}"
    for language, detail in (("zh-CN", "请指明是哪个业务单元"), ("en", "say which unit is meant")):
        unsaid = callers[role].get(asked, Accept_Language=language)
        assert (unsaid.status_code, unsaid.json()["code"]) == (422, "malformed")
        assert unsaid.json()["faults"] == [{"pointer": "/unit", "rule": "missing", "detail": detail}]
    assert callers[role].get(f"{asked}&unit=office").status_code == 404
    assert callers[Role.UNIT_SYSTEM].get(asked).status_code == 404


@pytest.mark.parametrize("service", ["member", "points"])
def test_a_reader_who_is_nobody_sees_no_row_of_anybody(service: str, group: Group) -> None:
    reader = f"{service}_reader"
    policied = {name for (name,) in group.rows(service, POLICIED, reader)}
    readable = {name for (name,) in group.rows(service, READABLE, reader)}
    assert readable - policied == EVERYBODYS[service]
    for table in sorted(policied):
        assert group.rows(service, f'SELECT count(*) FROM "{table}"', duty="reader") == [(0,)], table
    kept = {table: group.rows(service, f'SELECT count(*) FROM "{table}"')[0][0] for table in policied}
    assert sum(count > 0 for count in kept.values()) >= 3, kept


def test_a_reader_for_a_unit_sees_that_units_side_alone(group: Group) -> None:
    def seen(unit: str, question: str) -> list[Any]:
        connection = psycopg2.connect(group.found["databases"]["points"]["reader"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.unit', %s, true)", (unit,))
                cursor.execute(question)
                return list(cursor.fetchall())
        finally:
            connection.close()

    assert seen("residential", "SELECT DISTINCT unit FROM receipts") == []
    assert seen("office", "SELECT DISTINCT unit FROM receipts") == [("office",)]
    assert seen("office", "SELECT DISTINCT unit FROM redemptions") == [("office",)]
    assert seen("office", "SELECT 1 FROM journals WHERE NOT 'office' = ANY (sides)") == []
    assert seen("office", "SELECT 1 FROM wallets WHERE identity NOT LIKE 'office:%'") == []
    assert seen("off_ce", "SELECT 1 FROM wallets") == []
    assert seen("%", "SELECT 1 FROM wallets") == []


def test_a_reader_changes_nothing(group: Group) -> None:
    for service, table in (("points", "lots"), ("points", "holders"), ("member", "identities")):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            group.rows(service, f"DELETE FROM {table}", duty="reader")
