"""Codes by address: who asks for codes of another's phone, or guesses at them, shuts nobody out."""

from pathlib import Path

import httpx2
import pytest

from services.member.api.code_rates import CODES_TO_ONE_PHONE_A_DAY, GUESSES_AT_ONE_PHONE_AN_HOUR
from services.member.domain.code import GUESSES, PAUSES
from tests import stack
from tests.service.member.running import Running, running

STRANGER, OWNER = "198.51.100.7", "203.0.113.5"
LONGEST_S = int(PAUSES[-1].total_seconds())


def _ask(member: Running, phone: str, address: str) -> httpx2.Response:
    return member.post("/member/v1/codes", {"phone": phone}, x_client_address=address)


def _guess(member: Running, phone: str, code: str, address: str) -> httpx2.Response:
    body = {"phone": phone, "code": code}
    return member.post("/member/v1/sessions", body, x_client_address=address)


def _other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_one_address_that_asks_all_day_leaves_the_owner_a_code_after_a_quarter_of_an_hour(
    member: Running,
) -> None:
    phone = "+8613700000001"
    for _ in range(CODES_TO_ONE_PHONE_A_DAY):
        assert _ask(member, phone, STRANGER).status_code == 202
        member.let_pass(phone, LONGEST_S)
    refused = _ask(member, phone, STRANGER)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many")
    code = member.code_for(phone, x_client_address=OWNER)
    assert _guess(member, phone, code, OWNER).status_code == 201


def test_ten_calls_at_once_send_one_text_and_cost_the_owner_a_minute(member: Running) -> None:
    phone = "+8613700000002"
    answers = [_ask(member, phone, STRANGER) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [202] + [429] * 9
    assert {answer.json()["code"] for answer in answers[1:]} == {"too-many-codes"}
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in answers[1:])
    assert len(member.until(lambda: member.texts_to(phone))) == 1
    member.let_pass(phone, 60)
    code = member.code_for(phone, x_client_address=OWNER)
    assert _guess(member, phone, code, OWNER).status_code == 201


def test_one_address_that_guesses_all_the_time_does_not_lock_the_next_code(member: Running) -> None:
    phone = "+8613700000003"
    code = member.code_for(phone, x_client_address=OWNER)
    locked = [_guess(member, phone, _other_than(code), STRANGER).status_code for _ in range(GUESSES)]
    assert locked == [401] * (GUESSES - 1) + [423]
    member.let_pass(phone, 60)
    code = member.code_for(phone, x_client_address=OWNER)
    wrong = [_guess(member, phone, _other_than(code), STRANGER) for _ in range(GUESSES)]
    heard = GUESSES_AT_ONE_PHONE_AN_HOUR - GUESSES
    assert [answer.status_code for answer in wrong] == [401] * heard + [429] * (GUESSES - heard)
    assert wrong[-1].json()["code"] == "too-many"
    assert _guess(member, phone, code, OWNER).status_code == 201


def test_what_was_refused_is_not_counted_and_a_sign_in_begins_anew(member: Running) -> None:
    phone = "+8613700000004"
    for _ in range(3 * CODES_TO_ONE_PHONE_A_DAY):
        code = member.code_for(phone, x_client_address=OWNER)
        assert [_ask(member, phone, OWNER).json()["code"] for _ in range(3)] == ["too-many-codes"] * 3
        assert _guess(member, phone, code, OWNER).status_code == 201


def test_a_pause_is_the_same_for_known_and_unknown_phones(member: Running) -> None:
    known, unknown = "+8613700000005", "+8613700000006"
    member.sign_in(known)
    told = []
    for phone in (known, unknown):
        answers = [_ask(member, phone, OWNER) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 429]
        problem = answers[1].json()
        assert 0 < problem.pop("retry_after_s") <= 60
        problem = {name: fact for name, fact in problem.items() if name not in ("instance", "detail")}
        told.append((sorted(answers[1].headers), problem))
    assert told[0] == told[1]


@pytest.mark.parametrize("forged", ["x_forwarded_for", "x_real_ip", "forwarded"])
def test_an_address_has_its_share_of_codes_whatever_it_says_it_is(forged: str, tmp_path: Path) -> None:
    phones = [f"+861360000{place:04d}" for place in range(5)]
    with (
        stack.database_per_module("member") as database,
        running(database, tmp_path, {"MEMBER_CODES_PER_ADDRESS_HOUR": "3"}) as process,
    ):
        statuses = [
            process.post(
                "/member/v1/codes",
                {"phone": phone},
                **{"x_client_address": STRANGER, forged: f"192.0.2.{place}"},
            ).status_code
            for place, phone in enumerate(phones)
        ]
        assert statuses == [202] * 3 + [429] * 2
        assert _ask(process, phones[-1], OWNER).status_code == 202
