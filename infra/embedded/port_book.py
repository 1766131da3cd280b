"""Remembers which ports a stack used, so that its addresses stay the same from start to start."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from infra.embedded.home import Home
from infra.embedded.obstacle import Obstacle
from infra.embedded.ports import NoFreePort, first_free, free_port, held, is_free, kept

GATEWAY_WISH = 8080
_INNER = ("postgres", "kafka", "kafka-controller")

Bind = Callable[[int], socket.socket | None]


class PortBook:
    """The ports of one stack by part.

    :param wish: the port of the gateway, if somebody asked for one; then no other will do.
    """

    def __init__(self, home: Home, wish: int | None = None) -> None:
        self._home = home
        self._wish = wish
        self._ports: dict[str, int] = {}
        self._holders: dict[str, socket.socket] = {}
        self.remarks: list[str] = []

    def __getitem__(self, part: str) -> int:
        return self._ports[part]

    def open(self, services: Sequence[str], *, gateway: bool, joints: Sequence[str] = ()) -> None:
        """Choose a port for every part: the remembered one if it is free.

        :param joints: ports at which several processes listen together, held for them as the gateway's is.
        :raises Obstacle: if the wished port is taken or no port is left.
        """
        remembered = self._home.read(self._home.ports)
        try:
            if gateway:
                self._ports["gateway"] = self._gateway(remembered.get("gateway"))
            for part in (*_INNER, *services):
                self._ports[part] = self._chosen(part, remembered.get(part), kept)
            for joint in joints:
                self._ports[joint] = self._chosen(joint, remembered.get(joint), held)
        except NoFreePort as none:
            raise Obstacle(
                f"There is {none}.", "Stop what holds them, or choose one: TONGFEN_PORT=…"
            ) from none
        self._home.write(self._home.ports, {**remembered, **self._ports})

    def close(self) -> None:
        """Let others have the ports again that were held."""
        while self._holders:
            self._holders.popitem()[1].close()

    def _gateway(self, remembered: object) -> int:
        if self._wish is not None:
            if not is_free(self._wish) or not self._hold("gateway", self._wish):
                raise Obstacle(
                    f"Port {self._wish} is taken by another program.",
                    "Stop it, or choose another with TONGFEN_PORT=…, or leave the choice to Tongfen.",
                )
            return self._wish
        wish = remembered if isinstance(remembered, int) else GATEWAY_WISH
        port, lost = first_free(wish), set[int]()
        while not self._hold("gateway", port):
            # Another stack that starts at this moment was faster.
            lost.add(port)
            port = first_free(wish, lost)
        if port != wish:
            self.remarks.append(f"Port {wish} is taken by another program; this stack answers on {port}.")
        return port

    def _hold(self, part: str, port: int, bind: Bind = held) -> bool:
        holder = bind(port)
        if holder is None:
            return False
        self._holders[part] = holder
        return True

    def _chosen(self, part: str, remembered: object, bind: Bind) -> int:
        port = self._inner(remembered)
        while not self._hold(part, port, bind):
            # Another stack that starts at this moment was faster.
            port = self._inner(None)
        return port

    def _inner(self, remembered: object) -> int:
        taken = frozenset(self._ports.values())
        if isinstance(remembered, int) and remembered not in taken and is_free(remembered):
            return remembered
        return free_port(taken)
