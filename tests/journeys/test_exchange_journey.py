"""A member turns points of one business into another's: asked first, done once, shown to whom it concerns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.runtime.clock import now
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned, wallet

QUOTE, EXCHANGES = "/points/v1/exchanges/quote", "/points/v1/exchanges"


@pytest.fixture
def rich(group: Group) -> Caller:
    """Bring in a member with 200 office points."""
    number = fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 40_000)
    assert wallet(member) == {"OFFI": 200}
    return member


def quoted(member: Caller, points: int = 103, assets: str = "OFFI-MALL", **more: Any) -> dict[str, Any]:
    """Ask for a quote that must be given."""
    from_asset, _, to_asset = assets.partition("-")
    wish = {"from_asset": from_asset, "to_asset": to_asset, "points": points, **more}
    answer = member.post(QUOTE, wish)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_member_exchanges_as_quoted_and_sees_it_everywhere(group: Group, rich: Caller) -> None:
    quote = quoted(rich)
    told = {name: quote[name] for name in ("points", "given", "value_fen", "fee_fen", "residual_fen", "rate")}
    assert told == {
        "points": 103,
        "given": 20,
        "value_fen": 103,
        "fee_fen": 0,
        "residual_fen": 3,
        "rate": {"numerator": 1, "denominator": 5},
    }
    key = fresh_key()
    answer = rich.post(EXCHANGES, {"quote": quote["quote"]}, key)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert {name: shown[name] for name in told} == told
    assert wallet(rich) == {"OFFI": 97, "MALL": 20}
    again = rich.post(EXCHANGES, {"quote": quote["quote"]}, key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (shown, "true")
    assert rich.post(EXCHANGES, {"quote": quote["quote"]}).json() == shown, "under another key as well"
    assert wallet(rich) == {"OFFI": 97, "MALL": 20}
    (first, *_) = rich.get("/points/v1/journals").json()["data"]
    assert (first["kind"], first["journal"], first["unit"]) == ("exchange", shown["journal"], "group")
    assert rich.get(f"{EXCHANGES}/{first['about']}").json() == shown
    assert first["movements"] == [{"asset": "MALL", "points": 20}, {"asset": "OFFI", "points": -103}]
    for reader in (rich, group.staff("operator-1"), group.system("importer")):
        assert reader.get(f"{EXCHANGES}/{shown['exchange']}").json() == shown
    published = "SELECT count(*) FROM outbox_archive WHERE type = 'points.wallet.exchanged' AND data LIKE %s"
    assert until(lambda: group.rows("points", published, f"%{shown['exchange']}%")[0][0]) == 1


def test_another_member_finds_neither_quote_nor_exchange(group: Group, rich: Caller) -> None:
    number = fresh_key()
    other = group.person(office=number)
    earned(group, "office", number, 40_000)
    quote = quoted(rich)
    assert other.post(EXCHANGES, {"quote": quote["quote"]}).status_code == 404
    done = rich.post(EXCHANGES, {"quote": quote["quote"]}).json()
    assert other.post(EXCHANGES, {"quote": quote["quote"]}).status_code == 404
    assert other.get(f"{EXCHANGES}/{done['exchange']}").status_code == 404
    assert group.member().get(f"{EXCHANGES}/{done['exchange']}").status_code == 404
    assert wallet(other) == {"OFFI": 200}


def test_an_importer_exchanges_for_a_number_at_a_stated_time_and_a_member_does_not(group: Group) -> None:
    number, importer = fresh_key(), group.system("importer")
    member = group.person(office=number)
    earned(group, "office", number, 40_000)
    whose = {"unit": "office", "number": number}
    at = now() - timedelta(minutes=30)
    quote = quoted(importer, 50, **whose, at=at.isoformat())
    late = {"quote": quote["quote"], **whose, "at": (at + timedelta(minutes=5)).isoformat()}
    answer = importer.post(EXCHANGES, late)
    assert (answer.status_code, answer.json()["code"]) == (410, "quote-expired")
    timely = {**late, "at": (at + timedelta(minutes=4)).isoformat()}
    assert importer.post(EXCHANGES, timely).status_code == 201
    assert wallet(member) == {"OFFI": 150, "MALL": 10}
    wish = {"from_asset": "OFFI", "to_asset": "MALL", "points": 50}
    assert importer.post(QUOTE, wish).status_code == 403
    for more in (whose, {"at": at.isoformat()}):
        assert member.post(QUOTE, {**wish, **more}).status_code == 403
    for both in ({"to_points": 5}, {"points": None}):
        assert member.post(QUOTE, {**wish, **both}).status_code == 422


def test_rates_are_for_everyone_to_read_and_their_history_page_by_page(group: Group) -> None:
    found = group.stranger.get("/points/v1/rates").json()
    values = {one["from_asset"]: one["numerator"] for one in found["data"] if not one["direct"]}
    assert values == {"HOTL": 1, "MALL": 5, "OFFI": 1, "PROP": 1, "RESI": 1}
    assert {one["to_asset"] for one in found["data"]} == {"GRUP"}
    whole = group.stranger.get("/points/v1/rates/history").json()
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = group.stranger.get(f"/points/v1/rates/history?limit=2{cursor and f'&cursor={cursor}'}").json()
        pages += page["data"]
        cursor = page["cursor"]["next"]
    assert pages == whole["data"]
    mall = group.stranger.get("/points/v1/rates/history?asset=MALL").json()["data"]
    assert {one["from_asset"] for one in mall} == {"MALL"}


def drafted(group: Group, kind: str, subject: str, body: dict[str, int], in_days: int) -> tuple[str, Any]:
    """Draft a rate that will hold in so many days; give the draft and the moment."""
    valid_from = (now() + timedelta(days=in_days)).replace(microsecond=0)
    rule = {"kind": kind, "subject": subject, "valid_from": valid_from.isoformat(), "body": body}
    answer = group.staff("operator-1").post("/points/v1/rules", {"rule": rule})
    assert answer.status_code == 201, answer.text
    return answer.json()["rule"], valid_from


def test_every_published_version_of_a_rate_is_in_the_history_and_no_draft(group: Group) -> None:
    history = "/points/v1/rates/history?asset=HOTL"
    before = group.stranger.get(history).json()
    (first,) = before["data"]
    value, value_from = drafted(group, "rate", "HOTL", {"numerator": 3, "denominator": 2}, 500)
    pair, pair_from = drafted(group, "pair", "HOTL-PROP", {"numerator": 1, "denominator": 2}, 501)
    drafted(group, "rate", "HOTL", {"numerator": 2, "denominator": 1}, 502)
    assert group.stranger.get(history).json() == before
    for rule in (value, pair):
        assert group.staff("operator-2").post(f"/points/v1/rules/{rule}/approve").status_code == 200
    readers = (group.stranger, group.member(), group.staff("operator-1"), group.system("till-hotel"))
    for found in [reader.get(history).json() for reader in readers]:
        told = [(one.pop("valid_from"), one) for one in found["data"]]
        assert [datetime.fromisoformat(moment) for moment, _ in told] == [
            pair_from,
            value_from,
            datetime(2000, 1, 1, tzinfo=UTC),
        ]
        group_point = {"from_asset": "HOTL", "to_asset": "GRUP", "direct": False}
        assert [one for _, one in told] == [
            {"from_asset": "HOTL", "to_asset": "PROP", "numerator": 1, "denominator": 2}
            | {"direct": True, "version": 1},
            {**group_point, "numerator": 3, "denominator": 2, "version": 2},
            {**group_point, "numerator": 1, "denominator": 1, "version": 1},
        ]
        assert found["cursor"] == {"next": None}
    # What begins later is not in force yet.
    in_force = group.stranger.get("/points/v1/rates").json()["data"]
    assert [one for one in in_force if "HOTL" in (one["from_asset"], one["to_asset"])] == [first]


def test_a_rate_that_opens_a_round_trip_is_refused_with_the_trip(group: Group) -> None:
    rule = {
        "kind": "pair",
        "subject": "RESI-MALL",
        "valid_from": (now() + timedelta(days=400)).isoformat(),
        "body": {"numerator": 1, "denominator": 4},
    }
    drafted = group.staff("operator-1").post("/points/v1/rules", {"rule": rule}).json()["rule"]
    answer = group.staff("operator-2").post(f"/points/v1/rules/{drafted}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "profitable-round-trip")
    assert set(answer.json()["cycle"]) == {"RESI", "MALL", "GRUP"}
    assert (answer.json()["numerator"], answer.json()["denominator"]) == (5, 4)
    same = {**rule, "subject": "MALL-MALL"}
    assert group.staff("operator-1").post("/points/v1/rules", {"rule": same}).status_code == 422
