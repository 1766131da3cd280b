"""Two processes that answer at one port: either shows what the other wrote, and each may stall or die."""

from __future__ import annotations

import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import psycopg2
import pytest

from infra.embedded.ports import free_port
from services.points.commands.edit_client import EditClient
from services.points.commands.keep_signing_key import KeepSigningKey
from shared.kernel.calendar import month_of
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.web.keys import new_private_key, public_key_text
from shared.web.signatures import RequestSigner
from shared.web.tokens import mint_token
from tests.faults.points_process import PRIVATE, PointsHouse, Process, receipt, redemption
from tests.journeys.caller import Caller, by_signature, by_token, fresh_key
from tests.journeys.group import until
from tests.service.points.ledger_house import NOON, answer_of, asked, link

pytestmark = pytest.mark.timeout(300)
MEMBER = f"mem_{'7' * 32}"
ROUNDS = 40
CROWD = 24
# As long as a desk may keep a transaction open (`DESK_OPTIONS`), and a moment.
LET_GO_S = 8.0
MID_BATCH = "SELECT pid FROM pg_stat_activity WHERE usename = 'points_desk' AND wait_event_type = 'Lock'"


@dataclass(frozen=True)
class Pair:
    """Two processes, the port at which both answer, and the ledger on which they write."""

    house: PointsHouse
    first: Process
    second: Process
    joint: str

    @property
    def both(self) -> tuple[Process, Process]:
        """Be both of them."""
        return self.first, self.second


@contextmanager
def paired(house: PointsHouse) -> Iterator[Pair]:
    """Run two processes at one joint port until the block ends."""
    port = str(free_port())
    with ExitStack() as processes:
        first, second = (processes.enter_context(house.process("web", http_joint_port=port)) for _ in "ab")
        yield Pair(house, first, second, f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def trusted(house: PointsHouse) -> PointsHouse:
    """Lend the house, in which a member's token is believed and today can be booked."""
    ends = now() + timedelta(days=1)
    answer_of(house.ledger.obey(KeepSigningKey(asked(), "kid", public_key_text(PRIVATE), ends))[0])
    house.ledger.open_month(month_of(now()))
    answer_of(house.ledger.obey(link(MEMBER, "office", "both"))[0])
    return house


@pytest.fixture(scope="module")
def pair(trusted: PointsHouse) -> Iterator[Pair]:
    """Lend two processes that no test ends."""
    with paired(trusted) as running:
        yield running


def at_once(process: Process, path: str, body: Mapping[str, Any], key: str) -> httpx2.Response:
    """Write through a process, in a connection of its own."""
    with httpx2.Client(timeout=30.0, trust_env=False) as web:
        return Caller(process.address, web, process.caller.prove).post(path, body, key)


def wish(number: str, order_no: str, fen: int) -> dict[str, Any]:
    """Make the body of a hold at the office."""
    body = redemption(number, order_no, fen)
    return {**{name: told for name, told in body.items() if name != "pay_fen"}, "amount_fen": fen}


def wallet(process: Process) -> dict[str, int]:
    """Read the member's office points, usable and on hold, through a process."""
    token = mint_token(PRIVATE, "kid", Principal(MEMBER, Role.MEMBER), now(), timedelta(minutes=10))
    answer = Caller(process.address, process.web, by_token(token)).get("/points/v1/wallet")
    assert answer.status_code == 200, answer.text
    found = [one for one in answer.json()["assets"] if one["asset"] == "OFFI"]
    return {name: sum(one[name] for one in found) for name in ("available", "held")}


def test_what_one_wrote_the_other_shows_at_once(pair: Pair) -> None:
    at = {"at": now().isoformat()}
    available = held = 0
    for turn in range(ROUNDS):
        writer, reader = pair.both[:: 1 if turn % 2 else -1]
        earned = {**receipt("both", f"both-{turn}"), **at, "purchased_at": at["at"]}
        answer = writer.caller.post("/points/v1/receipts", earned)
        assert answer.status_code == 201, answer.text
        available += 100
        assert wallet(reader) == wallet(writer) == {"available": available, "held": held}
        told = answer.json()["receipt"]
        assert reader.caller.get(f"/points/v1/receipts/{told}").json()["receipt"] == told
        if turn % 4 == 3:
            hold = reader.caller.post("/points/v1/holds", {**wish("both", f"held-{turn}", 300), **at})
            assert hold.status_code == 201, hold.text
            held += 300
            available -= 300
            assert wallet(writer) == wallet(reader) == {"available": available, "held": held}
            place = f"/points/v1/holds/{hold.json()['hold']}"
            back = writer.caller.post(f"{place}/release", at)
            assert back.status_code == 200, back.text
            assert reader.caller.get(place).json()["state"] == writer.caller.get(place).json()["state"]
            held -= 300
            available += 300
            assert wallet(reader) == wallet(writer) == {"available": available, "held": held}
    print(f"two webs: {ROUNDS} receipts and {ROUNDS // 4} holds, each shown by the other at once")


def registered(pair: Pair, name: str, *, revoked: bool = False) -> RequestSigner:
    """Register a system, or a new key of it, or revoke it, in the books alone; give who signs for it."""
    private = new_private_key()
    edit = EditClient(asked(), name, "importer", None, public_key_text(private), revoked=revoked)
    answer_of(pair.house.ledger.obey(edit)[0])
    return RequestSigner(name, private)


def test_whoever_is_registered_or_has_a_new_key_is_known_to_both_at_once(pair: Pair) -> None:
    slowest_s = 0.0
    for turn in range(ROUNDS):
        # Every second one has a new key under a name that both knew by another.
        signer = registered(pair, f"young-{turn // 2}")
        for process in pair.both[:: 1 if turn % 4 < 2 else -1]:
            began = time.monotonic()
            answer = Caller(process.address, process.web, by_signature(signer)).get("/points/v1/units")
            slowest_s = max(slowest_s, time.monotonic() - began)
            assert answer.status_code == 200, answer.text
    print(f"two webs: {ROUNDS} keys known to both at once, the slowest after {slowest_s:.2f} s")


def test_whoever_is_revoked_is_believed_for_a_moment_at_most(pair: Pair) -> None:
    signer = registered(pair, "fired")
    callers = [Caller(one.address, one.web, by_signature(signer)) for one in pair.both]
    assert [one.get("/points/v1/units").status_code for one in callers] == [200, 200]
    registered(pair, "fired", revoked=True)
    began = time.monotonic()
    until(lambda: all(one.get("/points/v1/units").status_code == 401 for one in callers))
    # A reading every quarter of a second, and what a loaded machine adds.
    assert time.monotonic() - began < 2.0
    print(f"two webs: one revoked is refused by both after {time.monotonic() - began:.2f} s")


def test_a_crowd_of_strangers_is_refused_together_and_others_go_on(pair: Pair) -> None:
    strangers = [RequestSigner(f"nobody-{one}", new_private_key()) for one in range(100)]

    def refused(one: int) -> int:
        process = pair.both[one % 2]
        with httpx2.Client(timeout=30.0, trust_env=False) as web:
            caller = Caller(process.address, web, by_signature(strangers[one]))
            return caller.get("/points/v1/units").status_code

    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(refused, range(len(strangers)))
        for _ in range(20):
            assert pair.first.caller.get("/points/v1/units").status_code == 200
        assert set(answers) == {401}


def test_one_key_at_both_at_once_has_one_effect_and_one_answer(pair: Pair) -> None:
    pair.house.ledger.fund("twins", 10_000)
    with ThreadPoolExecutor(16) as pool:
        for turn in range(ROUNDS // 2):
            key, body = fresh_key(), redemption("twins", f"twin-{turn}", 100)
            twins = [
                pool.submit(at_once, pair.both[one % 2], "/points/v1/redemptions", body, key)
                for one in range(6)
            ]
            answers = [twin.result() for twin in twins]
            assert {one.status_code for one in answers} == {201}, [one.text for one in answers]
            assert len({one.content for one in answers}) == 1
            assert [one.headers.get("idempotent-replayed") for one in answers].count(None) == 1
    assert pair.house.ledger.points_of("office:twins") == 10_000 - ROUNDS // 2 * 100


def test_one_order_under_two_keys_is_paid_once_by_whoever_was_first(pair: Pair) -> None:
    pair.house.ledger.fund("orders", 10_000)
    with ThreadPoolExecutor(2) as pool:
        for turn in range(ROUNDS // 2):
            body = redemption("orders", f"order-{turn}", 100)
            both = [
                pool.submit(at_once, one, "/points/v1/redemptions", body, fresh_key()) for one in pair.both
            ]
            assert sorted(one.result().status_code for one in both) in ([200, 201], [201, 201], [201, 409])
    assert pair.house.ledger.points_of("office:orders") == 10_000 - ROUNDS // 2 * 100


def test_a_hold_captured_at_one_and_released_at_the_other_ends_once(pair: Pair) -> None:
    pair.house.ledger.fund("torn", 10_000)
    ends: Counter[str] = Counter()
    at = {"at": NOON.isoformat()}
    with ThreadPoolExecutor(2) as pool:
        for turn in range(ROUNDS // 2):
            hold = pair.first.caller.post("/points/v1/holds", wish("torn", f"torn-{turn}", 100))
            assert hold.status_code == 201, hold.text
            place = f"/points/v1/holds/{hold.json()['hold']}"
            part = {"capture_no": "1", "amount_fen": 100, **at}
            order = 1 if turn % 2 else -1
            doors = ((pair.first, f"{place}/capture", part), (pair.second, f"{place}/release", at))[::order]
            both = [pool.submit(at_once, door, path, body, fresh_key()) for door, path, body in doors]
            codes = [one.result().status_code for one in both][::order]
            ends["captured" if codes[0] == 201 else "released"] += 1
            assert codes in ([201, 409], [409, 200]), codes
    assert pair.house.ledger.points_of("office:torn") == 10_000 - 100 * ends["captured"]
    print(f"two webs: of {ROUNDS // 2} holds captured at one and released at the other {dict(ends)}")


@contextmanager
def stalled_in_mid_batch(pair: Pair, path: str, body: Mapping[str, Any], key: str) -> Iterator[Future[Any]]:
    """Stop the first process while its transaction is open and holds what it locked, until the block ends."""
    owner_url = pair.house.ledger.database.url("owner")
    with ThreadPoolExecutor(1) as pool, closing(psycopg2.connect(owner_url)) as owner:
        with owner.cursor() as cursor:
            # Its batch has locked its rows and waits to write its answers.
            cursor.execute("LOCK TABLE inbox IN SHARE MODE")
        asking = pool.submit(at_once, pair.first, path, body, key)
        until(lambda: pair.house.ledger.rows(MID_BATCH))
        pair.first.popen.send_signal(signal.SIGSTOP)
        owner.rollback()
        try:
            yield asking
        finally:
            pair.first.popen.send_signal(signal.SIGCONT)


def test_where_one_stalls_in_mid_batch_the_other_serves_and_its_rows_come_free(trusted: PointsHouse) -> None:
    trusted.ledger.fund("stalled", 1_000)
    trusted.ledger.fund("others", 1_000)
    path, key, order = "/points/v1/redemptions", fresh_key(), redemption("stalled", "stalled-1", 300)
    with paired(trusted) as pair, stalled_in_mid_batch(pair, path, order, key) as asking:
        began = time.monotonic()
        for turn in range(10):
            other = pair.second.caller.post(path, redemption("others", f"others-{turn}", 100))
            assert other.status_code == 201, other.text
        others_s = time.monotonic() - began
        same = pair.second.caller.post(path, order, key)
        if same.status_code != 201:
            assert (same.status_code, same.json()["code"]) == (409, "in-flight")
            assert "retry-after" in same.headers
        until(lambda: pair.second.caller.post(path, order, key).status_code == 201, LET_GO_S)
        free_s = time.monotonic() - began
        pair.first.popen.send_signal(signal.SIGCONT)
        last = asking.result(30)
        assert last.status_code in (201, 503), last.text
        if last.status_code == 503:
            assert "retry-after" in last.headers
        again = pair.first.caller.post(path, order, key)
        assert again.status_code == 201, again.text
        assert again.content == pair.second.caller.post(path, order, key).content
    assert others_s < 2
    assert trusted.ledger.points_of("office:stalled") == 700
    print(f"two webs: one stalled in mid-batch, 10 others in {others_s:.2f} s, its rows in {free_s:.1f} s")


def raw(pair: Pair, path: str, body: Mapping[str, Any], key: str) -> socket.socket:
    """Send a request at the joint port, and leave it there."""
    content = orjson.dumps(body)
    proof = pair.first.caller.prove("POST", f"{pair.joint}{path}", content, key)
    host = pair.joint.removeprefix("http://")
    lines = [
        f"POST {path} HTTP/1.1",
        *(f"{name}: {text}" for name, text in proof.items()),
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    caller = socket.create_connection(tuple(host.split(":")), timeout=30)  # type: ignore[arg-type]
    caller.sendall("\r\n".join([*lines, "", ""]).encode() + content)
    return caller


def told(caller: socket.socket, patience_s: float) -> int | None:
    """Read the status of an answer; None where the connection broke or nothing came."""
    caller.settimeout(patience_s)
    try:
        line = caller.recv(65_536)
    except OSError:
        return None
    return int(line.split(b" ", 2)[1]) if line else None


def test_whoever_waited_at_one_that_is_killed_asks_again_and_is_served_once(trusted: PointsHouse) -> None:
    trusted.ledger.fund("queue", 10_000)
    path = "/points/v1/redemptions"
    orders = {fresh_key(): redemption("queue", f"queue-{one}", 100) for one in range(CROWD)}
    with paired(trusted) as pair, ExitStack() as ends:
        pair.first.popen.send_signal(signal.SIGSTOP)
        callers = {
            key: ends.enter_context(closing(raw(pair, path, order, key))) for key, order in orders.items()
        }
        served = {key for key, caller in callers.items() if told(caller, 1.0) == 201}
        assert 0 < len(served) < CROWD, "the joint port has given them all to one"
        pair.first.kill()
        left = [key for key in orders if key not in served]
        assert {told(callers[key], 5.0) for key in left} == {None}, "their connections break at once"
        answers = [
            Caller(pair.joint, pair.second.web, pair.second.caller.prove).post(path, orders[key], key)
            for key in orders
        ]
    assert {one.status_code for one in answers} == {201}
    replayed = [one.headers.get("idempotent-replayed") for one in answers].count("true")
    assert replayed == len(served)
    assert trusted.ledger.points_of("office:queue") == 10_000 - CROWD * 100
    print(f"two webs: {len(left)} of {CROWD} waited at the one that was killed, all paid once")
