"""Every command of `tongfen` says what it does and shows an example that it would understand."""

import re

import pytest

from infra.docs.commandline import commands
from tests.house.tree import house

COMMANDS = dict(commands())
MENTIONED = re.compile(r"(?:^|`|\$ |bin/)(tongfen [a-z][a-z -]*)", re.MULTILINE)
GUIDES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "services/*/README.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str) -> None:
    examples = re.findall(r"^\s*Examples?: (.*)$", COMMANDS[name].help or "", re.MULTILINE)
    assert any(name in example for example in examples), COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_options_say_what_they_mean(name: str) -> None:
    silent = [
        one.name for one in COMMANDS[name].params if one.name != "help" and not getattr(one, "help", None)
    ]
    assert not silent


def test_guides_mention_only_commands_that_are_there() -> None:
    known = {name for whole in COMMANDS for name in (whole, whole.rpartition(" ")[0])}
    for source in house().files(*GUIDES):
        for mentioned in MENTIONED.findall(source.text):
            words = mentioned.split(" ")
            heads = {" ".join(words[:2]), " ".join(words[:3])}
            assert heads & known, f"{source.path}: there is no {mentioned}"
