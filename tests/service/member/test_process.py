"""The process: what it keeps over a restart, what it refuses to have, and what it never writes down."""

import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from shared.web.keys import new_private_key
from tests import stack
from tests.service.member.running import STAFF_SECRET, Running, running, with_broker
from tests.service.runtime.listening import first_heard, read_topic


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database of this test's own."""
    with stack.database_per_module("member") as lent:
        yield lent


@pytest.fixture(scope="module")
def broker() -> Mapping[str, str]:
    """Lend a topic: with a broker to say it to, a process ends in a moment."""
    return with_broker()[0]


def test_sessions_and_tokens_outlive_a_restart(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    with running(database, tmp_path, broker) as first:
        pair = first.sign_in("+8613500000001")
        kids = [key["kid"] for key in first.get("/member/v1/keys").json()["keys"]]
    secret = tmp_path / "state" / "secret.hex"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with running(database, tmp_path, broker) as second:
        assert [key["kid"] for key in second.get("/member/v1/keys").json()["keys"]] == kids
        assert second.get("/member/v1/me", token=pair["access_token"]).status_code == 200
        body = {"refresh_token": pair["refresh_token"]}
        assert second.post("/member/v1/sessions/refresh", body).status_code == 200


def test_a_batch_cut_off_by_a_power_cut_is_sent_again_and_done_once(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    persons = [
        {"reference": f"{one}", "numbers": {"hotel": f"{one}", "office": f"{one}"}} for one in range(1_000)
    ]
    private = new_private_key()

    def send(process: Running) -> list[str]:
        importer = process.system("importer", "importer", private=private)
        answer = importer.post("/member/v1/persons/bulk", {"persons": persons}, "the-batch")
        return [item["body"]["member"] for item in answer.json()["results"]]

    with running(database, tmp_path, broker) as first, ThreadPoolExecutor(1) as sending:
        cut = sending.submit(send, first)
        first.until(lambda: first.rows("SELECT 1 FROM members LIMIT 1"), 30.0)
        first.kill()
        with contextlib.suppress(httpx2.TransportError):
            cut.result()
    with running(database, tmp_path, broker) as second:
        assert len(set(send(second))) == 1_000
        counts = "SELECT count(*), count(DISTINCT member), min(version), max(version) FROM identities i"
        found = second.rows(f"{counts} JOIN members m ON m.id = i.member")
        assert found == [(2_000, 1_000, 3, 3)]


def test_a_lost_secret_ends_sessions_but_not_the_service(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    with running(database, tmp_path, broker) as first:
        pair = first.sign_in("+8613500000002")
    (tmp_path / "state" / "secret.hex").unlink()
    with running(database, tmp_path, broker) as second:
        body = {"refresh_token": pair["refresh_token"]}
        assert second.post("/member/v1/sessions/refresh", body).status_code == 401
        # Its old keys prove what they signed; the new one signs when all services had time to hear of it.
        assert second.get("/member/v1/me", token=pair["access_token"]).status_code == 200
        assert len(second.get("/member/v1/keys").json()["keys"]) == 2
        wanted = {"subject": "operator-1", "secret": STAFF_SECRET}
        answer = second.post("/member/v1/staff-tokens", wanted)
        assert (answer.status_code, answer.json()["code"]) == (503, "no-signing-key")
        assert answer.json()["retryable"] is True


def test_whoever_left_the_settings_gets_no_token_any_more(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    for staff, statuses in (("ann=operator bo=finance@hotel", (201, 201)), ("bo=finance@hotel", (401, 201))):
        with running(database, tmp_path, {**broker, "MEMBER_STAFF": staff}) as process:
            wanted = [{"subject": subject, "secret": STAFF_SECRET} for subject in ("ann", "bo")]
            answers = [process.post("/member/v1/staff-tokens", one).status_code for one in wanted]
            assert tuple(answers) == statuses


def test_doors_that_have_no_use_do_not_exist(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    settings = {**broker, "MEMBER_STAFF_SECRET": "", "MEMBER_EMBEDDED": "off"}
    with running(database, tmp_path, settings) as process:
        wanted = {"subject": "operator-1", "secret": ""}
        assert process.post("/member/v1/staff-tokens", wanted).status_code == 404
        assert process.get("/member/v1/messages").status_code == 404
        assert process.rows("SELECT * FROM staff") == []
        assert process.post("/member/v1/codes", {"phone": "+8613500000003"}).status_code == 202
        outcomes = "SELECT outcome, body FROM errands WHERE done_at IS NOT NULL"
        assert process.until(lambda: process.rows(outcomes)) == [("declined: no carrier is set", "")]


def test_the_log_holds_neither_phones_nor_codes_nor_tokens(
    database: stack.Database, broker: Mapping[str, str], tmp_path: Path
) -> None:
    phone = "+8613500000004"
    with running(database, tmp_path, broker) as process:
        code = process.code_for(phone)
        pair = process.post("/member/v1/sessions", {"phone": phone, "code": code}).json()
        process.post("/member/v1/sessions", {"phone": phone, "code": "x" * 3})
        process.get(
            f"/member/v1/members/{pair['member']}", token=process.staff("operator-1"), X_Reason="ticket 4711"
        )
    log = process.log.read_text(encoding="utf-8")
    assert "/member/v1/sessions" in log
    secret = (tmp_path / "state" / "secret.hex").read_text(encoding="ascii").strip()
    hidden = [phone[3:], pair["access_token"], pair["refresh_token"], secret, STAFF_SECRET, "ticket 4711"]
    assert [word for word in hidden if word in log] == []
    passwords = [url.split(":")[2].split("@")[0] for url in database.urls.values()]
    assert [word for word in passwords if word in log] == []


def test_a_wrong_setting_ends_the_process_with_one_line_and_no_value(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "services.member"],
        env={**os.environ, "MEMBER_SECRET": "hunter2", "MEMBER_STAFF": "boss=ceo"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 78
    (line,) = process.stderr.splitlines()
    assert "MEMBER_SECRET" in line
    assert "MEMBER_STAFF" in line
    assert "hunter2" not in line


def test_what_is_announced_reaches_the_topic_in_order(database: stack.Database, tmp_path: Path) -> None:
    settings, topic = with_broker()
    with running(database, tmp_path, settings) as process:
        importer = process.system("importer", "importer")
        persons = [
            {"reference": f"{one}", "numbers": {"hotel": f"{one}", "office": f"{one}"}} for one in range(50)
        ]
        importer.post("/member/v1/persons/bulk", {"persons": persons})
        found = read_topic(stack.kafka(), topic, until=50 * 3 + 2)
    story = first_heard(found)
    people = {key: seqs for key, seqs in story.items() if key.startswith("mem_")}
    assert len(people) == 50
    assert all(seqs == [1, 2, 3] for seqs in people.values())
    assert {one.label.type for one in found} == {
        "member.member.registered",
        "member.identity.linked",
        "member.signing_key.published",
        "member.client.registered",
    }
