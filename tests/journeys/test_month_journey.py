"""A month of purchases and redemptions is closed: statements, nets, lines down to receipts, stragglers.

The group is this module's own, because a seal is for ever.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import psycopg2
import pytest

from shared.kernel.calendar import month_after, month_bounds, month_of
from shared.runtime.clock import now
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, own_group, until
from tests.journeys.test_points_journey import earned, receipt, wallet, wish
from tests.stack import rows


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Bring up a group of this module's own."""
    with own_group(tmp_path_factory.mktemp("month")) as (group, _):
        group.open_months()
        yield group


@pytest.fixture(scope="module")
def order(group: Group) -> str:
    """Let a member earn at three units and pay 600 of 2,000 fen at a fourth; give the order's number."""
    number, order = fresh_key(), fresh_key()
    member = group.person(office=number, property=number, hotel=number)
    earned(group, "office", number, 40_000)
    earned(group, "property", number, 100_000)
    earned(group, "hotel", number, 10_000)
    assert member.post("/points/v1/redemptions", wish(order)).status_code == 201
    poor = member.post("/points/v1/redemptions", wish(fresh_key()))
    assert poor.status_code == 409
    return order


@pytest.fixture(scope="module")
def months(group: Group, order: str) -> dict[str, dict[str, Any]]:
    """Close last month and this one by a stated moment; give both as an operator sees them once issued."""
    operator = group.staff("operator-1")
    this = month_of(now())
    early = operator.post(f"/points/v1/months/{this:%Y-%m}/close", {"at": _end(month_after(this, -1))})
    assert (early.status_code, early.json()["code"]) == (409, "month-not-over")
    ahead = operator.post(f"/points/v1/months/{this:%Y-%m}/close", {"at": _end(this)})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "month-not-over")
    seen = {}
    for month, closer in ((month_after(this, -1), operator), (this, group.system("importer"))):
        answer = closer.post(f"/points/v1/months/{month:%Y-%m}/close", {"at": _end(month)})
        assert answer.status_code == 202, answer.text
        seen[f"{month:%Y-%m}"] = _issued(operator, f"{month:%Y-%m}")
    return seen


def _end(month: date) -> str:
    return month_bounds(month)[1].isoformat()


def _issued(operator: Caller, month: str) -> dict[str, Any]:
    """Read a month as soon as its statements are issued."""

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = operator.get(f"/points/v1/months/{month}").json()
        return shown if shown["statements_issued"] else None

    found = until(look)
    assert found is not None
    return found


def _statements(group: Group, months: dict[str, dict[str, Any]], unit: str) -> list[dict[str, Any]]:
    """Read the unit's statements of both months as its finance staff."""
    finance = group.staff(f"finance-{unit}")
    found = []
    for month in months:
        (link,) = finance.get(f"/points/v1/months/{month}").json()["statements"]
        answer = finance.get(f"/points/v1/statements/{link['statement']}")
        assert answer.status_code == 200, answer.text
        assert (answer.json()["unit"], answer.json()["month"]) == (unit, month)
        found.append(answer.json())
    return found


def test_what_others_owe_is_what_was_redeemed_and_all_nets_sum_to_zero(
    group: Group, months: dict[str, dict[str, Any]]
) -> None:
    this = months[max(months)]
    assert this["owed_fen"] == {
        "hotel": {"mall-east": 300},
        "office": {"mall-east": 200},
        "property": {"mall-east": 100},
    }
    assert this["net_fen"] == {"hotel": -300, "mall-east": 600, "office": -200, "property": -100}
    assert (this["redemptions"], this["refused"]) == (1, 1)
    for month in months.values():
        assert sum(one["net_fen"] for one in month["statements"]) == 0
    assert sum(month["receipts"] for month in months.values()) == 3
    assert [
        sum(month["issued"].get(unit, 0) for month in months.values()) for unit in ("hotel", "office")
    ] == [
        300,
        200,
    ]


def test_a_units_statement_says_what_it_issued_and_what_was_redeemed_of_it(
    group: Group, months: dict[str, dict[str, Any]]
) -> None:
    earlier, this = _statements(group, months, "hotel")
    assert this["net_fen"] == -300
    assert this["payable_fen"] == {"mall-east": 300}
    points = this["points"]["HOTL"]
    assert points["redeemed_elsewhere"] == 300
    assert points["closing"] == 0
    assert earlier["points"].get("HOTL", {}).get("issued", 0) + points["issued"] == 300
    (_, mall) = _statements(group, months, "mall-east")
    assert mall["receivable_fen"] == {"hotel": 300, "office": 200, "property": 100}
    assert mall["redeemed_here"]["hotel"] == {"HOTL": {"points": 300, "fen": 300}}


def test_a_statement_as_a_table_has_the_same_figures(group: Group, months: dict[str, dict[str, Any]]) -> None:
    (_, statement) = _statements(group, months, "mall-east")
    path = f"/points/v1/statements/{statement['statement']}?form=csv"
    answer = group.staff("finance-mall-east").get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    read = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    figures = dict(read)
    assert read[0] == ["figure", "value"]
    assert figures["net_fen"] == "600"
    assert figures["receivable_fen.hotel"] == "300"
    assert figures["redeemed_here.office.OFFI.fen"] == "200"


def test_lines_lead_from_the_statement_to_order_journal_and_receipt(
    group: Group, months: dict[str, dict[str, Any]], order: str
) -> None:
    finance = group.staff("finance-hotel")
    lines: list[dict[str, Any]] = []
    for statement in _statements(group, months, "hotel"):
        path = f"/points/v1/statements/{statement['statement']}/lines?limit=1"
        following = None
        while True:
            page = finance.get(path if following is None else f"{path}&cursor={following}").json()
            lines += page["data"]
            following = page["cursor"]["next"]
            if following is None:
                break
    assert len({line["line"] for line in lines}) == len(lines)
    earning = [line for line in lines if line["kind"] == "earning"]
    paying = [line for line in lines if line["order_no"] == order]
    assert [(line["asset"], line["amount"]) for line in earning] == [("HOTL", 300)]
    assert sorted((line["asset"], line["amount"]) for line in paying) == [("CNY", 30_000), ("HOTL", 300)]
    assert len({line["journal"] for line in paying}) == 1
    (taken,) = [line for line in paying if line["asset"] == "HOTL"]
    assert taken["receipt_no"] == earning[0]["receipt_no"]


def test_another_units_statement_is_not_found(group: Group, months: dict[str, dict[str, Any]]) -> None:
    (_, foreign) = _statements(group, months, "hotel")
    path = f"/points/v1/statements/{foreign['statement']}"
    for stranger in (group.staff("finance-office"), group.system("till-office")):
        for tried in (path, f"{path}?form=csv", f"{path}/lines"):
            assert stranger.get(tried).status_code == 404, tried
    assert group.member().get(path).status_code == 403
    assert group.staff("operator-1").get(path).status_code == 200
    seen = group.staff("finance-office").get(f"/points/v1/months/{max(months)}").json()
    assert [one["unit"] for one in seen["statements"]] == ["office"]
    assert "net_fen" not in seen


def test_a_receipt_that_comes_after_the_seal_goes_to_the_next_month_and_names_its_own(
    group: Group, months: dict[str, dict[str, Any]]
) -> None:
    number = fresh_key()
    member = group.person(office=number)
    late = receipt("office", number, 40_000)
    answer = group.system("till-office").post("/points/v1/receipts", late)
    assert answer.status_code == 201, answer.text
    ((month, concerns, occurred_at),) = group.rows(
        "points",
        "SELECT j.month, j.concerns_month, j.occurred_at FROM journals j JOIN receipts r ON r.id = j.subject"
        " WHERE r.number = %s",
        late["receipt_no"],
    )
    bought = datetime.fromisoformat(late["purchased_at"])
    assert (month, concerns) == (month_after(month_of(now()), 1), month_of(bought))
    assert occurred_at == bought
    assert wallet(member) == {"OFFI": 200}
    operator = group.staff("operator-1")
    for name, before in months.items():
        after = operator.get(f"/points/v1/months/{name}").json()
        assert after == before


def test_a_month_is_neither_opened_before_a_sealed_one_nor_closed_twice(
    group: Group, months: dict[str, dict[str, Any]]
) -> None:
    operator = group.staff("operator-1")
    before = operator.post(f"/points/v1/months/{month_after(month_of(now()), -3):%Y-%m}/open")
    assert (before.status_code, before.json()["code"]) == (409, "month-before-sealed")
    closer = group.system("importer")
    again = closer.post(f"/points/v1/months/{max(months)}/close", {"at": _end(month_of(now()))})
    assert (again.status_code, again.json()["state"]) == (202, "sealed")


def test_nobody_writes_into_a_sealed_month_by_hand(group: Group, months: dict[str, dict[str, Any]]) -> None:
    owner = group.found["databases"]["points"]["owner"]
    for statement in (
        "UPDATE transfers SET amount = amount + 1 WHERE month = %s",
        "DELETE FROM journals WHERE month = %s",
        "INSERT INTO transfers SELECT * FROM transfers WHERE month = %s",
    ):
        with pytest.raises(psycopg2.Error, match="is sealed"):
            rows(owner, statement, month_of(now()))


def test_the_books_prove_themselves_after_all_this(group: Group, months: dict[str, dict[str, Any]]) -> None:
    audit = group.staff("operator-1").get("/points/v1/audit").json()
    assert (audit["sound"], audit["findings"]) == (True, [])
    assert [scope["scope"][:7] for scope in audit["scopes"]][: len(months)] == list(months)
