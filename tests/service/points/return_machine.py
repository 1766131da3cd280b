"""The desks' machine with ways back: refunds, returned purchases, debts that they leave, and caps of the day.

The model of tests/service/points/purse.py repeats each holder's events in their order and must come to the
same lots refilled, the same points taken back, the same debts, and the same cuts.
"""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.points.commands.capture_hold import CaptureHold
from services.points.commands.earn_points import EarnPoints
from services.points.commands.redeem_points import RedeemPoints
from services.points.commands.refund_points import RefundPoints
from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.rulebook import RuleKind
from services.points.domain.sale import Part
from shared.kernel.command import Answer, Command
from shared.kernel.ids import shown
from tests.service.points.desk_machine import (
    DAYS,
    FIRST,
    MEMBERS,
    RECEIPTS,
    UNITS,
    DesksAgree,
    Fleet,
    Step,
)
from tests.service.points.ledger_house import LedgerHouse, answer_of, asked, code_of, refund
from tests.service.points.purse import EXEMPT, POINTS_PER_DAY, RECEIPTS_PER_STORE, Purse

FEW_DAYS = st.integers(0, 2)
RETURN_STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("earn"), MEMBERS, UNITS, st.integers(0, 90_000), FEW_DAYS),
    st.tuples(st.just("earn"), MEMBERS, UNITS, st.integers(0, 90_000), DAYS),
    st.tuples(st.just("pay"), MEMBERS, UNITS, st.integers(90, 400), DAYS),
    st.tuples(st.just("up to"), MEMBERS, UNITS, st.integers(100, 3_000), DAYS),
    st.tuples(st.just("up to"), MEMBERS, UNITS, st.integers(1_000, 3_000), DAYS),
    st.tuples(st.just("again"), MEMBERS, UNITS, st.integers(0, 1_000), DAYS),
    st.tuples(st.just("refund"), MEMBERS, UNITS, st.integers(1, 250), DAYS),
    st.tuples(st.just("refund"), MEMBERS, UNITS, st.integers(1, 120), DAYS),
    st.tuples(st.just("return"), MEMBERS, UNITS, st.integers(1, 1_050), DAYS),
    st.tuples(st.just("return"), MEMBERS, UNITS, st.integers(700, 1_000), DAYS),
)
NONE = Answer()


def cap_days(house: LedgerHouse) -> None:
    """Let the caps of the model hold in a house."""
    caps = {
        "points_per_day": POINTS_PER_DAY,
        "receipts_per_store": RECEIPTS_PER_STORE,
        "exempt": list(EXEMPT),
    }
    house.add_rule(RuleKind.CAP, "group", caps)


class DesksAgreeOnReturns(DesksAgree):
    """Persons who bring goods back and are refunded, in parts, for more than there was, and before it was."""

    codes = DesksAgree.codes | {"refund-above-paid", "return-above-purchase"}
    steps = RETURN_STEPS
    capped = True

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self.above: list[RefundPoints] = []
        self.unmoved: list[Command] = []

    def _command(self, kind: str, person: int, unit: str, amount: int, day: int) -> Command:
        earlier = list(self.given.values())
        command: Command
        if kind == "refund" and (paid := self._done(RedeemPoints, CaptureHold)):
            one = paid[-1 - day % min(len(paid), 3)]
            at = (one.at or FIRST) + timedelta(hours=amount % 40)
            where = "property" if isinstance(one, RedeemPoints) else "hotel"
            command = refund(one.asked.id, where, str(next(RECEIPTS)), amount, at)
        elif kind == "return" and (bought := [one for one in earlier if isinstance(one, EarnPoints)]):
            own = [one for one in bought if one.number == self.numbers[person]] or bought
            sale = own[day % len(own)]
            at = sale.purchased_at + timedelta(hours=amount)
            # In thousandths of the purchase, now and then more than all of it.
            part = Part(Fen(max(1, sale.amount_fen * amount // 1_000)), None)
            row = ("receipt", sale.asked.id)
            command = ReturnPurchase(asked(), row, sale.unit, str(next(RECEIPTS)), part, at)
        elif kind in ("refund", "return"):
            return self._command("pay" if kind == "refund" else "earn", person, unit, amount + 100, day)
        else:
            return super()._command(kind, person, unit, amount, day)
        self.given[command.asked.id] = command
        return command

    def _done(self, *kinds: type) -> list[Any]:
        """Give the commands of these kinds, those that were obeyed if there are any."""
        wanted = [one for one in self.given.values() if isinstance(one, kinds)]
        return [one for one in wanted if self.answers.get(one.asked.id, NONE).json] or wanted

    def _one_answer(self, command: Command, answer: Answer) -> None:
        is_new = command.asked.id not in self.answers
        super()._one_answer(command, answer)
        if is_new and code_of(answer) == "refund-above-paid" and isinstance(command, RefundPoints):
            self.above.append(command)
        if is_new and answer.json is not None and isinstance(command, EarnPoints | ReturnPurchase):
            told = answer_of(answer)
            if not (told["points"] if isinstance(command, EarnPoints) else told["journal"]):
                self.unmoved.append(command)

    def _name_of(self, command: Command) -> str:
        if isinstance(command, RefundPoints):
            return f"refund {command.refund_no}"
        if isinstance(command, ReturnPurchase):
            return f"return {command.return_no}"
        return super()._name_of(command)

    def _name_told(self, kind: str, told: dict[str, Any]) -> str:
        if kind == "points.wallet.refunded":
            return f"refund {told['refund_no']}"
        if kind == "points.wallet.clawed_back":
            return f"return {told['return_no']}"
        return str(told["journal"]) if kind == "points.debt.repaid" else super()._name_told(kind, told)

    def _repeat_one(self, purse: Purse, kind: str, told: dict[str, Any]) -> None:
        if kind == "points.wallet.refunded":
            self._repeat_refund(purse, told)
        elif kind == "points.wallet.clawed_back":
            self._repeat_return(purse, told)
        elif kind == "points.debt.repaid":
            self._repeat_repayment(purse, told)
        else:
            super()._repeat_one(purse, kind, told)

    def _given_as(self, prefix: str, name: str) -> Command:
        return next(one for one in self.given.values() if shown(prefix, one.asked.id) == name)

    def _repeat_refund(self, purse: Purse, told: dict[str, Any]) -> None:
        command = self._given_as("rfd", told["refund"])
        assert isinstance(command, RefundPoints)
        answer = answer_of(self.answers[command.asked.id])
        names = [one["lot"].removeprefix("lot_") for one in answer["restored"]]
        back = purse.refund(told["redemption"], command.amount_fen, names)
        assert told["refunded_fen"] == command.amount_fen
        assert [
            (one["asset"], one["issuer"], one["points"], one["worth_fen"]) for one in answer["restored"]
        ] == back
        assert answer["left_fen"] == purse.payments[told["redemption"]].left_fen

    def _repeat_return(self, purse: Purse, told: dict[str, Any]) -> None:
        command = self._given_as("rtn", told["return_id"])
        answer, receipt = answer_of(self.answers[command.asked.id]), int(told["receipt_no"])
        after_fen = answer["left_fen"]
        points = purse.claim(receipt, after_fen + answer["amount_fen"], after_fen)
        taken, debt_fen = purse.give_up(receipt, points)
        assert [one["points"] for one in told["claims"]] == [points]
        assert told["debt_fen"] == answer["debt_fen"] == debt_fen
        assert {(one["asset"], one["issuer"]): one["points"] for one in told["taken"]} == taken

    def _repeat_repayment(self, purse: Purse, told: dict[str, Any]) -> None:
        owing = next(unit for unit, fen in purse.debts.items() if fen)
        assert told["unit"] == owing, "the oldest debt is repaid first"
        # The lot of change, if there is one, is named by the ledger.
        fen, taken = purse.repay(owing, self._change_of(told["journal"]))
        assert told["repaid_fen"] == fen
        assert told["left_fen"] == purse.debts[owing]
        folded: dict[tuple[str, str], tuple[int, int]] = {}
        for asset, issuer, points, paid in taken:
            before = folded.get((asset, issuer), (0, 0))
            folded[asset, issuer] = (before[0] + points, before[1] + paid)
        assert {
            (one["asset"], one["issuer"]): (one["points"], one["paid_fen"]) for one in told["slices"]
        } == folded

    def _change_of(self, journal: str) -> str:
        found = self.fleet.house.rows(
            "SELECT replace(t.lot_id::text, '-', '') FROM transfers t"
            " JOIN accounts a ON a.id = t.from_account"
            " WHERE a.role = 'exchange' AND 'jrn_' || replace(t.journal_id::text, '-', '') = %s",
            journal,
        )
        return str(found[0][0]) if found else ""

    def _repeat(self) -> dict[str, list[Purse]]:
        seen = super()._repeat()
        for command in self.unmoved:
            self._check_unmoved(command, seen)
        self.unmoved.clear()
        for refused in self.above:
            left = [
                purse.payments[name].left_fen
                for purse in self.purses.values()
                if (name := shown("red", refused.redemption_id)) in purse.payments
            ]
            # What can still come back only ever shrinks.
            assert left[0] < refused.amount_fen, "refused although points had paid as much"
        self.above.clear()
        return seen

    def _check_unmoved(self, command: Command, seen: dict[str, list[Purse]]) -> None:
        """See that there was a moment at which a receipt earned nothing, or its return took nothing back."""
        if isinstance(command, EarnPoints):
            states = seen[self._holder(command.identity)]
            assert any(
                not one.would_earn(command.unit, command.amount_fen, command.purchased_at) for one in states
            ), "it earned nothing although the day had room"
            return
        answer = answer_of(self.answers[command.asked.id])
        after_fen, receipt = answer["left_fen"], int(answer["receipt_no"])
        claims = {
            one.claim(receipt, after_fen + answer["amount_fen"], after_fen) for one in self.purses.values()
        }
        assert claims == {0}, "it took nothing back although something was earned"

    def _compare(self, purse: Purse, identities: list[str]) -> None:
        super()._compare(purse, identities)
        found = self.fleet.house.rows(
            "SELECT d.issuer, d.fen FROM debts d JOIN wallets w ON w.id = d.wallet_id"
            " WHERE w.identity = ANY (%s) ORDER BY d.account",
            identities,
        )
        assert {unit: fen for unit, fen in purse.debts.items() if fen} == {
            unit: fen for unit, fen in found if fen
        }
        # Debts of two purses that became one are repaid in the order in which the ledger opened them.
        purse.debts = {unit: purse.debts.get(unit, 0) for unit, _ in found}
