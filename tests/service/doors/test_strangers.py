"""Every route tried without proof, with a wrong one, in the wrong role, without a key, on others' things."""

from __future__ import annotations

import orjson
import pytest

from shared.kernel.principal import Role
from shared.web.keys import new_private_key
from shared.web.signatures import RequestSigner
from tests.journeys.caller import Caller, by_signature, by_token, fresh_key
from tests.journeys.group import Group
from tests.service.doors.samples import NOBODY, Route, filled, reads, routes, samples, writes

GUARDED = [route for route in routes() if route.roles]
OPEN = {
    "POST /member/v1/codes",
    "POST /member/v1/sessions",
    "POST /member/v1/sessions/refresh",
    "POST /member/v1/sessions/sign-out",
    "POST /member/v1/staff-tokens",
    "GET /member/v1/keys",
    "GET /points/v1/rates",
    "GET /points/v1/rates/history",
}
"""What anybody may ask: whoever adds to it has thought about it."""

WITHOUT_KEY = {"POST /points/v1/numbers/lookup", "POST /points/v1/earn/simulate"}
"""Questions that are too long for an address: sent by POST, they change nothing."""


def send(caller: Caller, route: Route, **headers: str) -> int:
    """Send the route's sample, under a fresh key, and give the status."""
    if route.method == "GET":
        return caller.get(filled(route), **headers).status_code
    return caller.post(filled(route), samples()[str(route)].body, **headers).status_code


def test_every_write_has_a_sample_and_every_sample_a_write() -> None:
    assert {str(route) for route in writes()} == set(samples())


def test_only_sign_in_and_public_keys_are_open_to_anybody() -> None:
    assert {str(route) for route in routes() if not route.roles} == OPEN
    assert {str(route) for route in writes() if route.roles and not route.keyed} == WITHOUT_KEY


_ASKED = {
    "GET /points/v1/redemptions": "?order_no=nobodys&unit=office",
    "GET /points/v1/holds": "?order_no=nobodys&unit=office",
    "GET /points/v1/receipts": "?store=1F&receipt_no=nobodys&purchased_on=2026-01-31&unit=office",
}
"""What a read has to be asked with."""


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_whoever_proves_nothing_or_something_wrong_is_unknown(route: Route, group: Group) -> None:
    forger = RequestSigner("importer", new_private_key())
    for stranger in (
        group.stranger,
        Caller(group.address, group.web, by_token("not.a.token")),
        Caller(group.address, group.web, by_token("e30.e30.")),
        Caller(group.address, group.web, by_signature(forger)),
    ):
        assert send(stranger, route) == 401
    both = group.system("importer")
    assert send(both, route, authorization="Bearer not.a.token") == 401


@pytest.mark.parametrize("route", GUARDED, ids=str)
def test_the_wrong_role_is_turned_away(route: Route, callers: dict[Role, Caller]) -> None:
    for role, caller in callers.items():
        if role not in route.roles:
            assert send(caller, route) == 403, role


@pytest.mark.parametrize("route", [route for route in writes() if route.keyed], ids=str)
def test_a_write_without_a_usable_key_is_refused(route: Route, callers: dict[Role, Caller]) -> None:
    caller = callers[next(role for role in route.roles if role in callers)]
    content = orjson.dumps(samples()[str(route)].body)
    answer = caller.send("POST", filled(route), content, None)
    assert (answer.status_code, answer.json()["code"]) == (400, "key-missing")
    assert caller.send("POST", filled(route), content, "k" * 256).status_code == 400


@pytest.mark.parametrize("route", reads(), ids=str)
def test_a_read_in_the_right_role_is_answered_or_not_found(route: Route, callers: dict[Role, Caller]) -> None:
    asked = _ASKED.get(str(route), "")
    for role in route.roles or (Role.MEMBER,):
        if role in callers:
            answer = callers[role].get(filled(route) + asked, x_reason="a test asks")
            assert answer.status_code in (200, 404), (role, answer.text)


def test_who_mistypes_a_month_in_an_address_is_told_its_form(callers: dict[Role, Caller]) -> None:
    """Whose a month is nobody asks: there is nothing to hide behind a 404."""
    operator = callers[Role.OPERATOR]
    tried = [
        operator.post("/points/v1/months/2031-13/open"),
        operator.post("/points/v1/months/nonsense/close"),
        operator.get("/points/v1/months/0001-01"),
        operator.get("/points/v1/months/２０３１-01"),
    ]
    for one in tried:
        assert (one.status_code, one.json()["code"]) == (422, "malformed")
        (fault,) = one.json()["faults"]
        assert (fault["pointer"], "YYYY-MM" in fault["detail"]) == ("/month", True)
    assert operator.get("/points/v1/months/1999-12").status_code == 404


@pytest.mark.parametrize(("language", "form"), [("zh", "必须是 18 位数字"), ("en", "must be 18 digits")])
def test_a_till_that_scans_something_else_is_told_the_form_of_a_pay_code(
    callers: dict[Role, Caller], language: str, form: str
) -> None:
    body = {"unit": "hotel", "order_no": fresh_key(), "price_fen": 2_000, "pay_fen": 300}
    for code in ("1" * 17, "1" * 19, "１" * 18, f"{'1' * 18}\n", "https://example.com/?code=1", ""):
        answer = callers[Role.UNIT_SYSTEM].post(
            "/points/v1/redemptions", {**body, "pay_code": code}, accept_language=language
        )
        assert answer.status_code == 422
        (fault,) = answer.json()["faults"]
        assert (fault["pointer"], fault["detail"].startswith(form)) == ("/pay_code", True), fault


def test_what_is_not_yours_is_not_found_and_counted(group: Group, callers: dict[Role, Caller]) -> None:
    """Writes on what another unit or person has, or nobody: the same 404."""
    till, operator = callers[Role.UNIT_SYSTEM], callers[Role.OPERATOR]
    receipt = {**samples()["POST /points/v1/receipts"].body, "unit": "hotel"}
    tried = [
        till.post("/points/v1/receipts", receipt),
        operator.post(f"/points/v1/rules/rul_{'0' * 32}/approve"),
        operator.post("/points/v1/rules/made-up/approve"),
        till.post("/points/v1/holds/made-up/release"),
        till.post(f"/points/v1/holds/hld_{'0' * 32}/release"),
        operator.post("/points/v1/parked/999999999999/dismiss"),
        operator.post("/member/v1/clients/till-of-nobody/revoke"),
        operator.get(f"/member/v1/members/{NOBODY}", x_reason="a test asks"),
    ]
    assert [(one.status_code, one.json()["code"]) for one in tried] == [(404, "not-found")] * len(tried)
    assert "foreign" not in tried[0].text
    number = fresh_key()
    group.person(hotel=number)
    own = till.post("/points/v1/numbers/lookup", {"numbers": [{"unit": "hotel", "number": number}]})
    spelled = number.upper()
    assert own.json()["data"] == [{"unit": "hotel", "number": spelled, "holder": None, "member": None}]
    measures = group.measures()
    assert 'route="/points/v1/receipts"' in measures
    # It stands at 0 from the start: what was counted does not.
    denied = [line for line in measures.splitlines() if line.startswith("tongfen_denied_total")]
    assert any("foreign" in line and not line.endswith(" 0.0") for line in denied)
