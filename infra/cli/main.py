"""The `tongfen` command. One file per command or group of commands; this one only names them.

Exit codes: 0 done or ready · 1 something stands in the way, said in one line · 2 wrong use ·
3 `run`: it is already running, others: it is not running.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from infra.cli.answer import give_up
from infra.embedded.obstacle import Obstacle

SINGLE = ("run", "stop", "status", "logs", "reset", "token", "messages", "limits", "replay", "audit", "bench")
GROUPS = ("client", "rule", "month", "adjust", "doubt", "voucher", "opening", "outbox", "parked")


class PlainSpoken(TyperGroup):
    """Ends any command with one line about what stands in the way, where that is known."""

    def invoke(self, context: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(context)
        except Obstacle as known:
            give_up(known)


app = typer.Typer(
    cls=PlainSpoken,
    name="tongfen",
    help="Run Tongfen on this machine and look after it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def _tongfen() -> None:
    """Run Tongfen on this machine and look after it."""


def _add(name: str) -> None:
    module = import_module(f"infra.cli.{name}")
    if name not in GROUPS:
        command = getattr(module, name)
        app.command(no_args_is_help=False, help=_flowing(command))(command)
        return
    for command in module.app.registered_commands:
        command.help = _flowing(command.callback)
    app.add_typer(module.app, name=name)


def _flowing(command: Callable[..., None]) -> str:
    """Give a command's own words with every paragraph unbroken: a terminal breaks it where it ends."""
    return "\n\n".join(" ".join(part.split()) for part in (command.__doc__ or "").split("\n\n"))


# Only the command that was asked for is imported: stack, replay and benchmark take a second to load.
asked = sys.argv[1] if len(sys.argv) > 1 else ""
for command in (asked,) if asked in SINGLE + GROUPS else SINGLE + GROUPS:
    _add(command)


if __name__ == "__main__":
    app()
