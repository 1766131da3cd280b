"""Which TCP ports on loopback are free, and which one a part of the stack should take.

Never listens on one for good.
"""

from __future__ import annotations

import random
import socket
import sys

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes the local end of outgoing connections (32768 and up), so that no
# connection of ours or of anybody else can sit on a port between choosing it and opening it.
_LOWEST = 20_000
_HIGHEST = 31_999
_TRIES = 200

_ANSWERS_WITHIN_S = 0.5


class NoFreePort(Exception):
    """Raised if every port that was tried is taken."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def held(port: int) -> socket.socket | None:
    """Hold a free port for our own until the socket is closed; None if somebody else has it.

    Gateways, and processes that answer together, listen with SO_REUSEPORT: two stacks that chose one port
    would share it, and every other request would go to the wrong one. What is bound here is taken for all
    others; our own may still listen on it.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError:
        holder.close()
        return None
    return holder


def kept(port: int) -> socket.socket | None:
    """Keep a free port from being chosen by another stack until the socket is closed; None if it is taken.

    A part that is started again leaves its port alone for seconds: another stack's would answer in its place.
    Our own still listens on it: every part binds with SO_REUSEADDR, as this does. Only Linux lets both; on
    another system nothing is kept.
    """
    keeper = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "linux":
        return keeper
    try:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind((LOOPBACK, port))
    except OSError:
        keeper.close()
        return None
    return keeper


def is_claimed(port: int) -> bool:
    """Tell whether a loopback port is somebody's, or was until just now, even if nobody listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def is_open(port: int) -> bool:
    """Tell whether somebody listens on this loopback port now."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=_ANSWERS_WITHIN_S):
            return True
    except OSError:
        return False


def free_port(taken: frozenset[int] | set[int] = frozenset()) -> int:
    """Choose a free loopback port by chance, so that two stacks that start together rarely meet.

    :param taken: ports already promised to somebody else.
    :raises NoFreePort: if two hundred tries in a row found none.
    """
    for _ in range(_TRIES):
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in taken and not is_claimed(port):
            return port
    raise NoFreePort(f"no free port between {_LOWEST} and {_HIGHEST} on {LOOPBACK}")


def first_free(wish: int, taken: frozenset[int] | set[int] = frozenset(), span: int = 50) -> int:
    """Choose the wished port, or the next free one above it.

    :raises NoFreePort: if none of `span` ports is free.
    """
    for port in range(wish, wish + span):
        if port not in taken and is_free(port):
            return port
    raise NoFreePort(f"no free port between {wish} and {wish + span - 1} on {LOOPBACK}")
