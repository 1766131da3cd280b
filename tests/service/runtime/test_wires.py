"""Wires to the database: one at whose other end no machine is any more is given up, by the system itself."""

import os
import socket
from contextlib import closing

from shared.runtime.database import WIRE, Reader, connect
from tests.service.runtime.frame_database import framed


def _kept_by(descriptor: int) -> dict[str, int]:
    """Read how the system looks after a wire."""
    with socket.socket(fileno=os.dup(descriptor)) as wire:
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        asked = {
            "keepalives_idle": socket.TCP_KEEPIDLE,
            "keepalives_interval": socket.TCP_KEEPINTVL,
            "keepalives_count": socket.TCP_KEEPCNT,
            "tcp_user_timeout": socket.TCP_USER_TIMEOUT,
        }
        return {name: wire.getsockopt(socket.IPPROTO_TCP, option) for name, option in asked.items()}


def test_direct_connections_and_the_pool_look_after_their_wires() -> None:
    told = {name: value for name, value in WIRE.items() if name != "connect_timeout"}
    with framed() as lent:
        with closing(connect(lent.url("desk"))) as connection:
            assert _kept_by(connection.fileno()) == told
        reader = Reader(lent.url("reader"))
        with reader.asked_by() as questions:
            driver = questions._connection.connection.dbapi_connection
            assert driver is not None
            assert _kept_by(driver.fileno()) == told
        reader.close()
    assert told["tcp_user_timeout"] == 1_000 * (
        told["keepalives_idle"] + told["keepalives_interval"] * told["keepalives_count"]
    )
