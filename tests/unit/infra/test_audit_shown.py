"""What `tongfen audit` shows: rows to operators, to finance the rule that is broken."""

from io import StringIO

import pytest
from rich.console import Console

from infra.cli import audit


def shown(monkeypatch: pytest.MonkeyPatch, row: str | None, told: str | None) -> str:
    """Show a report with one finding."""
    paper = StringIO()
    monkeypatch.setattr(audit, "out", Console(file=paper, width=200))
    audit._show(
        {
            "scopes": [{"scope": "2017-01", "checked": {}, "findings": 150}],
            "findings": [{"invariant": "lots add up", "row": row, "told": told}],
            "not_checked": ["events", "rules"],
            "found": 150,
            "rows": 1_234,
        }
    )
    return paper.getvalue()


def test_an_operator_is_shown_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, "lot 1", "has 2 points")
    assert "lot 1 breaks «lots add up»: has 2 points" in text
    assert "Not checked: events; rules." in text
    assert "150 findings in 1,234 rows." in text


def test_finance_is_shown_the_rule_and_who_is_told_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "A row breaks «lots add up»; which one is told to operators." in shown(monkeypatch, None, None)
