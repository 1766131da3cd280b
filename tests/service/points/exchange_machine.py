"""The desks' machine with exchanges: quoted and carried out at any desk, in any weather, beside spending.

The model of tests/service/points/purse.py repeats each holder's events in their order and must come to the
same points given, the same residual, and the same content of every purse.
"""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from services.points.commands.exchange_points import ExchangePoints
from services.points.commands.quote_exchange import QuoteExchange
from shared.kernel.command import Answer, Command
from shared.kernel.ids import shown
from tests.service.points.desk_machine import DAYS, FIRST, MEMBERS, UNITS, DesksAgree, Fleet, Step
from tests.service.points.exchanging import carrying_out, quoting
from tests.service.points.ledger_house import answer_of, code_of
from tests.service.points.purse import ISSUES, VALUES, Purse

EXCHANGE_STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("earn"), MEMBERS, UNITS, st.integers(0, 90_000), DAYS),
    st.tuples(st.just("pay"), MEMBERS, UNITS, st.integers(90, 400), DAYS),
    st.tuples(st.just("again"), MEMBERS, UNITS, st.integers(0, 1_000), DAYS),
    st.tuples(st.just("quote"), MEMBERS, UNITS, st.integers(1, 120), DAYS),
    st.tuples(st.just("quote"), MEMBERS, UNITS, st.integers(1, 120), DAYS),
    st.tuples(st.just("exchange"), MEMBERS, UNITS, st.integers(1, 303), DAYS),
    st.tuples(st.just("exchange"), MEMBERS, UNITS, st.integers(1, 299), DAYS),
)
SAID = {"too-few-points", "gives-nothing", "quote-expired"}
NONE = Answer()


class DesksAgreeOnExchanges(DesksAgree):
    """Persons who also turn points of one business into another's, carry quotes out twice, or too late."""

    codes = DesksAgree.codes | SAID
    steps = EXCHANGE_STEPS

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(fleet)
        self.missed: list[ExchangePoints] = []

    def _command(self, kind: str, person: int, unit: str, amount: int, day: int) -> Command:
        command: Command
        if kind == "quote":
            at = FIRST + timedelta(days=day, seconds=amount)
            from_asset = "GRUP" if amount % 5 == 0 else ISSUES[unit][0]
            to_asset = [asset for asset in VALUES if asset != from_asset][amount % 4]
            payer = f"{unit}:{self.numbers[person]}"
            command = quoting(payer, f"{from_asset}-{to_asset}", amount, at=at)
        elif kind == "exchange":
            wanted = [one for one in self.given.values() if isinstance(one, QuoteExchange)]
            quoted = [one for one in wanted if self.answers.get(one.asked.id, NONE).json] or wanted
            if not quoted:
                return self._command("quote", person, unit, amount, day)
            # The youngest ones, some of them too late and some a second time.
            quote = quoted[-1 - day % min(len(quoted), 4)]
            at = (quote.at or FIRST) + timedelta(seconds=amount)
            command = carrying_out(quote.identity, shown("quo", quote.asked.id), at)
        else:
            return super()._command(kind, person, unit, amount, day)
        self.given[command.asked.id] = command
        return command

    def _one_answer(self, command: Command, answer: Answer) -> None:
        is_new = command.asked.id not in self.answers
        if is_new and code_of(answer) == "too-few-points" and isinstance(command, ExchangePoints):
            self.missed.append(command)
        super()._one_answer(command, answer)

    def _repeat(self) -> dict[str, list[Purse]]:
        seen = super()._repeat()
        for command in self.missed:
            quote = self._quote_of(command)
            poorest = min(
                one.has(quote.from_asset, command.at or FIRST) for one in seen[self._holder(quote.identity)]
            )
            assert poorest < (quote.points or 0), "refused although there was enough at every moment"
        self.missed.clear()
        return seen

    def _name_of(self, command: Command) -> str:
        if isinstance(command, QuoteExchange | ExchangePoints):
            return shown("quo" if isinstance(command, QuoteExchange) else "exc", command.asked.id)
        return super()._name_of(command)

    def _name_told(self, kind: str, told: dict[str, Any]) -> str:
        return str(told["exchange"]) if "exchange" in told else super()._name_told(kind, told)

    def _repeat_one(self, purse: Purse, kind: str, told: dict[str, Any]) -> None:
        if kind != "points.wallet.exchanged":
            super()._repeat_one(purse, kind, told)
            return
        command = next(
            one
            for one in self.given.values()
            if isinstance(one, ExchangePoints) and shown("exc", one.asked.id) == told["exchange"]
        )
        quote, answer = self._quote_of(command), answer_of(self.answers[command.asked.id])
        names = [one["new_lot"].removeprefix("lot_") for one in answer["taken"] if one["given"]]
        assets = (quote.from_asset, quote.to_asset)
        found = purse.exchange(assets, quote.points or 0, command.at or FIRST, names)
        for one in (told, answer):
            assert (one["given"], one["value_fen"], one["residual_fen"]) == found

    def _quote_of(self, command: ExchangePoints) -> QuoteExchange:
        quote = self.given[command.quote_id]
        assert isinstance(quote, QuoteExchange)
        return quote
