"""Say once that a unit owes another more in a month than the limit of the pair."""

from dataclasses import dataclass

from services.points.domain.books import LedgerBooks
from services.points.domain.pair import PAIR_ALERT, Pair, PairAlerted, is_over
from shared.kernel.command import Announcement, Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class AlertPair:
    """So many fen has a pair come to, as somebody counted."""

    asked: Asked
    pair: Pair
    fen: int

    def needs(self) -> Needs:
        """Need the pair's name, so that it is said once, and whether it was said."""
        return Needs(naturals=(f"{PAIR_ALERT} {self.pair.name}",), facts=((PAIR_ALERT, self.pair.name),))


def alert_pair(books: LedgerBooks, command: AlertPair) -> Outcome:
    """Announce it, unless it was announced or there is no need."""
    pair, most = command.pair, books.rulebook.exchange_terms(books.now).pair_month_points
    if most is None or pair.name in books.alerted_pairs or not is_over(command.fen, most):
        return Outcome(answer={"alerted": False})
    data = {
        "month": f"{pair.month:%Y-%m}",
        "issuer": pair.issuer,
        "unit": pair.redeemer,
        "amount_fen": command.fen,
        "most_fen": most,
    }
    return Outcome(
        changes=(PairAlerted(pair, command.fen, most, books.now),),
        answer={**data, "alerted": True},
        events=(Announcement("points.pair.alerted", pair.name, 1, data, books.now),),
    )
