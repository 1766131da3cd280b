"""Invariants judge evidence: sound looks pass, each way to be crooked is named with its row."""

from dataclasses import replace
from typing import Any

import pytest

from services.points.domain.invariants import INVARIANTS, checked, findings
from services.points.domain.looks import (
    ActLook,
    BalanceLook,
    BatchLook,
    DrawLook,
    Evidence,
    ExchangeLook,
    HolderLook,
    HoldLook,
    JournalLook,
    LimitLook,
    LineLook,
    Look,
    LotLook,
    PaperLook,
    ReceiptLook,
    RedemptionLook,
    RefundLook,
    RepaymentLook,
    ReturnLook,
    ReversalLook,
    SliceLook,
    SumLook,
    TurnLook,
    VoidingLook,
    VoucherLook,
    WishLook,
)

EARNED = LineLook(
    9, "transfer 1", "earning", False, "issued", "wallet", "known", "none", False, True, True, True
)
MONEY = LineLook(
    3, "transfer 2", "redemption", True, "clearing", "clearing", "none", "other lot", False, True, True, True
)
SLICE = SliceLook(4, "transfer 3", True, True, 1, True, True, True)
OWN = SliceLook(2, "transfer 4", True, False, 0, False, False, True)
EXCHANGE = ExchangeLook(1, "transfer 5", True, True, True)
LOT = LotLook(7, "lot a", True, 0, True, True)
RECEIPT = ReceiptLook(5, "receipt r", True, True, True, True, True)
POINTLESS = ReceiptLook(2, "receipt p", True, False, False, True, True)
REDEMPTION = RedemptionLook(2, "order o", True, True, True, True, True, True)
REFUND = RefundLook(2, "refund f", True, True, True, True, True, True)
REVERSAL = ReversalLook(3, "transfer 6", True, True, True, True)
HOLD = HoldLook(2, "hold h", True, True, True, True, True, True, True, True, True)
VOUCHER = VoucherLook(2, "voucher v", True, True, True, True, True, True, True, True)
VOIDING = VoidingLook(2, "voiding v", True, True, True, True)
RETURN = ReturnLook(2, "return r", True, True, True, True, True, True, True)
REPAYMENT = RepaymentLook(2, "journal p", True, True)
JOURNAL = JournalLook(6, "journal j", "open", True, True, True, True)
ACT = ActLook(2, "check-in c", True, True, True, True)
BATCH = BatchLook(3, "batch 1", True, True, True, True)
LIMIT = LimitLook(2, "limit l in 2017-01", True, True)
WISH = WishLook(2, "exchange e", True, True, True, True, True, True, True, True)
TURN = TurnLook(3, "transfer 6", True, True, True, True)
SOUND: dict[str, tuple[Look, ...]] = {
    "lines": (EARNED, MONEY),
    "slices": (SLICE, OWN),
    "exchanges": (EXCHANGE,),
    "lots": (LOT,),
    "wallets": (BalanceLook(4, "wallet w", 0),),
    "sums": (SumLook(20, "MALL", "all", "MALL", 0),),
    "receipts": (RECEIPT, POINTLESS),
    "terms": (PaperLook(7, "receipt r", ""),),
    "names": (PaperLook(9, "order o", ""),),
    "bonuses": (PaperLook(2, "receipt r", ""),),
    "redemptions": (REDEMPTION,),
    "check_ins": (ACT,),
    "adjustments": (ACT,),
    "refunds": (REFUND,),
    "reversals": (REVERSAL,),
    "gifts": (ACT,),
    "holds": (HOLD,),
    "expiries": (PaperLook(3, "journal j", ""),),
    "vouchers": (VOUCHER,),
    "voidings": (VOIDING,),
    "openings": (ACT,),
    "doubts": (ACT,),
    "sheets": (BalanceLook(1, "sheet s", -3),),
    "returns": (RETURN,),
    "repayments": (REPAYMENT,),
    "journals": (JOURNAL,),
    "batches": (BATCH,),
    "snapshot_lots": (BalanceLook(8, "closing of lot a", 0),),
    "snapshot_accounts": (BalanceLook(8, "closing of account 1", 0),),
    "digests": (PaperLook(16, "snapshot of 2017-01", ""),),
    "locks": (PaperLook(4, "month 2017-01", ""),),
    "statements": (PaperLook(1, "summary of 2017-01", ""),),
    "holders": (HolderLook(5, "holder h", 0, False),),
    "limits": (LIMIT,),
    "wishes": (WISH,),
    "turns": (TURN,),
    "shares": (BalanceLook(4, "journal j for hotel", 0),),
    "draws": (DrawLook(2, "draw of e", True),),
    "unread": (PaperLook(1, "receipts", ""),),
}
CROOKED: tuple[tuple[str, Look], ...] = (
    ("lines", replace(EARNED, kind=None)),
    ("lines", replace(EARNED, moves=False)),
    ("lines", replace(EARNED, to_role="redeemed")),
    ("lines", replace(EARNED, cause="same lot")),
    ("lines", replace(EARNED, kind="present")),
    ("lines", replace(EARNED, is_money=True)),
    ("lines", replace(EARNED, pays=True)),
    ("lines", replace(EARNED, to_role="stranger")),
    ("lines", replace(EARNED, lot="lost")),
    ("lines", replace(EARNED, lot="none")),
    ("lines", replace(EARNED, units_fit=False)),
    ("lines", replace(EARNED, points_fit=False)),
    ("lines", replace(MONEY, lot="known")),
    ("slices", replace(SLICE, settlements=0)),
    ("slices", replace(SLICE, settlements=2)),
    ("slices", replace(SLICE, is_slice=False)),
    ("slices", replace(OWN, settlements=1)),
    ("slices", replace(SLICE, amount_fits=False)),
    ("slices", replace(SLICE, units_fit=False)),
    ("slices", replace(SLICE, worth_fits=False)),
    ("exchanges", replace(EXCHANGE, is_whole=False)),
    ("exchanges", replace(EXCHANGE, value_fits=False)),
    ("exchanges", replace(EXCHANGE, lineage_fits=False)),
    ("lots", replace(LOT, is_known=False, difference=-5)),
    ("lots", replace(LOT, difference=1)),
    ("lots", replace(LOT, open_fits=False)),
    ("lots", replace(LOT, has_wallet=False)),
    ("wallets", BalanceLook(1, "wallet w", -3)),
    ("sums", SumLook(20, "CNY", "clearing", "CNY", 100)),
    ("receipts", replace(RECEIPT, is_kept=False)),
    ("receipts", replace(RECEIPT, is_booked=False)),
    ("receipts", replace(POINTLESS, is_booked=True)),
    ("receipts", replace(RECEIPT, fits=False)),
    ("receipts", replace(RECEIPT, answer_fits=False)),
    ("terms", PaperLook(1, "receipt r", "its points are others")),
    ("names", PaperLook(1, "order o", "it is not the name of its number")),
    ("bonuses", PaperLook(1, "draw of r", "no receipt was given it")),
    ("unread", PaperLook(1, "receipts", "an answer is no JSON")),
    ("redemptions", replace(REDEMPTION, is_kept=False)),
    ("redemptions", replace(REDEMPTION, is_booked=False)),
    ("redemptions", replace(REDEMPTION, paid_fits=False)),
    ("redemptions", replace(REDEMPTION, change_fits=False)),
    ("redemptions", replace(REDEMPTION, fits=False)),
    ("redemptions", replace(REDEMPTION, answer_fits=False)),
    ("check_ins", replace(ACT, is_kept=False)),
    ("check_ins", replace(ACT, is_booked=False)),
    ("adjustments", replace(ACT, fits=False)),
    ("adjustments", replace(ACT, rule_fits=False)),
    ("refunds", replace(REFUND, is_kept=False)),
    ("refunds", replace(REFUND, is_booked=False)),
    ("refunds", replace(REFUND, amount_fits=False)),
    ("refunds", replace(REFUND, fits=False)),
    ("refunds", replace(REFUND, within_paid=False)),
    ("refunds", replace(REFUND, answer_fits=False)),
    ("reversals", replace(REVERSAL, is_paired=False)),
    ("reversals", replace(REVERSAL, lot_fits=False)),
    ("reversals", replace(REVERSAL, worth_fits=False)),
    ("reversals", replace(REVERSAL, within_worth=False)),
    ("gifts", replace(ACT, rule_fits=False)),
    ("holds", replace(HOLD, is_kept=False)),
    ("holds", replace(HOLD, is_booked=False)),
    ("holds", replace(HOLD, slices_fit=False)),
    ("holds", replace(HOLD, state_fits=False)),
    ("holds", replace(HOLD, covers=False)),
    ("holds", replace(HOLD, captures_fit=False)),
    ("holds", replace(HOLD, end_fits=False)),
    ("holds", replace(HOLD, fits=False)),
    ("holds", replace(HOLD, answer_fits=False)),
    ("expiries", PaperLook(1, "journal j", "it is dated before its end")),
    ("vouchers", replace(VOUCHER, is_kept=False)),
    ("vouchers", replace(VOUCHER, is_booked=False)),
    ("vouchers", replace(VOUCHER, fits=False)),
    ("vouchers", replace(VOUCHER, end_fits=False)),
    ("vouchers", replace(VOUCHER, is_asked=False)),
    ("vouchers", replace(VOUCHER, code_fits=False)),
    ("vouchers", replace(VOUCHER, offer_fits=False)),
    ("vouchers", replace(VOUCHER, back_fits=False)),
    ("voidings", replace(VOIDING, is_kept=False)),
    ("voidings", replace(VOIDING, fits=False)),
    ("voidings", replace(VOIDING, is_asked=False)),
    ("voidings", replace(VOIDING, refund_fits=False)),
    ("openings", replace(ACT, fits=False)),
    ("doubts", replace(ACT, fits=False)),
    ("sheets", BalanceLook(1, "sheet s", 1)),
    ("returns", replace(RETURN, is_kept=False)),
    ("returns", replace(RETURN, is_booked=False)),
    ("returns", replace(RETURN, fits=False)),
    ("returns", replace(RETURN, points_fit=False)),
    ("returns", replace(RETURN, debt_fits=False)),
    ("returns", replace(RETURN, owner_fits=False)),
    ("returns", replace(RETURN, answer_fits=False)),
    ("repayments", replace(REPAYMENT, amount_fits=False)),
    ("repayments", replace(REPAYMENT, units_fit=False)),
    ("journals", replace(JOURNAL, has_holder=False)),
    ("journals", replace(JOURNAL, has_lines=False)),
    ("journals", replace(JOURNAL, state=None)),
    ("journals", replace(JOURNAL, booked_fits=False)),
    ("journals", replace(JOURNAL, in_time=False)),
    ("batches", replace(BATCH, is_known=False)),
    ("batches", replace(BATCH, rows_fit=False)),
    ("batches", replace(BATCH, digest_fits=False)),
    ("batches", replace(BATCH, time_fits=False)),
    ("snapshot_lots", BalanceLook(1, "closing of lot a", 2)),
    ("snapshot_accounts", BalanceLook(1, "closing of account 1", 2)),
    ("digests", PaperLook(16, "snapshot of 2017-01", "other rows")),
    ("locks", PaperLook(3, "month 2017-01", "3 of 4")),
    ("statements", PaperLook(1, "statement of hotel", "net_fen")),
    ("holders", HolderLook(1, "holder h", 1, False)),
    ("holders", HolderLook(1, "holder h", 0, True)),
    ("limits", replace(LIMIT, granted_fits=False)),
    ("limits", replace(LIMIT, used_fits=False)),
    ("wishes", replace(WISH, is_kept=False)),
    ("wishes", replace(WISH, is_booked=False)),
    ("wishes", replace(WISH, balances=False)),
    ("wishes", replace(WISH, figures_fit=False)),
    ("wishes", replace(WISH, rates_fit=False)),
    ("wishes", replace(WISH, worked_fits=False)),
    ("wishes", replace(WISH, fits=False)),
    ("wishes", replace(WISH, answer_fits=False)),
    ("turns", replace(TURN, is_caused=False)),
    ("turns", replace(TURN, worth_fits=False)),
    ("turns", replace(TURN, given_fits=False)),
    ("turns", replace(TURN, lineage_fits=False)),
    ("shares", BalanceLook(1, "journal j for hotel", 300)),
    ("draws", DrawLook(1, "draw of e", False)),
)


def evidence(**looks: Any) -> Evidence:
    """Make evidence of these looks."""
    return Evidence(**looks)


def test_sound_evidence_has_no_finding_and_every_invariant_is_judged() -> None:
    assert list(findings(evidence(**SOUND))) == []
    counted = checked(evidence(**SOUND))
    assert set(counted) == {invariant.name for invariant in INVARIANTS}
    assert counted["a line belongs to a journal"] == 12


@pytest.mark.parametrize(("subject", "look"), CROOKED, ids=[f"{s}-{n}" for n, (s, _) in enumerate(CROOKED)])
def test_every_crooked_look_is_found_and_named(subject: str, look: Look) -> None:
    found = list(findings(evidence(**{**SOUND, subject: (*SOUND[subject], look)})))
    assert found
    assert all(one.row.startswith(look.example) and one.told for one in found)


def test_every_invariant_can_be_broken() -> None:
    broken = {
        finding.invariant for subject, look in CROOKED for finding in findings(evidence(**{subject: (look,)}))
    }
    assert broken == {invariant.name for invariant in INVARIANTS}


def test_alike_rows_are_counted_behind_the_one_that_is_named() -> None:
    (found,) = findings(evidence(lots=(replace(LOT, has_wallet=False),)))
    assert found.row == "lot a and 6 like it"


def test_what_was_not_gathered_counts_no_rows() -> None:
    assert checked(Evidence()) == {}
