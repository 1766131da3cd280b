"""What `tongfen limits` shows: each window with what is used of how much, and when it alerted."""

from io import StringIO

import pytest
from rich.console import Console

from infra.cli import answer, limits


def test_a_window_is_shown_with_what_is_used_left_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = StringIO()
    monkeypatch.setattr(answer, "out", Console(file=paper, width=200))
    used = {"limit": "exchange:office:MALL", "window": "2026-11", "total": 5_000, "used": 4_100, "left": 900}
    fresh = {"limit": "campaign:spring:hotel", "window": "2", "total": 200_000, "used": 0, "left": 200_000}
    limits._show([{**used, "alerted_at": "2026-11-27T00:00:00+00:00"}, {**fresh, "alerted_at": None}])
    head, first, second = (line.split() for line in paper.getvalue().splitlines())
    assert head == ["limit", "window", "used", "left", "of", "alerted"]
    assert first == ["exchange:office:MALL", "2026-11", "4,100", "900", "5,000", "2026-11-27T00:00:00+00:00"]
    assert second == ["campaign:spring:hotel", "2", "0", "200,000", "200,000"]
