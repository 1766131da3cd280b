"""Evidence from returns and debts: what the rules say was to be taken, beside what journals took.

The receipt's terms and the rates of the moment are asked again, as the decision asked them. Refuses to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import CNY_PER_FEN, Fen, Points, Rate
from services.points.domain.earning import Earning, Terms
from services.points.domain.looks import RepaymentLook, ReturnLook
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from services.points.domain.sale import Part, Sale, claims
from services.points.queries.scope import Scope
from shared.kernel.ids import shown
from shared.kernel.refusal import Refusal

_RULES = (
    "SELECT kind, subject, version, valid_from, body, approved_at FROM rules WHERE approved_at IS NOT NULL"
)
_RETURNS = """
SELECT f.id::text, f.name, f.unit, f.return_no, f.amount_fen, f.category, f.returned_fen, f.points,
       f.debt_fen, f.occurred_at, f.answer, r.id::text, r.unit, r.wallet_id::text, r.amount_fen,
       r.purchased_at, r.points, r.terms
FROM returns f LEFT JOIN receipts r ON r.id = f.receipt_id
WHERE f.month = ANY (%(months)s)
"""
# Also those of other months, each once: what came before a return is added up while going through them.
_PARTS = """
SELECT receipt_id, id::text, amount_fen, category FROM returns
WHERE receipt_id IN (SELECT receipt_id FROM returns WHERE month = ANY (%(months)s))
ORDER BY receipt_id, returned_fen, name
"""
_JOURNALS = """
SELECT j.subject::text, j.id::text, j.unit, j.occurred_at, j.posted_at,
       json_agg(json_build_array(coalesce(l.issuer, b.unit), t.asset, t.amount) ORDER BY t.id),
       array_agg(DISTINCT concat_ws('|', d.wallet_id, d.issuer, b.unit)) FILTER (WHERE t.asset = 'CNY')
FROM journals j
LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
LEFT JOIN lots l ON l.id = t.lot_id
LEFT JOIN accounts b ON b.id = t.to_account
LEFT JOIN debts d ON d.account = t.from_account
WHERE j.month = ANY (%(months)s) AND j.kind = 'return'
GROUP BY j.subject, j.id, j.unit, j.occurred_at, j.posted_at
"""
_REPAYMENTS = """
SELECT count(*), min('journal ' || id), amount_fits, units_fit
FROM (
    SELECT j.id::text AS id,
           coalesce(sum(t.worth_fen) * 100 = sum(t.amount) FILTER (WHERE d.account IS NOT NULL), false)
               AS amount_fits,
           coalesce(bool_and(d.issuer = j.unit AND a.role = 'debts' AND a.unit = j.unit)
                        FILTER (WHERE d.account IS NOT NULL), false) AS units_fit
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN accounts a ON a.id = t.from_account
    LEFT JOIN debts d ON d.account = t.to_account
    WHERE j.month = ANY (%(months)s) AND j.kind = 'repayment' GROUP BY j.id) AS seen
GROUP BY amount_fits, units_fit, CASE WHEN NOT (amount_fits AND units_fit) THEN id END
"""


@dataclass(frozen=True, slots=True)
class _Booked:
    id: str
    unit: str
    occurred_at: datetime
    posted_at: datetime
    lines: Sequence[tuple[str, str, int]]
    owing: Sequence[str] | None
    """Wallet and issuer of every debt that it made larger, and the unit to which its line says so."""


class _Rules:
    """Rulebooks as they were known at a moment."""

    def __init__(self, cursor: Cursor) -> None:
        cursor.execute(_RULES)
        self._approved = [
            (approved_at, RuleVersion(RuleKind(kind), subject, version, valid_from, orjson.loads(body)))
            for kind, subject, version, valid_from, body, approved_at in cursor.fetchall()
        ]
        self._books: dict[int, Rulebook] = {}

    @property
    def all(self) -> Rulebook:
        """Every version that was ever approved: terms name theirs by number."""
        return self._of(tuple(version for _, version in self._approved))

    def known(self, at: datetime) -> Rulebook:
        """Give the rulebook of everything approved by then."""
        return self._of(tuple(version for approved_at, version in self._approved if approved_at <= at))

    def _of(self, versions: tuple[RuleVersion, ...]) -> Rulebook:
        return self._books.setdefault(len(versions), Rulebook(versions))


def returns(cursor: Cursor, scope: Scope) -> list[ReturnLook]:
    """Hold each return against its receipt's terms, and its journal against both; sound ones are one look."""
    cursor.execute(_JOURNALS, scope.parameters)
    booked = {subject: _Booked(*row) for subject, *row in cursor.fetchall()}
    cursor.execute(_RETURNS, scope.parameters)
    kept = cursor.fetchall()
    cursor.execute(_PARTS, scope.parameters)
    before = _before(cursor.fetchall())
    rules = _Rules(cursor)
    looks = [_look(row, before[row[0]], booked.pop(row[0], None), rules) for row in kept]
    looks += [
        ReturnLook(1, f"journal {one.id}", False, True, False, False, False, False, False)
        for one in booked.values()
    ]
    sound = [one for one in looks if one.is_sound]
    crooked = [one for one in looks if not one.is_sound]
    if not sound:
        return crooked
    return [ReturnLook(len(sound), sound[0].example, True, True, True, True, True, True, True), *crooked]


def repayments(cursor: Cursor, scope: Scope) -> list[RepaymentLook]:
    """Hold what new points paid against the line of money that made a debt smaller."""
    cursor.execute(_REPAYMENTS, scope.parameters)
    return [RepaymentLook(*row) for row in cursor.fetchall()]


def _before(rows: Iterable[tuple[str, str, int, str | None]]) -> dict[str, tuple[Part, ...]]:
    """Give what had come back of a return's purchase before it, by category, however many parts that was."""
    found: dict[str, tuple[Part, ...]] = {}
    for _, parts in groupby(rows, key=itemgetter(0)):
        sums: dict[str | None, int] = {}
        for _, id_, fen, category in parts:
            found[id_] = tuple(Part(Fen(sum_), of) for of, sum_ in sums.items())
            sums[category] = sums.get(category, 0) + fen
    return found


def _look(row: Sequence[Any], before: tuple[Part, ...], booked: _Booked | None, rules: _Rules) -> ReturnLook:
    (
        id_,
        name,
        unit,
        return_no,
        fen,
        category,
        returned_fen,
        points,
        debt_fen,
        occurred_at,
        answer,
        *receipt,
    ) = row
    told = orjson.loads(answer)
    said = tuple(told[one] for one in ("return_no", "amount_fen", "returned_fen", "debt_fen", "return_id"))
    answer_fits = (
        said == (return_no, fen, returned_fen, debt_fen, shown("rtn", id_))
        and sum(one["points"] for one in told["clawed_back"]) == points
    )
    if receipt[0] is None:
        return ReturnLook(1, name, True, True, False, False, False, True, answer_fits)
    sale = _sale(before, *receipt)
    if sale is None:
        return ReturnLook(1, name, True, True, True, False, True, True, answer_fits)
    follows = sale.returned_fen + fen == returned_fen <= sale.amount_fen
    fits = sale.unit == unit and (booked is None or (booked.unit, booked.occurred_at) == (unit, occurred_at))
    wanted = _wanted(rules.all, sale, Part(Fen(fen), category))
    is_booked = (booked is not None) == bool(wanted)
    points_fit = wanted is not None and sum(wanted.values()) == points
    lines = booked.lines if booked else ()
    rates = rules.known(booked.posted_at).rates(occurred_at) if booked else {}
    debts = _owed(wanted or {}, lines, rates)
    debt_fits = sum(debts.values()) == debt_fen and debts == _lent(lines)
    owing = {f"{sale.wallet_id}|{issuer}|{issuer}" for issuer in debts}
    # Where another sum is owed, that is what is told.
    owner_fits = not debt_fits or owing == set((booked.owing if booked else None) or ())
    return ReturnLook(
        1, name, True, is_booked, fits and follows, points_fit, debt_fits, owner_fits, answer_fits
    )


def _wanted(rulebook: Rulebook, sale: Sale, part: Part) -> dict[tuple[str, str], int] | None:
    """Ask the receipt's terms again; None where they cannot say (unit, version or category is gone)."""
    try:
        return {(one.issuer, one.asset): one.points for one in claims(rulebook, sale, part)}
    except (Refusal, AssertionError):
        return None


def _sale(
    before: tuple[Part, ...],
    id_: str,
    unit: str,
    wallet_id: str,
    amount_fen: int,
    purchased_at: datetime,
    points: int,
    terms: str,
) -> Sale | None:
    try:
        kept = Terms.read(orjson.loads(terms))
    except (ValueError, KeyError, TypeError):
        return None
    bonus = kept.given.points if kept.given else Points(0)
    return Sale(
        id=id_,
        unit=unit,
        store="",
        receipt_no="",
        wallet_id=wallet_id,
        amount_fen=Fen(amount_fen),
        purchased_at=purchased_at,
        terms=kept,
        given=Earning(Points(points), bonus),
        lots={},
        returned=before,
    )


def _owed(
    wanted: Mapping[tuple[str, str], int],
    lines: Sequence[tuple[str, str, int]],
    rates: Mapping[str, Rate],
) -> dict[str, int]:
    """Give what each issuer is owed: points that its lots did not give, less what other assets gave."""
    owed: dict[str, int] = {}
    for (issuer, asset), points in wanted.items():
        given = [(what, amount) for whose, what, amount in lines if whose == issuer and what != "CNY"]
        lacking = points - sum(amount for what, amount in given if what == asset)
        value = sum(rates[what].worth(amount) for what, amount in given if what != asset and what in rates)
        rate = rates.get(asset)
        due = -(-lacking * rate.numerator // rate.denominator) if rate and lacking else 0
        # Whoever gave too much is owed less than nothing: no line of money says so, and it is found.
        if due != value or lacking < 0:
            owed[issuer] = due - value
    return owed


def _lent(lines: Sequence[tuple[str, str, int]]) -> dict[str, int]:
    """Add up the lines of money by issuer, in fen."""
    lent: dict[str, int] = {}
    for issuer, asset, amount in lines:
        if asset == "CNY":
            lent[issuer] = lent.get(issuer, 0) + amount // CNY_PER_FEN
    return lent
