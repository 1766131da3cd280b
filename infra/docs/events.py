"""The page of events: every type of the catalogue with its fields."""

from typing import Any

from contracts.catalogue import EVENTS, announcer
from infra.docs.code import first_sentence
from infra.docs.markdown import page, section, table


def events_page() -> str:
    """Write the page of events."""
    sections = [
        section(
            f"`{event_type}`",
            _told(event_type, model.__doc__),
            table(("field", "type", "required"), _fields(model)),
        )
        for event_type, model in sorted(EVENTS.items())
    ]
    services = ", ".join(f"`tongfen.{name}.v1`" for name in sorted({announcer(kind) for kind in EVENTS}))
    told = (
        f"What services announce to each other, as CloudEvents 1.0 in binary mode on {services}. "
        "The key of an event is the id of a row, `seq` that row's version."
    )
    return page("Events", told, *sections)


def _told(event_type: str, text: str | None) -> str:
    told = (text or "").strip().removeprefix(f"`{event_type}`: ")
    return "\n\n".join(" ".join(part.split()) for part in (told[:1].upper() + told[1:]).split("\n\n"))


def _fields(model: Any) -> list[tuple[str, str, str]]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        (f"`{name}`", f"`{_type(part)}`", "yes" if name in required else "no")
        for name, part in schema.get("properties", {}).items()
    ]


def _type(part: dict[str, Any]) -> str:
    if "$ref" in part:
        return first_sentence(str(part["$ref"]).rpartition("/")[2])
    if "anyOf" in part:
        return " or ".join(_type(one) for one in part["anyOf"])
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}))}"
    return str(part.get("format") or part.get("type") or "any")
