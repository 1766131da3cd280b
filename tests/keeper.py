"""Keeps one PostgreSQL, one Kafka or one whole stack alive for a test run, and ends with it.

pytest's workers come and go, so none of them may be the server's parent. The keeper is a process of its own
that watches the process that leads the run. Refuses to outlive it, however that one ends.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.embedded.kafka import Kafka
from infra.embedded.kafka import Setup as KafkaSetup
from infra.embedded.ports import free_port
from infra.embedded.postgres import Postgres
from infra.embedded.postgres import Setup as PostgresSetup
from infra.embedded.secrets import Secrets
from infra.embedded.settings import StackSettings

SERVICES = ("member", "points")
Kept = tuple[Callable[[], None], dict[str, object]]
"""How to end a component, and where it is."""


def main() -> int:
    """Start the component, write down where it is, and hold it until the leading process is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("component", choices=sorted(_BRINGERS))
    parser.add_argument("place", type=Path)
    parser.add_argument("leader", type=int)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    place: Path = arguments.place / arguments.component
    place.mkdir(parents=True, exist_ok=True)
    answer = arguments.place / f"{arguments.component}.json"
    try:
        end, found = _BRINGERS[arguments.component](place)
    except Exception as trouble:  # the waiting test shows it
        _publish(answer, {"trouble": f"{type(trouble).__name__}: {trouble}"})
        raise
    _publish(answer, found)
    _await_end_of(arguments.leader)
    end()
    shutil.rmtree(arguments.place, ignore_errors=True)
    return 0


def _postgres(place: Path) -> Kept:
    setup = PostgresSetup(place / "cluster", free_port(), place / "postgres.log", durable=False)
    server = Postgres(setup, Secrets(place / "secrets.json"))
    server.prepare()
    server.start()
    server.furnish(SERVICES)
    # Killed, it would leave its shared memory behind, one segment a run.
    server.child.gentle = signal.SIGQUIT
    return server.child.stop, {"port": server.port, "pid": server.child.pid}


def _kafka(place: Path) -> Kept:
    ports = (free_port(), free_port())
    broker = Kafka(KafkaSetup(place / "broker", StackSettings().jar_cache, *ports, place / "kafka.log"))
    broker.prepare()
    broker.start()
    return broker.child.kill, {"bootstrap": broker.bootstrap, "pid": broker.child.pid}


def _group(place: Path) -> Kept:
    from tests.journeys.group import furnished

    stack, found = furnished(place / "home")
    return stack.stop, found


_BRINGERS: Mapping[str, Callable[[Path], Kept]] = {"postgres": _postgres, "kafka": _kafka, "group": _group}


def _publish(path: Path, found: dict[str, object]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(found), encoding="utf-8")
    fresh.replace(path)


def _await_end_of(leader: int) -> None:
    try:
        descriptor = os.pidfd_open(leader)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        while Path(f"/proc/{leader}").exists():
            time.sleep(0.5)
        return
    select.select([descriptor], [], [])


if __name__ == "__main__":
    sys.exit(main())
