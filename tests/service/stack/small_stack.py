"""The real supervisor around two small stand-in services: what `tongfen run` does, minus our own services."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.embedded import supervisor
from infra.embedded.service import Recipe
from infra.embedded.settings import StackSettings
from infra.embedded.stack import PROFILES, Stack
from infra.embedded.steps import Steps

SMALL = tuple(Recipe(name, f"tests.service.stack.small_{name}") for name in ("member", "points"))


def small_stack(home: Path, steps: Steps) -> Stack:
    """Describe a stack whose services only say that they are ready."""
    settings = StackSettings()
    return Stack(
        home, PROFILES["bench"], steps=steps, services=SMALL, port=settings.port, jars=settings.jar_cache
    )


if __name__ == "__main__":
    place = Path(sys.argv[1])
    supervisor.leave(supervisor.run(small_stack(place, Steps(place / "logs" / "supervisor.log"))))
