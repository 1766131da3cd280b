"""What each write of the route tables takes, in one good example each: attacks are made of these.

A route without a sample here fails the tests, so that a new one is tried like the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from services.member.main import openapi_app as member_app
from services.points.main import openapi_app as points_app
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.keys import new_private_key, public_key_text
from tests.journeys.caller import fresh_key
from tests.journeys.group import fresh_phone

NOBODY = f"mem_{'0' * 32}"


@dataclass(frozen=True)
class Route:
    """One line of a route table."""

    service: str
    method: str
    path: str
    roles: tuple[Role, ...]
    keyed: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Sample:
    """A body that the route takes, the values in its path, and which of its integers may be 0."""

    body: dict[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    zero: frozenset[str] = frozenset()


@cache
def routes() -> tuple[Route, ...]:
    """List the routes of all services, those of the house (alive, ready, pages) left out."""
    return tuple(
        Route(service, one.method, one.path, one.roles, one.keyed)
        for service, application in (("member", member_app()), ("points", points_app()))
        for door in application.doors
        for one in door.passages
        if one.path.startswith(f"/{service}/")
    )


def writes() -> list[Route]:
    """List what is sent by POST, questions that are too long for an address included."""
    return [route for route in routes() if route.method != "GET"]


def reads() -> list[Route]:
    """List what is only asked."""
    return [route for route in routes() if route.method == "GET"]


def lists() -> list[Route]:
    """List the reads that say in their OpenAPI that they come page by page."""
    paths = {**member_app().openapi()["paths"], **points_app().openapi()["paths"]}
    asked = {route: paths[route.path]["get"].get("parameters", ()) for route in reads()}
    return [route for route, told in asked.items() if any(one["name"] == "cursor" for one in told)]


def filled(route: Route) -> str:
    """Give the address with values in it that are well-formed and nobody's."""
    path = route.path
    for name, value in {**_PLACES, **(samples()[str(route)].places if route.method != "GET" else {})}.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"{route}: say in samples.py what stands in its path"
    return path


_PLACES = {
    "member": NOBODY,
    "statement": f"stm_{'0' * 32}",
    "redemption": f"red_{'0' * 32}",
    "hold": f"hld_{'0' * 32}",
    "journal": f"jrn_{'0' * 32}",
    "rule": f"rul_{'0' * 32}",
    "gift": f"gft_{'0' * 32}",
    "exchange": f"exc_{'0' * 32}",
    "doubt": f"dbt_{'0' * 32}",
    "receipt": f"rcp_{'0' * 32}",
    "voucher": f"vch_{'0' * 32}",
    "sheet": f"sht_{'0' * 32}",
    "grant": f"grt_{'0' * 32}",
    "deduction": f"ded_{'0' * 32}",
    "client": "till-of-nobody",
    "month": "2031-01",
    "event": "999999999999",
    "replay": f"rpl_{'0' * 32}",
}


def _receipt() -> dict[str, Any]:
    return {
        "unit": "office",
        "store": "s1",
        "receipt_no": fresh_key(),
        "number": fresh_key(),
        "amount_fen": 1_000,
        "purchased_at": now().isoformat(),
    }


def _redemption() -> dict[str, Any]:
    return {"unit": "office", "order_no": fresh_key(), "price_fen": 1_000, "pay_fen": 300}


def _holds() -> dict[str, Sample]:
    wish = {"unit": "office", "order_no": fresh_key(), "price_fen": 1_000, "amount_fen": 300, "lasts_s": 600}
    capture = {"capture_no": fresh_key(), "amount_fen": 100, "at": now().isoformat()}
    return {
        "POST /points/v1/pay-codes": Sample(),
        "POST /points/v1/holds": Sample(wish),
        "POST /points/v1/holds/{hold}/capture": Sample(capture),
        "POST /points/v1/holds/{hold}/release": Sample({"at": now().isoformat()}),
    }


def _return() -> dict[str, Any]:
    return {
        "return_no": fresh_key(),
        "amount_fen": 100,
        "category": "food",
        "unit": "office",
        "at": now().isoformat(),
    }


def _coming_back() -> dict[str, Sample]:
    return {
        "POST /points/v1/receipts/{receipt}/returns": Sample(_return(), {"receipt": f"rcp_{'0' * 32}"}),
        "POST /points/v1/returns": Sample(
            {**_return(), "store": "s1", "receipt_no": fresh_key(), "purchased_on": "2026-11-01"}
        ),
        "POST /points/v1/redemptions/{redemption}/refunds": Sample(
            {"refund_no": fresh_key(), "amount_fen": 100, "unit": "office", "at": now().isoformat()},
            {"redemption": f"red_{'0' * 32}"},
        ),
    }


def _draft() -> dict[str, Any]:
    terms = {"points": 1, "per_fen": 1_000, "cap": 50, "pending_days": 1, "expiry_months": 24}
    return {
        "kind": "earn",
        "subject": "residential",
        "valid_from": "2199-01-01T00:00:00+08:00",
        "body": terms,
    }


def _request() -> dict[str, Any]:
    receiver = {"unit": "office", "number": fresh_key()}
    return {"receiver": receiver, "unit": "office", "points": 5, "reason": "a good word"}


def _claim() -> dict[str, Any]:
    told = {"unit": "office", "store": "s1", "receipt_no": fresh_key(), "amount_fen": 1_000}
    return {**told, "purchased_at": now().isoformat()}


def _gift() -> dict[str, Any]:
    return {"receiver": {"unit": "office", "number": fresh_key()}, "asset": "OFFI", "points": 5}


def _client() -> dict[str, Any]:
    return {
        "client": f"till-{fresh_key()[:16]}",
        "role": "unit-system",
        "unit": "hotel",
        "public_key": public_key_text(new_private_key()),
    }


def _rulings(zero: frozenset[str]) -> dict[str, Sample]:
    receipt = {"unit": "office", "amount_fen": 1_000, "category": "food", "member_tier": 1}
    return {
        "POST /points/v1/rules": Sample({"rule": _draft()}, zero=zero),
        "POST /points/v1/rules/{rule}/approve": Sample(),
        "POST /points/v1/earn/simulate": Sample({"receipt": receipt}, zero=zero | {"member_tier"}),
    }


def _other_ways() -> dict[str, Sample]:
    """Give a sample for each write of check-ins, grants, gifts, opening balances and receipts in doubt."""
    return {
        "POST /points/v1/check-ins": Sample(),
        "POST /points/v1/grants": Sample(_request()),
        "POST /points/v1/grants/{grant}/approve": Sample(),
        "POST /points/v1/grants/{grant}/reject": Sample({"reason": "not for this"}),
        "POST /points/v1/deductions": Sample(_request()),
        "POST /points/v1/deductions/{deduction}/approve": Sample(),
        "POST /points/v1/deductions/{deduction}/reject": Sample({"reason": "not for this"}),
        "POST /points/v1/gifts": Sample(_gift()),
        "POST /points/v1/gifts/{gift}/confirm": Sample({"confirmation": "made.up.proof"}),
        "POST /points/v1/vouchers": Sample({"offer": "taxi-20", "price_fen": 2_000}),
        "POST /points/v1/vouchers/{voucher}/void": Sample({"reason": "the ride never came"}),
        "POST /points/v1/receipts/claims": Sample(_claim()),
        "POST /points/v1/receipts/doubts/{doubt}/accept": Sample(
            {"reason": "the slip was seen", "beside": f"rcp_{'0' * 32}"}
        ),
        "POST /points/v1/receipts/doubts/{doubt}/reject": Sample({"reason": "nobody sold that"}),
        "POST /points/v1/openings": Sample(
            {"unit": "office", "digest": "0" * 64, "lines": 10, "points": 1_000}
        ),
        "POST /points/v1/openings/{sheet}/approve": Sample(),
    }


def samples() -> dict[str, Sample]:
    """Give a sample for each write, by method and path, fresh at every call."""
    receipt_item = {**_receipt(), "kind": "receipt", "key": fresh_key()}
    paying = {**_redemption(), "kind": "redemption", "key": fresh_key(), "number": fresh_key()}
    person = {"reference": fresh_key(), "numbers": {"office": fresh_key()}, "phone": fresh_phone()}
    zero = frozenset({"amount_fen", "up_to_fen", "pending_days"})
    return {
        "POST /member/v1/codes": Sample({"phone": fresh_phone()}),
        "POST /member/v1/sessions": Sample({"phone": fresh_phone(), "code": "000000"}),
        "POST /member/v1/sessions/refresh": Sample({"refresh_token": "made up"}),
        "POST /member/v1/sessions/sign-out": Sample({"refresh_token": "made up"}),
        "POST /member/v1/staff-tokens": Sample({"subject": "operator-1", "secret": "guessed"}),
        "POST /member/v1/confirmations": Sample({"purpose": f"gft_{fresh_key()}"}),
        "POST /member/v1/confirmations/answer": Sample({"purpose": f"gft_{fresh_key()}", "code": "000000"}),
        "POST /member/v1/members/numbers": Sample({"number": fresh_key(), "phone": fresh_phone()}),
        "POST /member/v1/members/numbers/bulk": Sample({"numbers": [{"number": fresh_key()}]}),
        "POST /member/v1/persons": Sample({**person, "at": now().isoformat()}),
        "POST /member/v1/persons/bulk": Sample({"persons": [{**person, "key": fresh_key()}]}),
        "POST /member/v1/keys/rotate": Sample(),
        "POST /member/v1/clients": Sample(_client()),
        "POST /member/v1/clients/{client}/revoke": Sample(),
        "POST /member/v1/outbox/replays": Sample({"since": now().isoformat()}),
        "POST /points/v1/outbox/replays": Sample({"since": now().isoformat()}),
        "POST /points/v1/receipts": Sample(_receipt(), zero=zero),
        "POST /points/v1/redemptions": Sample(_redemption(), zero=zero),
        "POST /points/v1/exchanges/quote": Sample({"from_asset": "OFFI", "to_asset": "HOTL", "points": 10}),
        "POST /points/v1/exchanges": Sample({"quote": f"quo_{'0' * 32}"}),
        **_coming_back(),
        **_holds(),
        **_other_ways(),
        "POST /points/v1/batches": Sample({"items": [receipt_item, paying]}, zero=zero),
        "POST /points/v1/numbers/lookup": Sample({"numbers": [{"unit": "office", "number": fresh_key()}]}),
        **_rulings(zero),
        "POST /points/v1/months/{month}/open": Sample(),
        "POST /points/v1/months/{month}/close": Sample({"at": now().isoformat()}),
        "POST /points/v1/parked/replay": Sample({"key": NOBODY}),
        "POST /points/v1/parked/{event}/dismiss": Sample(),
    }
