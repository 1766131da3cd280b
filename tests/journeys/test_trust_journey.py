"""Who is believed, by whom, and until when: codes, sessions, keys, systems, two persons for a rule."""

from __future__ import annotations

import re
from datetime import timedelta

from shared.runtime.clock import now
from tests.journeys.caller import fresh_key
from tests.journeys.group import Group, fresh_phone, until


def test_known_and_unknown_numbers_get_the_same_answer(group: Group) -> None:
    known, unknown = str(group.member().facts["phone"]), fresh_phone()
    answers = [group.stranger.post("/member/v1/codes", {"phone": phone}) for phone in (known, unknown)]
    assert [one.status_code for one in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    told = [sorted(set(one.headers) - {"x-request-id", "traceparent", "date"}) for one in answers]
    assert told[0] == told[1]
    wrong = [
        group.stranger.post("/member/v1/sessions", {"phone": phone, "code": "000000"}).json()
        for phone in (known, unknown)
    ]
    assert {one["code"] for one in wrong} == {"wrong-code"}


def test_a_code_bears_six_guesses_and_then_not_even_the_right_one(group: Group) -> None:
    phone = fresh_phone()
    code = group.code_for(phone)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    guesses = [
        group.stranger.post("/member/v1/sessions", {"phone": phone, "code": wrong}).status_code
        for _ in range(6)
    ]
    assert guesses == [401] * 5 + [423]
    answer = group.stranger.post("/member/v1/sessions", {"phone": phone, "code": code})
    assert (answer.status_code, answer.json()["code"]) == (423, "code-locked")


def test_a_refresh_token_that_comes_back_ends_the_session(group: Group) -> None:
    first = str(group.member().facts["refresh_token"])

    def refreshed(token: str) -> tuple[int, dict[str, str]]:
        answer = group.stranger.post("/member/v1/sessions/refresh", {"refresh_token": token})
        return answer.status_code, answer.json()

    status, second = refreshed(first)
    assert status == 200
    assert refreshed(first) == (200, second)
    status, third = refreshed(second["refresh_token"])
    assert status == 200
    status, problem = refreshed(first)
    assert (status, problem["code"]) == (401, "refresh-reused")
    status, problem = refreshed(third["refresh_token"])
    assert (status, problem["code"]) == (401, "session-ended")


def test_whoever_signed_out_gets_no_further_pair(group: Group) -> None:
    token = str(group.member().facts["refresh_token"])
    assert group.stranger.post("/member/v1/sessions/sign-out", {"refresh_token": token}).status_code == 200
    answer = group.stranger.post("/member/v1/sessions/refresh", {"refresh_token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "session-ended")


def test_points_hears_of_a_rotated_key_and_still_believes_the_old_one(group: Group) -> None:
    member = group.member()
    answer = group.staff("operator-1").post("/member/v1/keys/rotate")
    assert answer.status_code == 201, answer.text
    kid = answer.json()["kid"]
    public = {key["kid"]: key["x"] for key in group.stranger.get("/member/v1/keys").json()["keys"]}
    heard = "SELECT public_key FROM signing_keys WHERE kid = %s"
    assert until(lambda: group.rows("points", heard, kid)) == [(public[kid],)]
    assert member.get("/points/v1/wallet").status_code == 200


def test_a_revoked_system_is_believed_by_nobody(group: Group) -> None:
    name = f"till-{fresh_key()[:12]}"
    till = group.fresh_system(name, "unit-system", "hotel")
    assert till.get("/points/v1/units").status_code == 200
    operator = group.staff("operator-1")
    assert operator.post(f"/member/v1/clients/{name}/revoke").status_code == 200
    assert till.post("/member/v1/members/numbers", {"number": fresh_key()}).status_code == 401
    until(lambda: till.get("/points/v1/units").status_code == 401)


def test_a_rule_needs_two_persons_and_a_minute(group: Group) -> None:
    first, second = group.staff("operator-1"), group.staff("operator-2")

    def drafted(valid_from: str) -> str:
        terms = {"points": 1, "per_fen": 1_000}
        rule = {"kind": "earn", "subject": "residential", "valid_from": valid_from, "body": terms}
        answer = first.post("/points/v1/rules", {"rule": rule})
        assert answer.status_code == 201, answer.text
        return f"/points/v1/rules/{answer.json()['rule']}/approve"

    # Books without a journal would take a version for any date.
    number = fresh_key()
    body = {"unit": "office", "store": "s", "receipt_no": number, "number": number, "amount_fen": 1_000}
    till = group.system("till-office")
    bought = {**body, "purchased_at": now().isoformat()}
    assert till.post("/points/v1/receipts", bought).status_code == 201
    approve = drafted("2199-01-01T00:00:00+08:00")
    alone = first.post(approve)
    assert (alone.status_code, alone.json()["code"]) == (409, "second-person-needed")
    assert second.post(approve).status_code == 200
    again = second.post(approve)
    assert (again.status_code, again.json()["code"]) == (409, "rule-approved-already")
    soon = second.post(drafted((now() + timedelta(seconds=30)).isoformat()))
    assert (soon.status_code, soon.json()["code"]) == (409, "rule-starts-too-soon")
    in_force = group.stranger.at(group.address)
    assert in_force.get("/points/v1/rules").status_code == 401
    listed = first.get("/points/v1/rules?at=2199-02-01T00:00:00Z").json()["data"]
    (earning,) = [one for one in listed if (one["kind"], one["subject"]) == ("earn", "residential")]
    assert (earning["body"]["per_fen"], earning["drafted_by"], earning["approved_by"]) == (
        1_000,
        "operator-1",
        "operator-2",
    )


def test_a_trace_goes_from_the_request_through_the_event_to_the_listeners_line(group: Group) -> None:
    trace = fresh_key()
    body = {"reference": trace, "numbers": {"office": trace}}
    answer = group.system("importer").post(
        "/member/v1/persons", body, traceparent=f"00-{trace}-00f067aa0ba902b7-01"
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["traceparent"].split("-")[1] == trace
    until(lambda: group.holder_of("office", trace)["member"])
    (request,) = [line for line in group.lines("member") if line.get("trace") == trace]
    assert (request["event"], request["route"], request["status"]) == (
        "request",
        "/member/v1/persons",
        201,
    )
    published = "SELECT traceparent FROM outbox_archive WHERE traceparent LIKE %s"
    assert until(lambda: group.rows("member", published, f"00-{trace}-%"))

    def told() -> list[str]:
        return [line["type"] for line in group.lines("points") if line.get("trace") == trace]

    assert sorted(until(lambda: found if len(found := told()) > 1 else [])) == [
        "member.identity.linked",
        "member.member.registered",
    ]


def test_every_refusal_has_its_page_behind_the_one_address(group: Group) -> None:
    listed = group.stranger.get("/problems", accept="text/html").text
    codes = sorted(set(re.findall(r'href="/problems/([a-z-]+)', listed)))
    # One of the house, one of each service.
    assert {"not-found", "wrong-code", "insufficient-points"} <= set(codes)
    for code in codes:
        page = group.stranger.get(f"/problems/{code}", accept="text/html")
        assert page.status_code == 200, code
        assert page.headers["content-type"].startswith("text/html")
    assert group.stranger.get("/problems/no-such-problem").status_code == 404
