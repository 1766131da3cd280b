"""The page of settings: every knob of the stack and of each service, with its default."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from infra.docs.code import ROOT, found, services
from infra.docs.markdown import page, section, table

_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")
PLACES = ("infra.embedded.settings", *(f"services.{name}.settings" for name in services()))


def knobs_page() -> str:
    """Write the page of settings."""
    sections = [_section(model) for place in PLACES for model in _models(place)]
    told = "What may be set from the environment or a `.env` file. Nothing else reads the environment."
    return page("Settings", told, *sections)


def _models(place: str) -> Iterator[type[BaseSettings]]:
    module = found(place)
    for _, model in sorted(inspect.getmembers(module, inspect.isclass)) if module else ():
        if issubclass(model, BaseSettings) and model.__module__ == place:
            yield model


def _section(model: type[BaseSettings]) -> str:
    prefix = str(model.model_config.get("env_prefix", ""))
    rows = [
        (f"`{_name(prefix, name, part)}`", f"`{_type(part)}`", _default(part), part.description or "")
        for name, part in model.model_fields.items()
    ]
    told = "\n\n".join(" ".join(part.split()) for part in (inspect.getdoc(model) or "").split("\n\n"))
    return section(f"`{model.__module__}`", told, table(("name", "type", "default", "meaning"), rows))


def _name(prefix: str, name: str, part: FieldInfo) -> str:
    alias = part.validation_alias
    return alias if isinstance(alias, str) else f"{prefix}{name}".upper()


def _type(part: FieldInfo) -> str:
    kind = part.annotation
    return kind.__name__ if isinstance(kind, type) else _MODULES.sub("", str(kind))


def _default(part: FieldInfo) -> str:
    value = part.default
    if isinstance(value, SecretStr):
        return "a secret"
    if value is PydanticUndefined:
        return "drawn at start" if part.default_factory else "required"
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return f"`{value}`" if value is not None and value != "" else ""
