"""The `tongfen` command. One file per command or group of commands; this one only names them.

Exit codes: 0 done or ready · 1 something stands in the way, said in one line · 2 wrong use ·
3 `run`: it is already running, others: it is not running.
"""

from __future__ import annotations

import typer

from infra.cli import (
    audit,
    bench,
    client,
    logs,
    messages,
    month,
    parked,
    replay,
    reset,
    rule,
    run,
    status,
    stop,
    token,
)

app = typer.Typer(
    name="tongfen",
    help="Run Tongfen on this machine and look after it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

for command in (
    run.run,
    stop.stop,
    status.status,
    logs.logs,
    reset.reset,
    token.token,
    audit.audit,
    bench.bench,
    messages.messages,
    replay.replay,
):
    app.command(no_args_is_help=False)(command)
for name, group in {"client": client.app, "rule": rule.app, "month": month.app, "parked": parked.app}.items():
    app.add_typer(group, name=name)


if __name__ == "__main__":
    app()
