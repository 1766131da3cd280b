"""The page of routes: every door over HTTP, with what it takes and may answer."""

from collections.abc import Iterator
from typing import Any

from infra.docs.code import first_sentence, services
from infra.docs.markdown import page, section, table
from infra.docs.openapi import document

HEADS = ("method", "path", "what it does", "key", "answers")


def routes_page() -> str:
    """Write the page of routes."""
    sections = [
        section(service, table(HEADS, _rows(paths)))
        for service in services()
        if (paths := document(service)) is not None
    ]
    told = "Doors over HTTP; the models of each are in `contracts/openapi/`. *key*: takes an Idempotency-Key."
    return page("Routes", told, *sections)


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    for path, operations in sorted(told.get("paths", {}).items()):
        for method, operation in sorted(operations.items()):
            names = {str(one.get("name", "")).lower() for one in operation.get("parameters", [])}
            yield (
                f"`{method.upper()}`",
                f"`{path}`",
                first_sentence(operation.get("description") or operation.get("summary")),
                "key" if "idempotency-key" in names else "",
                " ".join(sorted(operation.get("responses", {}))),
            )
