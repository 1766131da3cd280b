"""A ledger database with the demo group's rules, and as many desks on it as a test wants.

Everything is seeded through commands, as operators would. Refuses to write a row of the ledger by hand.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection

from services.points.commands import DECISIONS
from services.points.commands.approve_rule import ApproveRule
from services.points.commands.close_month import CloseMonth
from services.points.commands.draft_rule import DraftRule
from services.points.commands.earn_points import EarnPoints
from services.points.commands.link_number import LinkNumber
from services.points.commands.open_month import OpenMonth
from services.points.commands.redeem_points import RedeemPoints
from services.points.commands.refund_points import RefundPoints
from services.points.domain.books import LedgerBooks
from services.points.domain.naming import number_identity
from services.points.domain.redemption import Price
from services.points.domain.rulebook import RuleKind
from services.points.store.ledger import LedgerMemory
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer, Asked, Command, Key, fingerprint
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.runtime.batch import Decision
from shared.runtime.clock import mint_id
from shared.runtime.database import connect
from shared.runtime.desk import DESK_OPTIONS, Desk, DeskLimits
from tests import stack

PointsDesk = Desk[LedgerBooks]
IMPORTER = Principal("importer", Role.IMPORTER)
DRAFTER, APPROVER = Principal("operator-1", Role.OPERATOR), Principal("operator-2", Role.OPERATOR)
UNITS = {
    "residential": "RESI",
    "mall-east": "MALL",
    "mall-west": "MALL",
    "hotel": "HOTL",
    "office": "OFFI",
    "property": "PROP",
}
EARN: Mapping[str, tuple[int, int, int | None, int]] = {
    "RESI": (5_000, 100_000_000, 50_000, 0),
    "MALL": (1, 1_000, None, 7),
    "HOTL": (3, 100, None, 14),
    "OFFI": (1, 200, None, 0),
    "PROP": (1, 1_000, None, 0),
}
RATES = {"MALL": 5, "HOTL": 1, "OFFI": 1, "PROP": 1, "RESI": 1, "GRUP": 1}
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
LIMITS = DeskLimits()
NOON = datetime(2017, 1, 20, 12, 0, tzinfo=SHANGHAI)
"""A moment in the middle of the first open month, of which most tests speak."""
JANUARY, FEBRUARY, MARCH = date(2017, 1, 1), date(2017, 2, 1), date(2017, 3, 1)


def asked(key: str | None = None, principal: Principal = IMPORTER, body: str = "") -> Asked:
    """Make the head of a command; without a key it gets one nobody else has."""
    id_ = mint_id()
    return Asked(id_, Key(principal.scope, key or id_, fingerprint(body)), principal)


def earn(
    unit: str, number: str, amount_fen: int, receipt: str, at: datetime = NOON, key: str | None = None
) -> EarnPoints:
    """Make a receipt of a unit that earns at that moment."""
    body = f"{unit} {number} {amount_fen} {receipt}"
    return EarnPoints(asked(key, body=body), unit, "1", receipt, number, amount_fen, at, at)


def spelled(identity: str) -> str:
    """Give an identity in the one spelling under which points know it: `office:q1` is `office:Q1`."""
    unit, colon, number = identity.partition(":")
    return number_identity(unit, number) if colon else identity


def redeem(
    identity: str, unit: str, order: str, pay_fen: int, at: datetime = NOON, key: str | None = None
) -> RedeemPoints:
    """Make a redemption of exactly that much of a price twice as high."""
    price = Price(pay_fen * 2, pay_fen, None)
    return RedeemPoints(
        asked(key, body=f"{identity} {unit} {order} {pay_fen}"), spelled(identity), unit, order, price, at
    )


def refund(
    redemption: str, unit: str, refund_no: str, fen: int, at: datetime = NOON, key: str | None = None
) -> RefundPoints:
    """Make a refund of that much of a redemption at a unit."""
    return RefundPoints(
        asked(key, body=f"{redemption} {refund_no} {fen}"), redemption, unit, refund_no, fen, at
    )


def redeem_up_to(identity: str, unit: str, order: str, up_to_fen: int, at: datetime = NOON) -> RedeemPoints:
    """Make a redemption of as much as there is, at most that, of a price twice as high."""
    return RedeemPoints(asked(), spelled(identity), unit, order, Price(up_to_fen * 2, None, up_to_fen), at)


def link(member: str, unit: str, number: str) -> LinkNumber:
    """Make the news that a member owns a number."""
    return LinkNumber(asked(), member, unit, number)


def answer_of(answer: Answer) -> dict[str, Any]:
    """Read an answer that must be no refusal and no defect."""
    assert answer.json is not None, answer.refusal or "a defect"
    return cast(dict[str, Any], orjson.loads(answer.json))


def redemption_id(answer: Answer) -> str:
    """Read the id of a redemption out of its answer."""
    return read("red", answer_of(answer)["redemption"]) or ""


def code_of(answer: Answer) -> str:
    """Give `ok`, `defect` or the code of the refusal."""
    if answer.refusal is not None:
        return answer.refusal.code
    return "defect" if answer.json is None else "ok"


_CALLERS = ThreadPoolExecutor(64, thread_name_prefix="caller")


def later(desk: PointsDesk, *commands: Command) -> Future[list[Answer]]:
    """Hand in commands without waiting for their answers."""
    return _CALLERS.submit(desk.obey_all, commands)


class LedgerHouse:
    """One database and the desks that tests open on it."""

    def __init__(self, database: stack.Database) -> None:
        self.database = database
        self._desks: list[PointsDesk] = []
        self._asking = psycopg2.connect(database.superuser_url)
        self._asking.autocommit = True
        self._one_at_a_time = threading.Lock()
        self.first = self.desk()
        self._seed()

    def connect(self) -> Connection:
        """Open a connection as every desk of this house does."""
        return connect(self.database.url("desk"), DESK_OPTIONS)

    def desk(
        self,
        limits: DeskLimits = LIMITS,
        *,
        connection: Callable[[], Connection] | None = None,
        reached: Callable[[str], None] = lambda _: None,
        decisions: Mapping[type, object] = DECISIONS,
    ) -> PointsDesk:
        """Open one more desk; it is closed with the house."""
        table = cast(Mapping[type, Decision], decisions)
        opened: PointsDesk = Desk(LedgerMemory(), table, connection or self.connect, limits, reached=reached)
        opened.start()
        self._desks.append(opened)
        return opened

    def obey(self, *commands: Command) -> list[Answer]:
        """Let the house's first desk obey these commands."""
        return self.first.obey_all(commands)

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask as the superuser, committed."""
        with self._one_at_a_time, self._asking.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cast(list[tuple[Any, ...]], cursor.fetchall()) if cursor.description else []

    def add_rule(
        self, kind: RuleKind, subject: str, body: Mapping[str, Any], valid_from: datetime = BEGINNING
    ) -> None:
        """Draft a rule by one person and approve it by another."""
        self.add_rules([(kind, subject, body)], valid_from)

    def add_rules(
        self, rules: Sequence[tuple[RuleKind, str, Mapping[str, Any]]], valid_from: datetime = BEGINNING
    ) -> None:
        """Draft and approve several rules."""
        drafts = self.obey(
            *(DraftRule(asked(principal=DRAFTER), kind, of, valid_from, body) for kind, of, body in rules)
        )
        names = [read("rul", answer_of(draft)["rule"]) for draft in drafts]
        for answer in self.obey(*(ApproveRule(asked(principal=APPROVER), name or "") for name in names)):
            answer_of(answer)

    def open_month(self, month: date) -> None:
        """Open a business month."""
        answer_of(self.obey(OpenMonth(asked(principal=DRAFTER), month))[0])

    def close_month(self, month: date, at: datetime) -> None:
        """Let a month drain."""
        answer_of(self.obey(CloseMonth(asked(principal=DRAFTER), month, at))[0])

    def seal(self, month: date) -> bool:
        """Seal a draining month in one attempt, as the closing job does, and tell whether it was sealed."""
        connection = connect(self.database.url("desk"))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT seal_month(%s)", (month,))
                return bool((cursor.fetchone() or (False,))[0])
        finally:
            connection.close()

    def close(self) -> None:
        """Close every desk."""
        for desk in self._desks:
            desk.stop()
        self._asking.close()

    def _seed(self) -> None:
        group = {"asset": "GRUP", "name": {"zh": "集团", "en": "Group"}}
        rules: list[tuple[RuleKind, str, Mapping[str, Any]]] = [(RuleKind.UNIT, "group", group)]
        for unit, asset in UNITS.items():
            points, per_fen, cap, pending_days = EARN[asset]
            rules.append((RuleKind.UNIT, unit, {"asset": asset, "name": {"zh": unit, "en": unit}}))
            terms = {"points": points, "per_fen": per_fen, "cap": cap}
            rules.append((RuleKind.EARN, unit, {**terms, "pending_days": pending_days, "expiry_months": 24}))
        for asset, value in RATES.items():
            rules.append((RuleKind.RATE, asset, {"numerator": value, "denominator": 1}))
        rules.append((RuleKind.SPEND, "group", {"minimum_fen": 100, "share_bp": 5_000}))
        rules.append((RuleKind.CHECK_IN, "group", {"points": list(range(1, 11)), "expiry_months": 24}))
        rules.append((RuleKind.GRANT, "group", {"most_fen": 100_000, "expiry_months": 24}))
        gift = {"day_fen": 50_000, "per_day": 10, "confirm_s": 600}
        rules.append((RuleKind.GIFT, "group", gift))
        rules.append((RuleKind.CLAIM, "group", {"per_day": 5, "back_days": 30}))
        self.add_rules(rules)
        for month in (JANUARY, FEBRUARY, MARCH):
            self.open_month(month)

    def fund(self, number: str, points: int, unit: str = "office", at: datetime = NOON) -> str:
        """Let a member number earn that many points that can be spent at once; give its identity."""
        per_point = EARN[UNITS[unit]][1] // EARN[UNITS[unit]][0]
        answer_of(self.obey(earn(unit, number, points * per_point, f"fund-{mint_id()}", at))[0])
        return number_identity(unit, number)

    def points_of(self, identity: str) -> int:
        """Add up what the lots of one wallet hold."""
        found = self.rows(
            "SELECT coalesce(sum(points_left), 0)::bigint FROM lots l JOIN wallets w ON w.id = l.wallet_id"
            " WHERE identity = %s",
            spelled(identity),
        )
        return int(found[0][0])

    def available(self, identity: str, at: datetime = NOON + timedelta(days=1)) -> int:
        """Fold what the holder of an identity could spend at that moment, in fen, from the lots."""
        found = self.rows(
            "SELECT l.asset, sum(l.points_left)::bigint FROM lots l JOIN wallets w ON w.id = l.wallet_id"
            " WHERE w.holder_id = (SELECT holder_id FROM wallets WHERE identity = %s)"
            " AND l.available_at <= %s AND %s < l.expires_at GROUP BY l.asset",
            spelled(identity),
            at,
            at,
        )
        return sum(RATES[asset] * points for asset, points in found)
