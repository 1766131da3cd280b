"""A database server that was killed comes back at once, whatever its orphans were busy with."""

import os
import signal
import threading
import time
from pathlib import Path

import psycopg2
import pytest

from infra.embedded.ports import free_port
from infra.embedded.postgres import Postgres, Setup
from infra.embedded.secrets import Secrets
from tests.service.runtime.telling import until

BUSY = "SELECT count(*) FROM generate_series(1, 100000000000)"


@pytest.mark.timeout(120)
def test_a_killed_server_does_not_wait_for_what_its_orphans_were_busy_with(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    setup = Setup(tmp_path / "cluster", free_port(), tmp_path / "log", durable=False)
    server = Postgres(setup, Secrets(tmp_path / "secrets.json"))
    server.prepare()
    server.start()
    busy = psycopg2.connect(server.url("postgres", "postgres"))
    orphan, ended = busy.info.backend_pid, threading.Event()

    def work() -> None:
        try:
            busy.cursor().execute(BUSY)
        except psycopg2.Error:
            ended.set()

    threading.Thread(target=work, daemon=True).start()
    with server.superuser() as connection, connection.cursor() as cursor:

        def working() -> bool:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE query = %s", (BUSY,))
            return bool(cursor.fetchone() == (1,))

        until(working)
    assert server.child.pid is not None
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait()
    began = time.monotonic()
    server.start()
    print(f"killed with an orphan at work: back in {time.monotonic() - began:.1f} s")
    assert not Path(f"/proc/{orphan}/cwd").exists()
    assert ended.wait(10)
    server.close()
