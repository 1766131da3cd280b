"""A relay in a process of its own that is killed when the broker has everything and the database nothing."""

import os
import signal
import sys

import psycopg2

from shared.runtime import broker
from shared.runtime.relay import Relay


def kill(point: str) -> None:
    """End without a word, as a machine does that loses its power."""
    if point == "relay.sent":
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Carry what is pending until killed."""
    bootstrap, topic, url = sys.argv[1:]
    relay = Relay(
        "member",
        topic,
        lambda: psycopg2.connect(url),
        lambda: broker.producer(bootstrap, "killed"),
        reached=kill,
    )
    relay.start()
    signal.pause()


if __name__ == "__main__":
    main()
