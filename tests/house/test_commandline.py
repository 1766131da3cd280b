"""Every command of `tongfen` says what it does and shows an example that it would understand."""

import re

import pytest

from infra.docs.commandline import commands

COMMANDS = dict(commands())


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
