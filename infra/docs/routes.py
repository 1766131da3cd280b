"""The page of routes: every door over HTTP, with what it takes and may answer.

What routes of a kind all may answer is said once; a row says what is its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.docs.code import first_sentence, services
from infra.docs.markdown import page, section, table
from infra.docs.openapi import document
from shared.web.problems import STATUS

HEADS = ("method", "path", "what it does", "asks", "answers")
_REFUSED = 400
_NAMES = {str(status): kind.value for kind, status in STATUS.items()}


@dataclass(frozen=True, slots=True)
class Route:
    """A route as its OpenAPI document tells it; `problems` are the statuses of refusals it may answer."""

    method: str
    path: str
    told: str
    asks_caller: bool
    asks_key: bool
    status: str
    problems: frozenset[str]

    @property
    def writes(self) -> bool:
        """Tell whether it changes something."""
        return self.method != "GET"

    @property
    def asks(self) -> str:
        """Name what must come along: who is calling, and a key."""
        return ", ".join(
            word for word, asked in (("caller", self.asks_caller), ("key", self.asks_key)) if asked
        )


Sort = tuple[str, Callable[[Route], bool]]

SORTS: tuple[Sort, ...] = (
    ("every route", lambda _: True),
    ("a route that asks who is calling", lambda route: route.asks_caller),
    ("a write", lambda route: route.writes),
    ("a write that asks for a key", lambda route: route.asks_key),
)


def routes_page() -> str:
    """Write the page of routes."""
    found = {
        service: list(_routes(doors)) for service in services() if (doors := document(service)) is not None
    }
    shared = _shared([route for routes in found.values() for route in routes])
    told = (
        "Doors over HTTP; the models of each are in `contracts/openapi/`, and every refusal is among the "
        "[refusals](refusals.md). *asks*: who is the caller (by token or signature); an Idempotency-Key."
    )
    common = [
        (name, ", ".join(f"{status} {_NAMES[status]}" for status in sorted(statuses)))
        for (name, _), statuses in zip(SORTS, shared, strict=True)
    ]
    sections = [section(service, table(HEADS, _rows(routes, shared))) for service, routes in found.items()]
    return page(
        "Routes", told, section("What routes may answer", table(("which", "may answer"), common)), *sections
    )


def _routes(told: dict[str, Any]) -> Iterator[Route]:
    for path, operations in sorted(told.get("paths", {}).items()):
        for method, operation in sorted(operations.items()):
            names = {str(one.get("name", "")).lower() for one in operation.get("parameters", [])}
            statuses = frozenset(operation.get("responses", {}))
            problems = frozenset(status for status in statuses if int(status) >= _REFUSED)
            yield Route(
                method.upper(),
                path,
                first_sentence(operation.get("description") or operation.get("summary")),
                bool(operation.get("security")),
                "idempotency-key" in names,
                " ".join(sorted(statuses - problems)),
                problems,
            )


def _shared(routes: Sequence[Route]) -> list[frozenset[str]]:
    """Give what all routes of each sort may answer, without what a wider sort has said."""
    shared: list[frozenset[str]] = []
    for place, (_, fits) in enumerate(SORTS):
        members = [route for route in routes if fits(route)]
        wider = [
            shared[earlier]
            for earlier, (_, includes) in enumerate(SORTS[:place])
            if all(includes(route) for route in members)
        ]
        common: frozenset[str] = frozenset.intersection(*(route.problems for route in members))
        shared.append(common.difference(*wider))
    return shared


def _rows(routes: Sequence[Route], shared: Sequence[frozenset[str]]) -> Iterator[tuple[str, ...]]:
    for route in routes:
        said = [statuses for (_, fits), statuses in zip(SORTS, shared, strict=True) if fits(route)]
        own = sorted(route.problems.difference(*said))
        yield f"`{route.method}`", f"`{route.path}`", route.told, route.asks, " ".join((route.status, *own))
