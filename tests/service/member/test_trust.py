"""Staff, clients and keys, over HTTP: who is believed, until when, and who may change it."""

import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.web.keys import new_private_key, public_key_text
from tests.service.member.running import STAFF_SECRET, Running, System, fresh_key


def test_a_staff_token_costs_the_secret_and_a_name_of_the_staff(member: Running) -> None:
    for subject, secret in (("operator-1", "wrong"), ("operator-9", STAFF_SECRET), ("mem_1", STAFF_SECRET)):
        answer = member.post("/member/v1/staff-tokens", {"subject": subject, "secret": secret})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    token = member.staff("finance-hotel")
    jwks = member.get("/member/v1/keys").json()["keys"]
    head = orjson.loads(_part(token, 0))
    key = OKPKey.import_key(next(key for key in jwks if key["kid"] == head["kid"]))
    claims = jwt.decode(token, key, algorithms=["Ed25519"]).claims
    assert head == {"alg": "Ed25519", "kid": key.kid, "typ": "at+jwt"}
    assert (claims["sub"], claims["role"], claims["unit"]) == ("finance-hotel", "finance", "hotel")
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == ("tongfen-member", "tongfen", 900)


def test_a_look_at_personal_data_is_on_record_before_the_answer(member: Running) -> None:
    pair = member.sign_in("+8613600000001")
    path, operator = f"/member/v1/members/{pair['member']}", member.staff("operator-2")
    for reason in ({}, {"X_Reason": "abc"}, {"X_Reason": "x" * 201}):
        answer = member.get(path, token=operator, **reason)
        assert (answer.status_code, answer.json()["code"]) == (422, "reason-missing")
    answer = member.get(path, token=operator, X_Reason="member asked by phone, ticket 17")
    assert answer.json()["identities"][0]["value"] == "+8613600000001"
    (row,) = member.rows(
        "SELECT reader, 'mem_' || replace(member::text, '-', ''), reason FROM personal_reads"
    )
    assert row == ("operator-2", pair["member"], "member asked by phone, ticket 17")


def test_nobody_but_an_operator_looks_at_a_member(member: Running, till: System) -> None:
    pair = member.sign_in("+8613600000002")
    path = f"/member/v1/members/{pair['member']}"
    for token in (pair["access_token"], member.staff("finance-hotel")):
        assert member.get(path, token=token, X_Reason="curious").status_code == 403
    assert till.get(path).status_code == 403
    assert member.get(path).status_code == 401
    operator = member.staff("operator-1")
    for made_up in ("mem_" + "0" * 32, "mem_1", "hotel"):
        answer = member.get(f"/member/v1/members/{made_up}", token=operator, X_Reason="looking around")
        assert answer.status_code == 404


def test_a_member_sees_their_own_profile_alone(member: Running) -> None:
    first, second = member.sign_in("+8613600000003"), member.sign_in("+8613600000004")
    assert member.get("/member/v1/me", token=first["access_token"]).json()["member"] == first["member"]
    assert member.get("/member/v1/me", token=second["access_token"]).json()["member"] == second["member"]


def test_a_reader_with_nobody_set_sees_no_row(member: Running) -> None:
    from shared.runtime.database import Reader

    member.sign_in("+8613600000005")
    reader = Reader(member.database.url("reader"), 1)
    try:
        for table in (
            "members",
            "identities",
            "stated_phones",
            "personal_reads",
            "messages",
            "staff",
            "clients",
        ):
            with reader.asked_by() as questions:
                assert questions.rows(f"SELECT * FROM {table}") == []
        with reader.asked_by(unit="hotel") as questions:
            assert questions.rows("SELECT * FROM identities WHERE kind = 'phone'") == []
    finally:
        reader.close()


def test_a_client_is_believed_from_its_registration_to_its_end(member: Running) -> None:
    system = member.system("till-brief", "unit-system", "office")
    assert system.post("/member/v1/members/numbers", {"number": "b-1"}).status_code == 201
    operator = member.staff("operator-1")
    for _ in range(2):
        answer = member.post("/member/v1/clients/till-brief/revoke", token=operator, key=fresh_key())
        assert answer.status_code == 200
    assert system.post("/member/v1/members/numbers", {"number": "b-2"}).status_code == 401
    again = member.system("till-brief", "unit-system", "office")
    assert again.post("/member/v1/members/numbers", {"number": "b-2"}).status_code == 201
    assert system.post("/member/v1/members/numbers", {"number": "b-3"}).status_code == 401
    told = member.rows("SELECT type, seq FROM outbox WHERE key = 'till-brief' ORDER BY id")
    assert told == [
        ("member.client.registered", 1),
        ("member.client.revoked", 2),
        ("member.client.registered", 3),
    ]


def test_a_clients_name_is_taken_once(member: Running) -> None:
    member.system("till-once", "unit-system", "hotel")
    operator, other = member.staff("operator-1"), public_key_text(new_private_key())
    body = {"client": "till-once", "role": "unit-system", "unit": "hotel", "public_key": other}
    answer = member.post("/member/v1/clients", body, token=operator, key=fresh_key())
    assert (answer.status_code, answer.json()["code"]) == (409, "client-taken")
    for wrong in ({"unit": None}, {"role": "importer"}, {"role": "operator"}, {"client": "mem_1"}):
        answer = member.post("/member/v1/clients", {**body, **wrong}, token=operator, key=fresh_key())
        assert answer.status_code == 422
    assert member.post("/member/v1/clients/nobody/revoke", token=operator, key=fresh_key()).status_code == 404
    listed = member.get("/member/v1/clients", token=operator).json()["data"]
    assert "till-once" in [client["client"] for client in listed]


def test_a_rotated_key_signs_in_a_minute_and_the_old_one_is_believed(member: Running) -> None:
    operator, key = member.staff("operator-1"), fresh_key()
    before = {one["kid"] for one in member.get("/member/v1/keys").json()["keys"]}
    first = member.post("/member/v1/keys/rotate", token=operator, key=key)
    again = member.post("/member/v1/keys/rotate", token=operator, key=key)
    assert first.status_code == 201
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    after = {one["kid"] for one in member.get("/member/v1/keys").json()["keys"]}
    assert after == before | {first.json()["kid"]}
    assert member.get("/member/v1/clients", token=operator).status_code == 200
    told = member.rows("SELECT key, max(seq), count(*) FROM outbox WHERE key LIKE 'key%%' GROUP BY key")
    assert {kid for kid, _, _ in told} == after
    assert all(last == count for _, last, count in told)


def test_a_signed_write_replayed_as_it_was_does_nothing_twice(member: Running, till: System) -> None:
    from shared.web.signatures import RequestSigner

    url, raw = f"{till.address}/member/v1/members/numbers", orjson.dumps({"number": "nonce-1"})
    headers = RequestSigner(till.name, till.private).headers("POST", url, raw, "once")
    headers["Content-Type"] = "application/json"
    assert till.web.post(url, content=raw, headers=headers).status_code == 201
    thief = till.web.post(url, content=raw, headers=headers)
    assert (thief.status_code, thief.json()["code"]) == (401, "signature-used")
    other = till.web.post(url, content=orjson.dumps({"number": "nonce-2"}), headers=headers)
    assert other.status_code == 401


def _part(token: str, place: int) -> bytes:
    from base64 import urlsafe_b64decode

    text = token.split(".")[place]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
