"""HTTP connections with one deadline for all of it: name, address, handshake, question and answer.

Sockets have a time-out for each step. Whoever has many addresses, or speaks a byte at a time, takes many
steps: here every step gets what is left of the whole. Refuses to go on once the time is over, wherever it is.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import SplitResult

_PORTS = {"http": 80, "https": 443}


class Deadline:
    """The moment until which something must be done.

    :param lasts_s: how many seconds there are from now on.
    """

    def __init__(self, lasts_s: float) -> None:
        self._ends = time.monotonic() + lasts_s

    @property
    def left_s(self) -> float:
        """How many seconds are left.

        :raises TimeoutError: if none are.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for all of it is over")
        return left


class _Reading(io.RawIOBase):
    """What comes in over a socket until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for the next bytes, as long as there is time."""
        self._sock.settimeout(self._deadline.left_s)
        return self._sock.recv_into(buffer)


class _Dated:
    """A socket as far as http.client needs one; whoever opened it closes it, once the answer is read."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, said: bytes) -> None:
        """Send all of it, as long as there is time."""
        self._sock.settimeout(self._deadline.left_s)
        self._sock.sendall(said)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give what is read from."""
        return io.BufferedReader(_Reading(self._sock, self._deadline))

    def close(self) -> None:
        """Stay open: http.client closes its socket when the answer has begun, and goes on reading."""


@contextmanager
def dated_connection(place: SplitResult, deadline: Deadline) -> Iterator[http.client.HTTPConnection]:
    """Lend a connection to an address on which nothing goes on after the deadline.

    :raises OSError: if nobody answers there in time.
    """
    host, port = place.hostname or "", place.port or _PORTS[place.scheme]
    sock = _connected(host, port, deadline)
    try:
        connection: http.client.HTTPConnection
        if place.scheme == "https":
            context = ssl.create_default_context()
            sock.settimeout(deadline.left_s)
            sock = context.wrap_socket(sock, server_hostname=host)
            connection = http.client.HTTPSConnection(host, place.port, context=context)
        else:
            connection = http.client.HTTPConnection(host, place.port)
        connection.sock = cast(socket.socket, _Dated(sock, deadline))
        yield connection
    finally:
        sock.close()


def _connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    fault = OSError("it has no address")
    addresses = _addresses(host, port, deadline)
    for place, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # Each address gets a share of what is left: a dead one leaves time for the next.
            sock.settimeout(deadline.left_s / (len(addresses) - place))
            sock.connect(address)
        except OSError as found:
            sock.close()
            fault = found
        else:
            return sock
    raise fault


def _addresses(host: str, port: int, deadline: Deadline) -> list[Any]:
    found: list[Any] = []
    faults: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as fault:
            faults.append(fault)

    # The resolver knows no deadline: whoever waits for it leaves it behind, and it ends by itself.
    asking = threading.Thread(target=ask, name="names", daemon=True)
    asking.start()
    asking.join(deadline.left_s)
    if asking.is_alive():
        raise TimeoutError("its name was not found in time")
    if faults:
        raise OSError("its name is not known") from faults[0]
    return found
