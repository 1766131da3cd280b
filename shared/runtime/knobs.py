"""Reads a service's settings, or ends the process with one line that names what is wrong.

Refuses to show a value: what somebody set wrongly may be a password.
"""

import sys
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

Settings = TypeVar("Settings", bound=BaseSettings)
MISCONFIGURED = 78
"""The exit status of a process with a wrong setting. Source: EX_CONFIG of sysexits(3)."""


def read_settings(model: type[Settings]) -> Settings:
    """Read the settings from the environment.

    :raises SystemExit: if one is missing or wrong; its name and the reason stand on standard error.
    """
    try:
        return model()
    except ValidationError as faults:
        prefix = str(model.model_config.get("env_prefix", ""))
        told = [
            f"{prefix}{'.'.join(str(step) for step in fault['loc'])}".upper() + f": {fault['msg']}"
            for fault in faults.errors(include_input=False, include_url=False, include_context=False)
        ]
        print(f"wrong settings: {'; '.join(told)}", file=sys.stderr)
        raise SystemExit(MISCONFIGURED) from None
