"""Lines of a batch, and files of opening balances: whatever stands in them is taken, or its fault is told."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import orjson
import pytest

from infra.opening.sheet_file import Line, Unreadable, checked, lines_of
from services.points.api.batches import BatchBody
from services.points.api.openings import OpeningItem, bringing_in
from services.points.api.receipts import ReceiptItem, earning
from services.points.api.redemptions import RedemptionItem, redeeming
from services.points.domain.naming import number_identity
from shared.kernel.command import Asked, Command
from shared.kernel.refusal import Refusal
from shared.runtime.clock import mint_id
from shared.web.strict import BODY_MAX, parse
from tests.fuzz.feeding import FUZZ_S, fed
from tests.fuzz.test_parsers import told

pytestmark = pytest.mark.timeout(FUZZ_S + 120)
AT = "2026-11-01T12:00:00+08:00"
RECEIPT = {
    "key": "b-1", "kind": "receipt", "unit": "office", "store": "1", "number": "q1", "receipt_no": "17",
    "purchased_at": AT, "amount_fen": 20_000, "at": AT,
}  # fmt: skip
REDEMPTION = {
    "key": "b-2", "kind": "redemption", "unit": "hotel", "number": "q1", "order_no": "o-1", "price_fen": 600,
    "pay_fen": 300, "at": AT,
}  # fmt: skip
OPENING = {
    "key": "b-3", "kind": "opening", "sheet": "sht_01a2196c6b2772b8a1de37be6c097001", "unit": "office",
    "number": "q1", "points": 500, "reference": "2016-1", "expires_at": AT, "earned_at": AT,
}  # fmt: skip
BALANCES = """unit,number,points,reference,expires_at,earned_at
residential,A1,500,2016-1,2027-12-31,2016-05-01
residential,"甲,乙",7,2016-2,2027-12-31T00:00:00+08:00,
"""


def ordered(item: ReceiptItem | RedemptionItem | OpeningItem) -> Command:
    """Turn a line into its command, as the batch door does."""
    asked = Asked(mint_id())
    if isinstance(item, ReceiptItem):
        return earning(asked, item)
    if isinstance(item, OpeningItem):
        return bringing_in(asked, item)
    return redeeming(asked, item, number_identity(item.unit, item.number))


def test_lines_of_a_batch_are_taken_or_refused() -> None:
    taken: set[str] = set()

    def batch(raw: bytes) -> Hashable:
        try:
            items = parse(BatchBody, raw, BODY_MAX).items
        except Refusal as refusal:
            return told(refusal)
        taken.update(item.kind for item in items)
        return tuple(len(ordered(item).needs().rows) for item in items[:3])

    examples = [orjson.dumps({"items": [one]}) for one in (RECEIPT, REDEMPTION, OPENING)]
    examples.append(orjson.dumps({"items": [RECEIPT, REDEMPTION, OPENING]}))
    fed(batch, examples, "batch lines")
    assert taken == {"receipt", "redemption", "opening"}


def test_files_of_opening_balances_are_read_or_their_faults_are_told(tmp_path: Path) -> None:
    file = tmp_path / "balances.csv"

    def table(raw: bytes) -> Hashable:
        file.write_bytes(raw)
        try:
            found = checked(file)
        except Unreadable as fault:
            return str(fault)[:40]
        lines = [one for one in lines_of(file) if isinstance(one, Line)]
        assert sum(one.points for one in lines) >= found.points
        return found.sound, tuple(fault.told[:20] for fault in found.faults[:3])

    examples = [BALANCES.encode(), BALANCES.encode("gb18030"), b"\xef\xbb\xbf" + BALANCES.encode()]
    found = fed(table, examples, "files of opening balances").answers
    assert (True, ()) in found
    assert len(found) > 10
