"""The desks' machine with holds: placed, captured, released and expired at any desk, in any weather.

The model of tests/service/points/purse.py repeats each holder's events in their order and must come to the
same slices, the same change, and the same content of purse and holds.
"""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.points.commands.capture_hold import CaptureHold
from services.points.commands.expire_hold import ExpireHold
from services.points.commands.place_hold import PlaceHold
from services.points.commands.release_hold import ReleaseHold
from services.points.domain.capture import FIRST_CHANGE_LOT
from services.points.domain.redemption import Price
from shared.kernel.command import Answer, Command
from shared.kernel.ids import derived, shown
from tests.service.points.desk_machine import DAYS, FIRST, MEMBERS, RECEIPTS, UNITS, DesksAgree, Fleet, Step
from tests.service.points.ledger_house import answer_of, asked, code_of
from tests.service.points.purse import Purse

HOLD_STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("earn"), MEMBERS, UNITS, st.integers(0, 90_000), DAYS),
    st.tuples(st.just("pay"), MEMBERS, UNITS, st.integers(90, 400), DAYS),
    st.tuples(st.just("again"), MEMBERS, UNITS, st.integers(0, 1_000), DAYS),
    st.tuples(st.just("hold"), MEMBERS, UNITS, st.integers(90, 500), DAYS),
    st.tuples(st.just("hold"), MEMBERS, UNITS, st.integers(100, 500), DAYS),
    st.tuples(st.just("capture"), MEMBERS, UNITS, st.integers(1, 120), DAYS),
    st.tuples(st.just("capture"), MEMBERS, UNITS, st.integers(1, 300), DAYS),
    st.tuples(st.just("last"), MEMBERS, UNITS, st.integers(1, 300), DAYS),
    st.tuples(st.just("release"), MEMBERS, UNITS, st.integers(1, 300), DAYS),
    st.tuples(st.just("expire"), MEMBERS, UNITS, st.integers(1, 300), DAYS),
)
NONE = Answer()
TOO_LATE = {"hold-closed", "hold-expired", "capture-above-hold"}


class DesksAgreeOnHolds(DesksAgree):
    """Persons whose points are also set aside, by orders that are captured in parts, let go, or forgotten."""

    codes = DesksAgree.codes | TOO_LATE
    steps = HOLD_STEPS

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self.short: list[CaptureHold] = []

    def _command(self, kind: str, person: int, unit: str, amount: int, day: int) -> Command:
        command: Command
        if kind == "hold":
            order, at = str(next(RECEIPTS)), FIRST + timedelta(days=day, hours=amount % 24)
            payer = f"{unit}:{self.numbers[person]}"
            command = PlaceHold(asked(), payer, "hotel", order, Price(2 * amount, amount, None), None, at)
        elif kind in ("capture", "last", "release", "expire"):
            wanted = [one for one in self.given.values() if isinstance(one, PlaceHold)]
            placed = [one for one in wanted if self.answers.get(one.asked.id, NONE).json] or wanted
            if not placed:
                return self._command("hold", person, unit, amount + 90, day)
            # The youngest ones: the others have mostly ended.
            command = self._about(kind, placed[-1 - day % min(len(placed), 3)], amount)
        else:
            return super()._command(kind, person, unit, amount, day)
        self.given[command.asked.id] = command
        return command

    def _about(self, kind: str, hold: PlaceHold, amount: int) -> Command:
        at = (hold.at or FIRST) + timedelta(hours=amount % 25)
        if kind == "release":
            return ReleaseHold(asked(), hold.asked.id, at)
        if kind == "expire":
            return ExpireHold(asked(), hold.asked.id, (hold.at or FIRST) + timedelta(hours=20 + amount % 8))
        return CaptureHold(asked(), hold.asked.id, str(next(RECEIPTS)), amount, kind == "last", at)

    def _one_answer(self, command: Command, answer: Answer) -> None:
        if code_of(answer) == "capture-above-hold" and isinstance(command, CaptureHold):
            self.short.append(command)
        super()._one_answer(command, answer)

    def _name_of(self, command: Command) -> str:
        if isinstance(command, CaptureHold):
            return f"{shown('hld', command.hold_id)}|{command.capture_no}"
        if isinstance(command, ReleaseHold | ExpireHold):
            cause = "released" if isinstance(command, ReleaseHold) else "expired"
            return f"{shown('hld', command.hold_id)}|{cause}"
        return command.order_no if isinstance(command, PlaceHold) else super()._name_of(command)

    def _name_told(self, kind: str, told: dict[str, Any]) -> str:
        if kind in ("points.hold.captured", "points.hold.released"):
            return f"{told['hold']}|{told.get('capture_no') or told['cause']}"
        return super()._name_told(kind, told)

    def _repeat_one(self, purse: Purse, kind: str, told: dict[str, Any]) -> None:
        if kind == "points.hold.placed":
            self._repeat_hold(purse, told)
        elif kind == "points.hold.captured":
            self._repeat_capture(purse, told)
        elif kind == "points.hold.released":
            self._end(purse, told["hold"], told["slices"])
        else:
            super()._repeat_one(purse, kind, told)

    def _repeat_hold(self, purse: Purse, told: dict[str, Any]) -> None:
        command = next(
            one
            for one in self.given.values()
            if isinstance(one, PlaceHold) and one.order_no == told["order_no"]
        )
        wanted = command.price.pay_fen or 0
        taken = purse.place(told["hold"], wanted, command.at or FIRST)
        assert told["amount_fen"] == wanted
        assert told["hold"] == shown("hld", command.asked.id)
        assert _points(told["slices"]) == _summed(taken)

    def _repeat_capture(self, purse: Purse, told: dict[str, Any]) -> None:
        command = next(
            one
            for one in self.given.values()
            if isinstance(one, CaptureHold) and shown("red", one.asked.id) == told["redemption"]
        )
        answer = answer_of(self.answers[command.asked.id])
        name = derived(command.asked.id, FIRST_CHANGE_LOT).replace("-", "")
        taken, change = purse.capture(told["hold"], command.amount_fen, told["redemption"], name)
        assert told["paid_fen"] == answer["paid_fen"] == command.amount_fen
        assert [
            (one["asset"], one["issuer"], one["points"], one["paid_fen"]) for one in answer["taken"]
        ] == taken
        assert answer["change_points"] == change
        left = purse.holds[told["hold"]].left_fen
        if command.final or not left:
            self._end(purse, told["hold"], told["released"])
            left = 0
        assert told["left_fen"] == answer["left_fen"] == left

    def _end(self, purse: Purse, hold: str, given_back: list[dict[str, Any]]) -> None:
        assert _points(given_back) == _summed(purse.release(hold))

    def _compare(self, purse: Purse, identities: list[str]) -> None:
        super()._compare(purse, identities)
        found = self.fleet.house.rows(
            "SELECT l.asset, l.issuer, sum(s.points_left)::bigint FROM hold_slices s"
            " JOIN lots l ON l.id = s.lot_id JOIN wallets w ON w.id = l.wallet_id"
            " WHERE w.identity = ANY (%s) AND s.points_left > 0 GROUP BY l.asset, l.issuer",
            identities,
        )
        assert purse.on_hold() == {(asset, issuer): points for asset, issuer, points in found}
        for command in self.short:
            held = purse.holds.get(shown("hld", command.hold_id))
            assert held is None or held.left_fen < command.amount_fen, "refused although enough is on hold"


def _points(slices: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return {(one["asset"], one["issuer"]): one["points"] for one in slices}


def _summed(parts: list[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
    folded: dict[tuple[str, str], int] = {}
    for asset, issuer, points in parts:
        folded[asset, issuer] = folded.get((asset, issuer), 0) + points
    return folded
