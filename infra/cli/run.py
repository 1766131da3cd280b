"""`tongfen run`: bring the stack up in the foreground. Refuses a second one in the same folder."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.answer import AtHome, give_up, home_of, settings
from infra.embedded import supervisor
from infra.embedded.stack import PROFILES, Stack
from infra.embedded.steps import Steps
from infra.seed.demo import DEMO_STEPS


def run(
    home: AtHome = None,
    profile: Annotated[str, typer.Option(help="What the stack is for: run, replay or bench.")] = "run",
    port: Annotated[
        int | None,
        typer.Option(
            help="Port of the one address (else TONGFEN_PORT, else 8080 or the next free).",
            min=1,
            max=65_535,
        ),
    ] = None,
    gateway: Annotated[bool, typer.Option(help="Put the gateway before the services.")] = True,
) -> None:
    """Bring the stack up and hold it until Ctrl-C.

    Example: tongfen run --port 9000

    Ends with 0 after Ctrl-C, 1 when something stands in the way, 3 when it is already running.
    """
    if profile not in PROFILES:
        give_up(f"There is no profile {profile}; there are {', '.join(PROFILES)}.", code=2)
    chosen, place = settings(), home_of(home)
    stack = Stack(
        place.root,
        PROFILES[profile],
        steps=Steps(place.log("supervisor")),
        gateway=gateway,
        port=port or chosen.port,
        jars=chosen.jar_cache,
    )
    supervisor.leave(supervisor.run(stack, DEMO_STEPS))
