"""Alerts of campaigns: which budgets were told of already; each is told of once, for ever."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.books import LedgerBooks
from services.points.domain.campaign import ALERT, CampaignAlerted
from services.points.store.noun import Noun


def _load(cursor: Cursor, books: LedgerBooks, budgets: Sequence[str]) -> None:
    cursor.execute("SELECT budget FROM campaign_alerts WHERE budget = ANY (%s)", (list(budgets),))
    books.alerted.update(budget for (budget,) in cursor.fetchall())


def _keep(cursor: Cursor, changes: Sequence[CampaignAlerted]) -> None:
    execute_values(
        cursor,
        "INSERT INTO campaign_alerts (budget, used, total, alerted_at) VALUES %s",
        [(one.budget, one.used, one.total, one.at) for one in changes],
        page_size=1000,
    )


CAMPAIGN_ALERTS = Noun(ALERT, load=_load, writers={CampaignAlerted: _keep})
