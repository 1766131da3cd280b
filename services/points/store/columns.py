"""Columns as the tables of this service declare them. Refuses floats and narrow integers for value."""

from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine
from sqlmodel import Field


def column(kind: type[TypeEngine[Any]] | TypeEngine[Any], *, key: bool, empty: bool) -> Any:
    """Declare a column of that kind; `empty` lets it be NULL."""
    # An id is named by the command or by a sequence of the schema, never by the ORM.
    return Field(sa_column=Column(kind, primary_key=key, nullable=empty, autoincrement=False))


def text(*, key: bool = False, empty: bool = False) -> Any:
    """Declare a text."""
    return column(Text, key=key, empty=empty)


def count(*, key: bool = False, empty: bool = False) -> Any:
    """Declare a BIGINT: of points, money, versions, sequences."""
    return column(BigInteger, key=key, empty=empty)


def small(*, key: bool = False) -> Any:
    """Declare an integer that stays small: a partition, a number of rows."""
    return column(Integer, key=key, empty=False)


def identifier(*, key: bool = False, empty: bool = False) -> Any:
    """Declare a UUID."""
    return column(Uuid, key=key, empty=empty)


def moment(*, empty: bool = False) -> Any:
    """Declare a moment, kept in UTC."""
    return column(TIMESTAMP(timezone=True), key=False, empty=empty)


def day(*, key: bool = False, empty: bool = False) -> Any:
    """Declare a date: a month is its first day."""
    return column(Date, key=key, empty=empty)


def raw() -> Any:
    """Declare raw bytes: a digest."""
    return column(LargeBinary, key=False, empty=False)
