"""Two and three real desks on one database, stalled, struck and killed between statements, against a model.

Nobody tells the model in which order the desks obeyed: it reads the versions of each holder's events, repeats
them in that order, and must come to the same slices, the same change and the same content of every purse.
"""

import itertools
import os
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.points.commands.earn_points import EarnPoints
from services.points.commands.place_hold import PlaceHold
from services.points.commands.redeem_points import FIRST_CHANGE_LOT, RedeemPoints
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer, Command
from shared.kernel.ids import derived, shown
from tests.service.points.kept_wallets import KeptWallets, reading
from tests.service.points.ledger_house import (
    LedgerHouse,
    PointsDesk,
    answer_of,
    code_of,
    earn,
    later,
    link,
    redeem,
    redeem_up_to,
)
from tests.service.points.purse import ISSUES, Purse, Taken
from tests.service.points.weather import POINTS, Weather

FIRST = datetime(2017, 1, 2, tzinfo=SHANGHAI)
PERSONS = 3
_names = itertools.count(1)
RECEIPTS = itertools.count(1)

DAYS = st.integers(0, 27)
MEMBERS, UNITS = st.integers(0, PERSONS - 1), st.sampled_from(sorted(ISSUES))
Step = tuple[str, int, str, int, int]
"""What is done, by which person, at which unit, how much of it, on which day."""

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("earn"), MEMBERS, UNITS, st.integers(0, 90_000), DAYS),
    st.tuples(st.just("pay"), MEMBERS, UNITS, st.integers(90, 400), DAYS),
    st.tuples(st.just("up to"), MEMBERS, UNITS, st.integers(90, 900), DAYS),
    st.tuples(st.just("again"), MEMBERS, UNITS, st.integers(0, 1_000), DAYS),
    st.tuples(st.just("same receipt"), MEMBERS, UNITS, st.integers(0, 1_000), DAYS),
)
WISHES = (RedeemPoints, PlaceHold)
TROUBLES = st.tuples(
    st.sampled_from(POINTS), st.sampled_from(("stall", "strike", "kill")), st.integers(1, 30)
)


@dataclass(slots=True)
class Fleet:
    """The desks of one test, each in its own weather, and a process that reads wallets and keeps them."""

    house: LedgerHouse
    desks: list[tuple[PointsDesk, Weather]]
    wallets: KeptWallets

    @classmethod
    def of(cls, house: LedgerHouse, count: int, wallets: KeptWallets) -> "Fleet":
        """Open that many desks."""
        weathers = [Weather(house.database, house.connect) for _ in range(count)]
        return cls(
            house,
            [(house.desk(connection=one.connection, reached=one.reached), one) for one in weathers],
            wallets,
        )


class DesksAgree(RuleBasedStateMachine):
    """Persons who earn and spend at any desk, at any moment, whatever happens to the desks."""

    codes = frozenset({"ok", "insufficient-points", "below-minimum"})
    steps: st.SearchStrategy[Step] = STEPS
    capped = False

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self.fleet = fleet
        example = next(_names)
        self.numbers = [f"X{example}-{person}" for person in range(PERSONS)]
        self.purses: dict[str, Purse] = {}
        self.heard: dict[str, int] = {}
        self.given: dict[str, Command] = {}
        self.answers: dict[str, Answer] = {}
        self.running: list[tuple[list[Command], Future[list[Answer]]]] = []
        self.happened: dict[str, tuple[str, int]] = {}
        self.times: Counter[str] = Counter()

    @initialize(amounts=st.lists(st.integers(20_000, 300_000), min_size=2 * PERSONS, max_size=2 * PERSONS))
    def begin(self, amounts: list[int]) -> None:
        """Give every person points of two businesses to quarrel over."""
        steps = [
            ("earn", place % PERSONS, ("office", "mall-east")[place // PERSONS], amount, 0)
            for place, amount in enumerate(amounts)
        ]
        self._hand_in(0, steps, [])

    @rule(
        desk=st.integers(0, 2),
        steps=st.runner().flatmap(lambda machine: st.lists(machine.steps, min_size=1, max_size=8)),
        troubles=st.lists(TROUBLES, max_size=2),
    )
    def hand_in(self, desk: int, steps: list[Step], troubles: list[tuple[str, str, int]]) -> None:
        """Hand a few commands of this machine's kinds in at one desk and make its weather."""
        self._hand_in(desk, steps, troubles)

    def _hand_in(self, desk: int, steps: list[Step], troubles: list[tuple[str, str, int]]) -> None:
        taker, weather = self.fleet.desks[desk % len(self.fleet.desks)]
        for point, kind, milliseconds in troubles:
            if kind == "stall":
                weather.stall(point, milliseconds / 1_000)
            else:
                (weather.strike if kind == "strike" else weather.kill)(point)
        commands = [self._command(*step) for step in steps]
        self.times.update(self._name_of(command) for command in commands)
        self.running.append((list(commands), later(taker, *commands)))

    def _command(self, kind: str, person: int, unit: str, amount: int, day: int) -> Command:
        number, order = self.numbers[person], str(next(RECEIPTS))
        at = FIRST + timedelta(days=day, seconds=int(order) % 50_000)
        earlier = list(self.given.values())
        if kind == "again" and earlier:
            return earlier[amount % len(earlier)]
        receipts = [one for one in earlier if isinstance(one, EarnPoints)]
        command: Command
        if kind == "same receipt" and receipts:
            one = receipts[amount % len(receipts)]
            command = earn(one.unit, one.number, one.amount_fen, one.receipt_no, one.purchased_at)
        elif kind == "pay":
            command = redeem(f"{unit}:{number}", "property", order, amount, at)
        elif kind == "up to":
            command = redeem_up_to(f"{unit}:{number}", "property", order, amount, at)
        else:
            command = earn(unit, number, amount, order, at)
        self.given[command.asked.id] = command
        return command

    @rule()
    def look(self) -> None:
        """Read everybody's wallets in the middle of it all: what is kept now must not be shown later."""
        numbers = [f"{unit}:{number}" for unit in sorted(ISSUES) for number in self.numbers]
        self.fleet.wallets.read([*numbers, *(f"mem_{number}" for number in self.numbers)])

    @precondition(lambda self: self.running)
    @rule()
    def settle(self) -> None:
        """Wait for everybody, then let the model repeat what happened."""
        refused: list[RedeemPoints | PlaceHold] = []
        for commands, future in self.running:
            for command, told in zip(commands, future.result(40), strict=True):
                answer = told
                if code_of(told) == "defect":
                    # Whoever was struck alone was told that we failed; nothing is kept, so they ask again,
                    # and are no witness of the order either.
                    self.times[self._name_of(command)] += 1
                    answer = self.fleet.house.obey(command)[0]
                if answer.refusal is not None and answer.refusal.retryable:
                    # On a busy machine a killed commit may stay unknown for too long: the same key tells.
                    # It may have happened at either asking, so it is no witness of the order.
                    self.times[self._name_of(command)] += 1
                    answer = self.fleet.house.obey(command)[0]
                # A refusal said again is as old as the first; only a new one must be true of this interval.
                is_new = command.asked.id not in self.answers
                self._one_answer(command, answer)
                if is_new and code_of(answer) == "insufficient-points" and isinstance(command, WISHES):
                    refused.append(command)
        handed = [commands for commands, _ in self.running]
        self.running.clear()
        seen = self._repeat()
        self._nobody_overtook(handed)
        for command in refused:
            wanted = command.price.pay_fen or 100
            poorest = min(one.worth(command.at or FIRST) for one in seen[self._holder(str(command.payer))])
            assert poorest < wanted, "refused although there was enough at every moment"

    def _nobody_overtook(self, handed: list[list[Command]]) -> None:
        """See that what was handed in together happened to each holder in that order."""
        for commands in handed:
            last: dict[str, int] = {}
            for command in commands:
                name = self._name_of(command)
                if self.times[name] == 1 and name in self.happened:
                    holder, seq = self.happened[name]
                    assert seq > last.get(holder, 0), f"{name} overtook its own predecessor"
                    last[holder] = seq

    def _one_answer(self, command: Command, answer: Answer) -> None:
        """Keep the first answer to a key; all others must be the same."""
        if code_of(answer) == "not-found":
            # Asked before there was anything to find: nothing is kept, and the same key may find it later.
            return
        assert code_of(answer) in self.codes, code_of(answer)
        first = self.answers.setdefault(command.asked.id, answer)
        assert (first.json, code_of(first)) == (answer.json, code_of(answer)), "a key has one answer"

    def _repeat(self) -> dict[str, list[Purse]]:
        """Repeat each holder's new events in their order; give every state each purse went through."""
        seen: dict[str, list[Purse]] = {}
        for holder, identities in self._holders().items():
            purse = self.purses.setdefault(holder, Purse(capped=self.capped))
            states = seen.setdefault(holder, [purse.copied()])
            rows = self.fleet.house.rows(
                "SELECT seq, type, data::json FROM outbox WHERE key = %s AND seq > %s ORDER BY seq",
                shown("hol", holder),
                self.heard.get(holder, 0),
            )
            for seq, kind, told in rows:
                assert seq == self.heard.get(holder, 0) + 1
                self.heard[holder] = seq
                self.happened[self._name_told(kind, told)] = (holder, seq)
                self._repeat_one(purse, kind, told)
                states.append(purse.copied())
            self._compare(purse, identities)
        return seen

    def _name_told(self, kind: str, told: dict[str, Any]) -> str:
        return str(told.get("receipt_no") or told["order_no"])

    def _repeat_one(self, purse: Purse, kind: str, told: dict[str, Any]) -> None:
        (self._repeat_earning if kind == "points.wallet.earned" else self._repeat_spending)(purse, told)

    def _compare(self, purse: Purse, identities: list[str]) -> None:
        assert purse.content() == self._content(identities)
        self.fleet.wallets.agreed(identities)

    def _repeat_spending(self, purse: Purse, told: dict[str, Any]) -> None:
        (command,) = [
            one
            for one in self.given.values()
            if isinstance(one, RedeemPoints) and one.order_no == told["order_no"]
        ]
        answer = answer_of(self.answers[command.asked.id])
        at, price = command.at or FIRST, command.price
        pay = price.pay_fen or min(price.up_to_fen or 0, price.price_fen // 2, purse.worth(at))
        change_lot = derived(command.asked.id, FIRST_CHANGE_LOT).replace("-", "")
        taken, change = purse.pay(pay, at, change_lot, answer["redemption"])
        assert told["paid_fen"] == answer["paid_fen"] == pay
        assert sorted(tuple(one[key] for key in _SLICE) for one in told["slices"]) == _by_issuer(taken)
        assert [tuple(one[key] for key in _SLICE) for one in answer["taken"]] == taken
        assert answer["change_points"] == change

    def _repeat_earning(self, purse: Purse, told: dict[str, Any]) -> None:
        command = next(
            one
            for one in self.given.values()
            if isinstance(one, EarnPoints) and one.receipt_no == told["receipt_no"]
        )
        points = purse.earn(command.unit, command.amount_fen, int(command.receipt_no), command.purchased_at)
        assert told["points"] == answer_of(self.answers[command.asked.id])["points"] == points

    def _holders(self) -> dict[str, list[str]]:
        found = self.fleet.house.rows(
            "SELECT holder_id::text, array_agg(identity) FROM wallets"
            " WHERE split_part(identity, ':', 2) = ANY (%s) OR identity = ANY (%s) GROUP BY holder_id",
            self.numbers,
            [f"mem_{number}" for number in self.numbers],
        )
        return dict(found)

    def _holder(self, identity: str) -> str:
        return next(holder for holder, identities in self._holders().items() if identity in identities)

    def _content(self, identities: list[str]) -> dict[tuple[str, str], int]:
        found = self.fleet.house.rows(
            "SELECT l.asset, l.issuer, sum(l.points_left)::bigint"
            " FROM lots l JOIN wallets w ON w.id = l.wallet_id"
            " WHERE w.identity = ANY (%s) AND l.is_open GROUP BY l.asset, l.issuer",
            identities,
        )
        return {(asset, issuer): points for asset, issuer, points in found}

    @rule(person=MEMBERS, unit=UNITS, desk=st.integers(0, 2))
    def link_number(self, person: int, unit: str, desk: int) -> None:
        """Link a number to its person, once everybody is answered: the model has no order for a link."""
        if self.running:
            self.settle()
        number = self.numbers[person]
        identity, member = f"{unit}:{number}", f"mem_{number}"
        taker, _ = self.fleet.desks[desk % len(self.fleet.desks)]
        before = {name: holder for holder, names in self._holders().items() for name in names}
        command = link(member, unit, number)
        (told,) = taker.obey_all([command])
        answer_of(self.fleet.house.obey(command)[0] if code_of(told) == "defect" else told)
        holder = self._holder(member)
        assert self._holder(identity) == holder
        old = before.get(identity)
        if old is not None and old != holder:
            moved = self.purses.pop(old, Purse())
            self.purses.setdefault(holder, Purse(capped=self.capped)).take_in(moved)
        self._repeat()

    def _name_of(self, command: Command) -> str:
        """Give the number that receipts and orders share."""
        assert isinstance(command, EarnPoints | RedeemPoints)
        return command.receipt_no if isinstance(command, EarnPoints) else command.order_no

    def teardown(self) -> None:
        """Settle whatever still runs."""
        if self.running:
            self.settle()


def _by_issuer(taken: list[Taken]) -> list[Taken]:
    """Add up what was taken by asset and issuer, as an event tells it."""
    folded: dict[tuple[str, str], tuple[int, int]] = {}
    for asset, issuer, points, paid in taken:
        before = folded.get((asset, issuer), (0, 0))
        folded[asset, issuer] = (before[0] + points, before[1] + paid)
    return sorted((asset, issuer, *sums) for (asset, issuer), sums in folded.items())


_SLICE = ("asset", "issuer", "points", "paid_fen")


def agree(house: LedgerHouse, machine: type[DesksAgree], desks: int, examples: int) -> Fleet:
    """Let a machine run on that many desks, and say what came of it.

    `TONGFEN_FAULTS_EXAMPLES` says how many stories it tells instead.
    """
    examples = int(os.environ.get("TONGFEN_FAULTS_EXAMPLES", examples))
    terms = settings(
        max_examples=examples,
        stateful_step_count=14,
        deadline=None,
        # Threads do not repeat themselves: what fails is printed as it happened, not shrunk.
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    with reading(house.database) as connection:
        fleet = Fleet.of(house, desks, KeptWallets(connection, lambda: FIRST + timedelta(days=20)))
        run_state_machine_as_test(partial(machine, fleet), settings=terms)  # type: ignore[arg-type]
    storms = sum(len(weather.seen) for _, weather in fleet.desks)
    kinds = dict(house.rows("SELECT kind, count(*) FROM journals GROUP BY kind ORDER BY kind"))
    print(f"{machine.__name__}, {desks} desks: {storms} points reached, journals so far {kinds}")
    return fleet
