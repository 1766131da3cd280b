"""The page of the command line: every command of `tongfen` with its help and its options."""

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from infra.cli.main import app
from infra.docs.markdown import page, section, table


def commands() -> Iterator[tuple[str, Any]]:
    """Walk over every command that does something, by its whole name, sorted."""
    yield from _below("tongfen", get_command(app))


def commandline_page() -> str:
    """Write the page of the command line."""
    sections = [
        section(f"`{name}`", _told(command.help), table(("option", "meaning"), _options(command)))
        for name, command in commands()
    ]
    told = "Every command of `tongfen`; `tongfen <command> --help` says the same on a terminal."
    return page("Command line", told, *sections)


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield name, command
        return
    for word, inner in sorted(command.commands.items()):
        yield from _below(f"{name} {word}", inner)


def _told(text: str | None) -> str:
    return "\n\n".join(_paragraph(" ".join(part.split())) for part in (text or "").strip().split("\n\n"))


def _paragraph(line: str) -> str:
    example = line.removeprefix("Example: ")
    return line.replace("<", "&lt;") if example == line else f"```sh\n{example}\n```"


def _options(command: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        names = parameter.opts if parameter.param_type_name == "option" else [parameter.name]
        yield f"`{', '.join(names)}`", _told(getattr(parameter, "help", ""))
