"""What a type of event may become: it gains optional fields, nothing else. Judges JSON Schemas; pure.

Refuses what would break a reader of the past (a field removed, narrowed, or newly required) and what would
break a reader who has not been updated (a field that may now be missing).
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_WORDS = frozenset({"title", "description", "examples", "$id", "$schema", "$defs", "$ref"})
_STRUCTURE = frozenset({"properties", "required", "items", "additionalProperties", "propertyNames", "anyOf"})
_LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems"})
_MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems"})


def breaks(before: Schema, after: Schema) -> list[str]:
    """Name every change from one schema to the next that somebody's events or readers would not survive."""
    return sorted(set(_compared(before, after, before, after, "$")))


def _compared(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    yield from _fields(old, new, old_root, new_root, path)
    yield from _inner(old, new, old_root, new_root, path)
    yield from _limits(old, new, path)


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    return root["$defs"][str(reference).rpartition("/")[2]] if reference else schema


def _fields(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    had, has = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(set(had) - set(has)):
        yield f"{path}.{name} was removed"
    for name in sorted(needs - needed):
        yield f"{path}.{name} is newly required"
    for name in sorted((needed - needs) & set(has)):
        yield f"{path}.{name} may now be missing"
    for name in sorted(set(had) & set(has)):
        yield from _compared(had[name], has[name], old_root, new_root, f"{path}.{name}")


def _inner(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    for word in ("items", "additionalProperties", "propertyNames"):
        before, after = old.get(word), new.get(word)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _compared(before, after, old_root, new_root, f"{path}[{word}]")
        elif before != after:
            yield f"{path}[{word}] changed"
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield f"{path} takes other kinds of value"
    for place, (first, second) in enumerate(zip(before, after, strict=False)):
        yield from _compared(first, second, old_root, new_root, f"{path}<{place}>")


def _limits(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in sorted((set(old) | set(new)) - _WORDS - _STRUCTURE):
        before, after = old.get(word), new.get(word)
        if before == after or _wider(word, before, after):
            continue
        yield f"{path} {word}: {before!r} became {after!r}"


def _wider(word: str, before: Any, after: Any) -> bool:
    if word in _LEAST:
        return after is None or (before is not None and after <= before)
    if word in _MOST:
        return after is None or (before is not None and after >= before)
    return word == "enum" and before is not None and (after is None or set(before) <= set(after))
