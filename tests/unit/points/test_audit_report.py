"""What is told of an audit: rows to the group, rules alone to a unit, and never more than a row may hold."""

from datetime import UTC, datetime

import orjson

from services.points.domain.audit_report import (
    FINDINGS_TOLD,
    REPORT_MAX,
    SCOPES_TOLD,
    AuditReport,
    ScopeReport,
)
from services.points.domain.invariants import INVARIANTS
from services.points.domain.looks import Finding
from services.points.store.tables.audits import Audits

AT = datetime(2026, 11, 26, tzinfo=UTC)
NAMES = [invariant.name for invariant in INVARIANTS]
FOUND = ScopeReport("2017-01", {NAMES[0]: 5, NAMES[1]: 7}, (Finding(NAMES[1], "lot 1", "has 2 points"),))
SOUND = ScopeReport("2017-02", {NAMES[0]: 3}, ())


def test_the_group_is_told_which_row_and_how_many_were_checked() -> None:
    assert AuditReport(AT, (FOUND, SOUND), ("events",)).told_to_group() == {
        "at": "2026-11-26T00:00:00+00:00",
        "sound": False,
        "rows": 15,
        "found": 1,
        "findings": [{"invariant": NAMES[1], "row": "lot 1", "told": "has 2 points"}],
        "scopes": [
            {"scope": "2017-01", "checked": {NAMES[0]: 5, NAMES[1]: 7}, "findings": 1},
            {"scope": "2017-02", "checked": {NAMES[0]: 3}, "findings": 0},
        ],
        "not_checked": ["events"],
    }


def test_a_unit_is_told_which_rule_is_broken_and_nothing_of_rows() -> None:
    report = AuditReport(AT, (FOUND, SOUND), ("events",))
    assert report.told_to_unit() == {
        **report.told_to_group(),
        "findings": [{"invariant": NAMES[1], "row": None, "told": None}],
        "scopes": [
            {"scope": "2017-01", "checked": {}, "findings": 1},
            {"scope": "2017-02", "checked": {}, "findings": 0},
        ],
    }


def test_scopes_of_more_than_ten_years_are_added_up_and_none_is_lost() -> None:
    report = AuditReport(AT, (FOUND, FOUND, *[SOUND] * SCOPES_TOLD), ())
    first, *others = report.told_to_group()["scopes"]
    assert first == {
        "scope": "2017-01, and so on for 2 in all",
        "checked": {NAMES[0]: 10, NAMES[1]: 14},
        "findings": 2,
    }
    assert len(others) == SCOPES_TOLD
    assert sum(sum(scope["checked"].values()) for scope in (first, *others)) == report.rows


def test_the_largest_report_fits_its_row() -> None:
    finding = Finding(max(NAMES, key=len), "通" * 2_000, "分" * 2_000)
    busy = dict.fromkeys(NAMES, 10**12)
    scopes = [ScopeReport("from the snapshot of 2017-01 to its snapshot " * 2, busy, (finding,) * 500)] * 300
    told = AuditReport(AT, tuple(scopes), tuple(NAMES)).told_to_group()
    assert (told["found"], len(told["findings"])) == (150_000, FINDINGS_TOLD)
    size = len(orjson.dumps(told))
    print(f"the largest report has {size:,} of {REPORT_MAX:,} bytes")
    assert size < REPORT_MAX
    assert f"octet_length(report) <= {REPORT_MAX}" in {
        str(getattr(rule, "sqltext", "")) for rule in Audits.__table_args__
    }
