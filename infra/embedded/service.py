"""One of our services as a process below the supervisor, told by its environment where everything is."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from infra.embedded.child import Child, plain_environment, wait_until
from infra.embedded.obstacle import Obstacle
from infra.embedded.ports import LOOPBACK, is_open
from infra.embedded.settings import CHECKOUT, StackSettings
from shared.runtime.role import ProcessRole

_START_S = 60.0
_ANSWER_S = 2.0
# Longer than a service takes to answer what it has begun.
_FINISH_S = 30.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which module is a service's process: `services.<name>`, unless a test stands in for it.

    `webs` says how many processes do nothing but answer, beside a worker for what goes on by itself; with 0
    one process does everything.
    """

    name: str
    module: str
    webs: int = 0

    @property
    def roles(self) -> Mapping[str, ProcessRole]:
        """Give the service's processes by the name of the part; who answers bears the service's name."""
        if not self.webs:
            return {self.name: ProcessRole.BOTH}
        more = (f"{self.name}-{number}" for number in range(2, self.webs + 1))
        webs = dict.fromkeys((self.name, *more), ProcessRole.WEB)
        return {**webs, f"{self.name}-{ProcessRole.WORKER}": ProcessRole.WORKER}

    @property
    def joint(self) -> str | None:
        """Name the port at which several that answer do so together; None where there is one."""
        return f"{self.name}-joint" if self.webs > 1 else None

    @property
    def doors(self) -> str:
        """Name the port at which callers find the service: the joint one, or that of the one who answers."""
        return self.joint or self.name


def recipes() -> tuple[Recipe, ...]:
    """List the services of this checkout, in the order in which they are named everywhere."""
    points = Recipe("points", "services.points", webs=StackSettings().webs)
    return Recipe("member", "services.member"), points


@dataclass(frozen=True, slots=True)
class Setup:
    """What one service's process needs to know; `part` is its name in the stack."""

    recipe: Recipe
    part: str
    port: int
    log: Path
    environment: Mapping[str, str]


class Service:
    """One service's process."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.address = f"http://{LOOPBACK}:{setup.port}"
        self.child = Child(
            name=setup.part,
            arguments=[sys.executable, "-m", setup.recipe.module, *self._role()],
            environment=self._environment(),
            log=setup.log,
            folder=CHECKOUT,
            patience_s=_FINISH_S,
        )

    def start(self) -> None:
        """Start the process and wait until it says that it is ready.

        :raises Obstacle: if its port is taken, if it ends, or if it is not ready within a minute.
        """
        if is_open(self._setup.port):
            # Its answers would be taken for those of the process that is about to start.
            raise Obstacle(
                f"Port {self._setup.port} of service {self._setup.part} is taken by another program.",
                "Stop that program; or stop this stack and start it again, then another port is chosen.",
            )
        self.child.start()
        if not wait_until(self.answers, self.child, _START_S):
            self.child.stop()
            raise self.child.failure(f"Service {self._setup.part} does not start", self._setup.log.parent)

    def close(self) -> None:
        """Stop the process for good, once what it has begun is answered."""
        self.child.close()

    def answers(self) -> bool:
        """Tell whether the service says that it is ready."""
        try:
            return self._asked("/readyz", _ANSWER_S) == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def alive(self, within_s: float) -> bool:
        """Tell whether the process gives a sign of life, however ready it is."""
        try:
            return self._asked("/livez", within_s) < http.HTTPStatus.INTERNAL_SERVER_ERROR
        except ConnectionError:
            # Refused: it is ending, and takes no share of the connections; its end is seen when it comes.
            return True
        except (OSError, http.client.HTTPException):
            return False

    def _asked(self, path: str, within_s: float) -> int:
        connection = http.client.HTTPConnection(LOOPBACK, self._setup.port, timeout=within_s)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def _role(self) -> list[str]:
        role = self._setup.recipe.roles[self._setup.part]
        return [] if role is ProcessRole.BOTH else ["--role", role]

    def _environment(self) -> dict[str, str]:
        # What somebody set for this service by hand wins: every part of the stack can be replaced so.
        prefix = f"{self._setup.recipe.name.upper()}_"
        known = {**dotenv_values(CHECKOUT / ".env"), **os.environ}
        by_hand = {name: text for name, text in known.items() if name.startswith(prefix) and text}
        plain = {**plain_environment(), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
        return {**plain, **self._setup.environment, **by_hand}
