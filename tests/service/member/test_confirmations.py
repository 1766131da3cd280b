"""Confirmations over HTTP: a code to one's own phone, six guesses, one purpose; nothing secret is kept."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.service.member.running import Running, fresh_key

ASKING, ANSWERING = "/member/v1/confirmations", "/member/v1/confirmations/answer"


def purpose() -> str:
    """Name a gift."""
    return f"gft_{fresh_key()}"


def code_for(member: Running, pair: dict[str, Any], phone: str, wanted: str) -> str:
    """Ask for a code for a purpose and read it on the phone."""
    sent = len(member.texts_to(phone))
    answer = member.post(ASKING, {"purpose": wanted}, token=pair["access_token"], key=fresh_key())
    assert (answer.status_code, answer.json()) == (202, {"expires_in": 300})
    texts = member.until(lambda: found if len(found := member.texts_to(phone)) > sent else [])
    found = re.search(r"[0-9]{6}", texts[0])
    assert found is not None
    return found[0]


def answer(member: Running, pair: dict[str, Any], wanted: str, code: str, key: str | None = None) -> Any:
    """Answer with a code."""
    body = {"purpose": wanted, "code": code}
    return member.post(ANSWERING, body, token=pair["access_token"], key=key or fresh_key())


def test_the_right_code_gives_a_proof_and_the_same_one_for_the_same_key(member: Running) -> None:
    phone, wanted = "+8613911000001", purpose()
    pair = member.sign_in(phone)
    code, key = code_for(member, pair, phone, wanted), fresh_key()
    first, again = (answer(member, pair, wanted, code, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert answer(member, pair, wanted, code).status_code == 410
    kept = member.rows("SELECT string_agg(answer, '') FROM inbox")[0][0]
    assert first.json()["confirmation"] not in kept
    assert (
        code
        not in member.rows("SELECT string_agg(body, '') FROM errands WHERE subject = 'confirmation'")[0][0]
    )


def test_a_proof_opens_no_door_as_a_token(member: Running) -> None:
    phone, wanted = "+8613911000002", purpose()
    pair = member.sign_in(phone)
    proof = answer(member, pair, wanted, code_for(member, pair, phone, wanted)).json()["confirmation"]
    assert member.get("/member/v1/me", token=proof).status_code == 401


def test_a_code_for_one_purpose_confirms_no_other(member: Running) -> None:
    phone, wanted = "+8613911000003", purpose()
    pair = member.sign_in(phone)
    code = code_for(member, pair, phone, wanted)
    assert answer(member, pair, purpose(), code).status_code == 410
    assert answer(member, pair, wanted, code).status_code == 201


def test_another_member_cannot_answer_with_my_code(member: Running) -> None:
    phone, wanted = "+8613911000004", purpose()
    mine, other = member.sign_in(phone), member.sign_in("+8613911000005")
    code = code_for(member, mine, phone, wanted)
    assert answer(member, other, wanted, code).status_code == 410
    assert answer(member, mine, wanted, code).status_code == 201


def test_six_guesses_all_at_once_are_six_guesses(member: Running) -> None:
    phone, wanted = "+8613911000006", purpose()
    pair = member.sign_in(phone)
    code = code_for(member, pair, phone, wanted)
    wrong = "000000" if code != "000000" else "111111"
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _: answer(member, pair, wanted, wrong), range(40)))
    assert sorted(one.status_code for one in answers) == [409] * 5 + [423] * 35
    assert {one.json()["code"] for one in answers} == {"wrong-confirmation-code", "code-locked"}
    assert answer(member, pair, wanted, code).status_code == 423


def test_codes_keep_their_pauses_so_nobody_is_flooded(member: Running) -> None:
    phone = "+8613911000007"
    pair = member.sign_in(phone)
    statuses = [
        member.post(ASKING, {"purpose": purpose()}, token=pair["access_token"], key=fresh_key()).status_code
        for _ in range(3)
    ]
    assert statuses == [202, 429, 429]


def test_a_stranger_and_a_person_of_the_staff_confirm_nothing(member: Running) -> None:
    body = {"purpose": purpose()}
    assert member.post(ASKING, body, key=fresh_key()).status_code == 401
    staff = member.staff("operator-1")
    assert member.post(ASKING, body, token=staff, key=fresh_key()).status_code == 403
