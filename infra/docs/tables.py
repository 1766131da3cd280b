"""The page of tables: what each service's database keeps, as its declarations say."""

import inspect
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from infra.docs.code import first_sentence, found, services
from infra.docs.markdown import page, section, table

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def declared(service: str) -> dict[str, tuple[Table, str]]:
    """Give the tables that a service declares, each with what its class says about it, by name."""
    place = f"services.{service}.store.tables"
    module = found(place)
    if module is None:
        return {}
    modules = [module, *(one for _, one in inspect.getmembers(module, inspect.ismodule))]
    return {
        cast(Any, kind).__table__.name: (cast(Any, kind).__table__, first_sentence(kind.__doc__))
        for one in modules
        for _, kind in inspect.getmembers(one, inspect.isclass)
        if hasattr(kind, "__table__") and kind.__module__.startswith(place)
    }


def type_of(column: Any) -> str:
    """Write a column's type as PostgreSQL names it."""
    return str(column.type.compile(dialect=DIALECT)).lower()


def tables_page() -> str:
    """Write the page of tables."""
    sections = []
    for service in services():
        for name, (declaration, told) in sorted(declared(service).items()):
            rows = [
                (
                    f"`{column.name}`",
                    f"`{type_of(column)}`",
                    "key" if column.primary_key else "" if column.nullable else "not null",
                )
                for column in declaration.columns
            ]
            checks = sorted(str(one.name) for one in declaration.constraints if one.name)
            kept = "Kept by: " + ", ".join(f"`{check}`" for check in checks) + "." if checks else ""
            sections.append(section(f"{service}: `{name}`", told, table(("column", "type", ""), rows), kept))
    told = "Each service has a database of its own; each also has the tables of `shared/runtime/frame.py`."
    return page("Tables", told, *sections)
