"""Sign-in by phone and code, over HTTP: who knows the code is in, whoever guesses learns nothing."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from tests.service.member.running import Running


def test_a_stranger_registers_and_comes_back_as_the_same_member(member: Running) -> None:
    first, again = member.sign_in("+8613800138000"), member.sign_in("+8613800138000")
    assert first["member"] == again["member"]
    assert first["refresh_token"] != again["refresh_token"]
    profile = member.get("/member/v1/me", token=first["access_token"]).json()
    assert profile["member"] == first["member"]
    (phone,) = profile["identities"]
    assert phone["value"] == "+86138****8000"


def test_the_sixth_wrong_guess_locks_until_a_new_code(member: Running) -> None:
    phone = "+8613900000001"
    code = member.code_for(phone)
    wrong = "000000" if code != "000000" else "111111"
    answers = [member.post("/member/v1/sessions", {"phone": phone, "code": wrong}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [423]
    assert [answer.json().get("guesses_left") for answer in answers] == [5, 4, 3, 2, 1, None]
    assert member.post("/member/v1/sessions", {"phone": phone, "code": code}).status_code == 423
    member.let_pass(phone, seconds=60)
    assert member.sign_in(phone)["member"].startswith("mem_")


def test_guesses_and_who_was_locked_are_counted(member: Running) -> None:
    def counted() -> dict[str, float]:
        told = re.findall(
            r'^tongfen_denied_total\{route="/member/v1/sessions",why="(\w+)"\} ([0-9.]+)$',
            member.get("/metrics").text,
            re.MULTILINE,
        )
        return {why: float(times) for why, times in told}

    phone, before = "+8613900000011", counted()
    code = member.code_for(phone)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(7):
        assert "denied" not in member.post("/member/v1/sessions", {"phone": phone, "code": wrong}).text
    nobody = {"phone": "+8613900000012", "code": wrong}
    assert member.post("/member/v1/sessions", nobody).status_code == 401
    after = counted()
    assert {why: after[why] - before[why] for why in after} == {"guess": 7, "locked": 1, "foreign": 0}


def test_six_guesses_are_six_guesses_also_all_at_once(member: Running) -> None:
    phone = "+8613900000002"
    code = member.code_for(phone)
    wrong = "000000" if code != "000000" else "111111"

    def guess(place: int) -> int:
        body = {"phone": phone, "code": wrong}
        return member.post("/member/v1/sessions", body, x_client_address=f"203.0.113.{place}").status_code

    with ThreadPoolExecutor(20) as crowd:
        statuses = sorted(crowd.map(guess, range(40)))
    assert statuses == [401] * 5 + [423] * 35
    assert member.rows("SELECT guesses FROM challenges WHERE phone = %s", phone) == [(6,)]


def test_a_code_opens_one_session_for_a_crowd_that_has_it(member: Running) -> None:
    phone = "+8613900000003"
    code = member.code_for(phone)

    def enter(place: int) -> int:
        body = {"phone": phone, "code": code}
        return member.post("/member/v1/sessions", body, x_client_address=f"203.0.113.{place}").status_code

    with ThreadPoolExecutor(20) as crowd:
        statuses = sorted(crowd.map(enter, range(50)))
    assert statuses == [201] + [410] * 49
    assert member.rows("SELECT count(*) FROM identities WHERE value = %s", phone) == [(1,)]


def test_known_and_unknown_phones_get_the_same_answer_in_the_same_time(member: Running) -> None:
    known = [f"+86139000010{place:02d}" for place in range(8)]
    for phone in known:
        member.sign_in(phone)
    unknown = [f"+86139000020{place:02d}" for place in range(8)]
    told, times = set(), {True: [0.0], False: [0.0]}
    for pair in zip(known, unknown, strict=True):
        for phone in pair:
            for path, body in (
                ("/member/v1/codes", {"phone": phone}),
                ("/member/v1/sessions", {"phone": phone, "code": "999999"}),
            ):
                began = time.monotonic()
                answer = member.post(path, body)
                times[phone in known].append(time.monotonic() - began)
                document = answer.json()
                document.pop("instance", None)
                headers = sorted(name for name in answer.headers if name != "ratelimit")
                told.add((path, answer.status_code, orjson.dumps(document), tuple(headers)))
    assert len(told) == 2, told
    slow = max(statistics.median(times[True]), statistics.median(times[False]))
    fast = min(statistics.median(times[True]), statistics.median(times[False]))
    assert slow < fast * 2 + 0.01


def test_a_lost_answer_to_a_refresh_can_be_had_again(member: Running) -> None:
    pair = member.sign_in("+8613900000005")
    body = {"refresh_token": pair["refresh_token"]}
    first, again = (member.post("/member/v1/sessions/refresh", body) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["refresh_token"] != pair["refresh_token"]


def test_a_refresh_token_used_after_its_successor_ends_the_session(member: Running) -> None:
    stolen = member.sign_in("+8613900000006")["refresh_token"]
    tokens = [stolen]
    for _ in range(2):
        body = {"refresh_token": tokens[-1]}
        tokens.append(member.post("/member/v1/sessions/refresh", body).json()["refresh_token"])
    reuse = member.post("/member/v1/sessions/refresh", {"refresh_token": stolen})
    assert (reuse.status_code, reuse.json()["code"]) == (401, "refresh-reused")
    owner = member.post("/member/v1/sessions/refresh", {"refresh_token": tokens[-1]})
    assert (owner.status_code, owner.json()["code"]) == (401, "session-ended")


def test_signing_out_ends_the_session_and_may_be_said_twice(member: Running) -> None:
    body = {"refresh_token": member.sign_in("+8613900000007")["refresh_token"]}
    for _ in range(2):
        assert member.post("/member/v1/sessions/sign-out", body).status_code == 200
    assert member.post("/member/v1/sessions/refresh", body).json()["code"] == "session-ended"


def test_made_up_refresh_tokens_open_nothing(member: Running) -> None:
    token = member.sign_in("+8613900000008")["refresh_token"]
    head, generation, mark = token.split(".")
    for forged in (f"{head}.{int(generation) + 1}.{mark}", f"{head}.{generation}.{mark[::-1]}", "x", "..."):
        for path in ("refresh", "sign-out"):
            answer = member.post(f"/member/v1/sessions/{path}", {"refresh_token": forged})
            assert answer.json()["code"] == "session-ended"


def test_no_secret_lies_in_the_database(member: Running) -> None:
    phone = "+8613900000009"
    code = member.code_for(phone)
    pair = member.post("/member/v1/sessions", {"phone": phone, "code": code}).json()
    member.until(lambda: member.rows("SELECT 1 WHERE NOT EXISTS (SELECT FROM errands WHERE body <> '')"))
    dump = "\n".join(
        str(member.rows(f"SELECT t.*::text FROM {table} AS t"))
        for table in ("inbox", "errands", "outbox", "challenges", "sessions", "identities", "members")
    )
    assert phone in dump
    assert pair["refresh_token"] not in dump
    assert pair["access_token"] not in dump
    # Six digits may stand in any id or moment by chance; a text may hold them nowhere.
    texts = member.rows(
        "SELECT body FROM errands UNION SELECT data FROM outbox UNION SELECT answer FROM inbox"
    )
    assert all(code not in text for (text,) in texts)


def test_what_is_no_phone_or_no_code_is_told_where(member: Running) -> None:
    for body, place in (
        ({"phone": "12"}, "/phone"),
        ({"phone": 13800138000}, "/phone"),
        ({"phone": "13800138000", "code": "12345"}, "/code"),
        ({"phone": "13800138000", "code": "１２３４５６"}, "/code"),
        ({"phone": "13800138000", "code": "123456", "member": "mem_1"}, "/member"),
    ):
        path = "/member/v1/codes" if len(body) == 1 else "/member/v1/sessions"
        answer = member.post(path, body)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["faults"]] == [place]
