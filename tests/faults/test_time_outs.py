"""F12: what a process does in its database, the server ends in time: every session is opened so."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from services.points.commands.keep_signing_key import KeepSigningKey
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.database import connect
from shared.web.keys import public_key_text
from shared.web.tokens import mint_token
from tests.faults.points_process import PRIVATE, PointsHouse, receipt
from tests.journeys.caller import Caller, by_token
from tests.journeys.group import until
from tests.service.points.ledger_house import answer_of, asked
from tests.service.points.weather import Wire

pytestmark = pytest.mark.timeout(120)
KINDS = {
    ("desk", "2s", "5s", "200ms"): "the desk",
    ("desk", "0", "15s", "0"): "jobs, errands, what is parked",
    ("desk", "0", "15s", "300ms"): "who seals months",
    ("reader", "15s", "15s", "750ms"): "the pool of readers",
    ("reader", "2s", "5s", "0"): "rooms in which wallets are read",
    ("relay", "0", "15s", "0"): "the relay",
    ("auditor", "0", "10min", "0"): "the auditor",
}
"""Whose a session is, how long a statement, a transaction and the wait for a lock may last, and who has it.

A transaction in which nothing is done is ended by the second of them as well.
"""


def test_every_session_of_a_process_has_the_time_outs_of_its_work(house: PointsHouse) -> None:
    """Each is opened once more with the options that the process gave, and asked what holds there."""
    urls = {duty: url for duty, url in house.ledger.database.urls.items() if duty != "owner"}
    wires = {duty: Wire(url) for duty, url in urls.items()}
    answer_of(
        house.ledger.obey(
            KeepSigningKey(asked(), "kid", public_key_text(PRIVATE), now() + timedelta(days=1))
        )[0]
    )
    token = mint_token(PRIVATE, "kid", Principal("mem_timed", Role.MEMBER), now(), timedelta(minutes=5))
    through = {f"database_url_{duty}": wire.url for duty, wire in wires.items()}
    with house.process("both", **through) as process:
        assert Caller(process.address, process.web, by_token(token)).get("/points/v1/wallet").is_success
        assert process.caller.post("/points/v1/receipts", receipt("timed", "timed")).status_code == 201
        until(lambda: sum(len(wire.opened) for wire in wires.values()) >= len(KINDS))
    found = {shown(duty, urls[duty], options) for duty, wire in wires.items() for options in wire.opened}
    for wire in wires.values():
        wire.close()
    assert found == set(KINDS)
    print(f"F12: {len(found)} kinds of sessions, each with its time-outs")


def shown(duty: str, url: str, options: str) -> tuple[str, ...]:
    """Ask a session with these options what holds in it."""
    with closing(connect(url, options)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('transaction_timeout'),"
            " current_setting('lock_timeout')"
        )
        return (duty, *cursor.fetchall()[0])
