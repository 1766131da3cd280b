"""Writes the data of events: checked as its type says, without making an object of every part.

The checks are the models' own, taken from what pydantic has compiled of them: each model is read as a mapping
of its fields, so that nothing is made but the JSON. Refuses models that do more than their fields say.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema, to_json

Writer = Callable[[Mapping[str, Any]], str]


def writer_of(model: type[BaseModel]) -> Writer:
    """Give what checks data of a type and writes it as JSON, in the order of the fields.

    Optional fields that are not given are left out, unknown ones refused with a ValueError.

    :raises TypeError: if the model has validators of its own.
    """
    check = SchemaValidator(_mapping(model.__pydantic_core_schema__)).validate_python

    def write(data: Mapping[str, Any]) -> str:
        return to_json(check(data)).decode()

    return write


def _mapping(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return [_mapping(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind == "model":
        return _mapping(schema["schema"])
    if kind == "model-fields":
        fields = {name: _field(one["schema"]) for name, one in schema["fields"].items()}
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")
    if isinstance(kind, str) and kind.startswith(("function", "definition")):
        raise TypeError("an event's data is what its fields say, and nothing more")
    return {name: _mapping(one) for name, one in schema.items()}


def _field(schema: Any) -> core_schema.TypedDictField:
    # A field with a default may be missing, and then it is not written.
    optional = schema.get("type") == "default"
    told = _mapping(schema["schema"] if optional else schema)
    return core_schema.typed_dict_field(told, required=not optional)
