"""Staff at a terminal: what waits for a person is found and decided by `tongfen`, without asking a door."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli.main import app
from infra.embedded.home import Home
from infra.embedded.secrets import write_private
from shared.runtime.clock import now
from tests.journeys.caller import fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned, wallet

Terminal = Callable[..., Result]


@pytest.fixture
def terminal(group: Group, tmp_path: Path) -> Iterator[Terminal]:
    """Sit down at a terminal of the machine on which the run's group stands."""
    home = Home(tmp_path)
    home.enter()
    home.write(home.status, {"state": "ready", "address": group.address, "parts": {}})
    write_private(home.secrets, json.dumps({"member.staff": group.found["staff_secret"]}))

    def say(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--home", str(tmp_path)])

    yield say
    home.leave()


def found(said: Result) -> Any:
    """Read what a program was told."""
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def id_in(said: Result, prefix: str) -> str:
    """Find the id that a person is told."""
    assert said.exit_code == 0, said.output
    told = re.search(rf"{prefix}_[0-9a-f]{{32}}", said.output)
    assert told is not None, said.output
    return told[0]


def test_points_are_given_and_taken_back_by_two_persons_at_a_terminal(
    group: Group, terminal: Terminal
) -> None:
    number, desk = fresh_key(), ("--as", "finance-hotel")
    member = group.person(hotel=number)
    whose = ("hotel", "500", "--number", number)
    grant = id_in(terminal("adjust", "grant", *whose, "--reason", "no hot water", *desk), "grt")
    assert grant in terminal("adjust", "list", *desk).output
    own = terminal("adjust", "approve", grant, *desk)
    assert (own.exit_code, "409 another-person-needed" in own.output) == (1, True)
    given = terminal("adjust", "approve", grant, "--as", "operator-1")
    assert given.output.startswith("500 HOTL of hotel given: jrn_")
    assert wallet(member) == {"HOTL": 500}
    taken = id_in(terminal("adjust", "deduct", *whose, "--reason", "given twice", *desk), "ded")
    assert terminal("adjust", "reject", taken, "--reason", "it was not", "--as", "operator-1").exit_code == 0
    listed = found(terminal("adjust", "list", "--state", "all", "--json", *desk))
    assert [one["state"] for one in listed["grants"] if one["grant"] == grant] == ["approved"]
    assert [one["remark"] for one in listed["deductions"] if one["deduction"] == taken] == ["it was not"]
    assert wallet(member) == {"HOTL": 500}


def test_whoever_does_not_say_whose_points_or_which_request_is_told_how(terminal: Terminal) -> None:
    for named in ((), ("--number", "17", "--member", f"mem_{'0' * 32}")):
        said = terminal("adjust", "grant", "hotel", "5", "--reason", "no hot water", *named)
        assert (said.exit_code, said.output.startswith("Say whose points: either --number")) == (2, True)
    said = terminal("adjust", "approve", "rul_17")
    assert (said.exit_code, "its id begins with grt_ or ded_" in said.output) == (2, True)


def test_a_doubt_is_seen_with_both_sides_and_decided_at_a_terminal(group: Group, terminal: Terminal) -> None:
    number, desk = fresh_key(), ("--as", "finance-office")
    member = group.person(office=number)
    claim = {
        "unit": "office",
        "store": "desk",
        "amount_fen": 20_000,
        "purchased_at": (now() - timedelta(hours=1)).isoformat(),
    }
    first, second = (
        member.post("/points/v1/receipts/claims", {**claim, "receipt_no": f"{number}-{one}"}).json()["doubt"]
        for one in "12"
    )
    seen = terminal("doubt", "list", *desk).output
    assert first in seen
    assert second in seen
    assert "200.00" in seen
    done = terminal("doubt", "accept", first, "--reason", "slip seen", *desk)
    assert re.fullmatch(r"Accepted as rcp_[0-9a-f]{32}: 100 OFFI\.\n", done.output)
    refused = terminal("doubt", "reject", first, "--reason", "slip seen", *desk)
    assert (refused.exit_code, "409 doubt-decided" in refused.output) == (1, True)
    assert terminal("doubt", "reject", second, "--reason", "no such slip", *desk).exit_code == 0
    states = {
        one["doubt"]: one["state"]
        for one in found(terminal("doubt", "list", "--state", "all", "--json", *desk))
    }
    assert (states[first], states[second]) == ("accepted", "rejected")
    assert wallet(member) == {"OFFI": 100}


def test_a_coupon_is_given_back_and_its_points_seen_again_at_a_terminal(
    group: Group, terminal: Terminal
) -> None:
    number = fresh_key()
    rider = group.person(office=number)
    earned(group, "office", number, 400_000)
    asked = rider.post("/points/v1/vouchers", {"offer": "taxi-20", "price_fen": 2_000}).json()["voucher"]
    until(lambda: rider.get(f"/points/v1/vouchers/{asked}").json()["state"] == "issued")
    assert wallet(rider) == {}
    assert asked in terminal("voucher", "list", "--state", "issued").output
    told = terminal("voucher", "void", asked, "--reason", "the ride never came")
    assert (told.exit_code, "tongfen voucher voidings" in told.output) == (0, True)
    until(lambda: wallet(rider) == {"OFFI": 2_000})
    voided = found(terminal("voucher", "voidings", "--state", "voided", "--json"))
    assert [one["reason"] for one in voided if one["voucher"] == asked] == ["the ride never came"]


def test_limits_are_asked_for_by_operators_alone_and_none_is_told_as_none(terminal: Terminal) -> None:
    assert terminal("limits", "--begins", "nobody:").output == "Nothing has been drawn yet.\n"
    assert found(terminal("limits", "--begins", "nobody:", "--json")) == []
    said = terminal("limits", "--as", "finance-office")
    assert (said.exit_code, "roles: operator" in said.output) == (1, True)
