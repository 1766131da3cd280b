"""Statements and the group's summary of a month, written together and for ever."""

from collections.abc import Sequence
from datetime import date

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.domain.changes import StatementsIssued
from services.points.store.noun import Noun
from shared.runtime.memory import json_text


def _load(cursor: Cursor, books: LedgerBooks, months: Sequence[str]) -> None:
    cursor.execute("SELECT month FROM summaries WHERE month = ANY (%s::date[])", (list(months),))
    stated: list[tuple[date]] = cursor.fetchall()
    books.stated.update(month for (month,) in stated)


def _issue(cursor: Cursor, changes: Sequence[StatementsIssued]) -> None:
    for one in changes:
        for statement in one.statements:
            figures = json_text(statement)
            cursor.execute(
                "INSERT INTO statements (id, month, unit, net_fen, figures, issued_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (statement["id"], one.month, statement["unit"], statement["net_fen"], figures, one.issued_at),
            )
        cursor.execute(
            "INSERT INTO summaries (month, figures, issued_at) VALUES (%s, %s, %s)",
            (one.month, json_text(one.summary), one.issued_at),
        )


STATEMENTS = Noun("statements", load=_load, writers={StatementsIssued: _issue})
