"""What tests of months and of the auditor share: traffic from a seed, closing, and a fold of their own.

The fold reads every row and adds up in a plain loop; it shares no line with the services.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.audit_report import AuditReport
from services.points.domain.sale import Part
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all
from services.points.jobs.close_months import CLOSING_OPTIONS, Closed, close_draining
from shared.kernel.calendar import month_bounds
from shared.kernel.command import Command, Obey
from shared.runtime.clock import mint_id
from shared.runtime.database import connect
from tests import stack
from tests.service.points.ledger_house import (
    UNITS,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    link,
    redeem_up_to,
    refund,
)

NUMBERS = ("1", "2", "3", "4", "5")
EXPECTED = {"ok", "insufficient-points", "below-minimum"}


def traffic(house: LedgerHouse, month: date, seed: int, count: int = 120) -> None:
    """Send receipts and redemptions of a few members through a month, from a seed that a failure prints."""
    chance = random.Random(seed)
    print(f"traffic of {month:%Y-%m} from seed {seed}")
    begins_at = month_bounds(month)[0]
    if not house.rows("SELECT 1 FROM wallets WHERE identity LIKE 'mem_%%' LIMIT 1"):
        house.obey(*(link(f"mem_{number * 32}", unit, number) for number in NUMBERS for unit in UNITS))
    moments = sorted(begins_at + timedelta(seconds=chance.randrange(27 * 86_400)) for _ in range(count))
    commands: list[Command] = []
    for place, at in enumerate(moments):
        unit, number = chance.choice(sorted(UNITS)), chance.choice(NUMBERS)
        name = f"{seed}{place:05}"
        if place % 3 == 2:
            commands.append(redeem_up_to(f"{unit}:{number}", unit, name, chance.randrange(90, 20_000), at))
        amount_fen = chance.choice((0, 999, 12_345, 100_001, 700_000_000 if unit == "residential" else 7_777))
        commands.append(earn(unit, number, amount_fen, name, at))
    assert {code_of(answer) for answer in house.obey(*commands)} <= EXPECTED


def refunds_of(house: LedgerHouse, month: date) -> int:
    """Give back part of every third redemption so far, at the month's end; give how many came back."""
    at = over(month) - timedelta(seconds=1)
    rows = house.rows("SELECT id::text, unit, paid_fen FROM redemptions ORDER BY name")[::3]
    # Odd amounts: some of what comes back is less than a point.
    commands = [
        refund(id_, unit, f"{month:%m}-{place}", max(1, paid_fen // 3) | 1, at)
        for place, (id_, unit, paid_fen) in enumerate(rows)
    ]
    codes = [code_of(answer) for answer in house.obey(*commands)]
    assert set(codes) <= {"ok", "refund-above-paid"}
    return codes.count("ok")


def returns_of(house: LedgerHouse, month: date) -> int:
    """Take back part of every fourth receipt so far, at the month's end; give how many made a debt."""
    at = over(month) - timedelta(seconds=1)
    rows = house.rows("SELECT id::text, unit, amount_fen FROM receipts WHERE amount_fen > 2 ORDER BY name")
    commands = [
        ReturnPurchase(
            asked(),
            ("receipt", id_),
            unit,
            f"{month:%m}-{place}",
            Part(Fen(amount_fen // 2 if place % 8 else amount_fen)),
            at,
        )
        for place, (id_, unit, amount_fen) in enumerate(rows)
        if place % 4 == 0
    ]
    answers = house.obey(*commands)
    assert {code_of(answer) for answer in answers} <= {"ok", "return-above-purchase"}
    return sum(1 for one in answers if code_of(one) == "ok" and answer_of(one)["debt_fen"])


def over(month: date) -> datetime:
    """Give the first moment at which a month can be closed."""
    return month_bounds(month)[1]


def closed(
    house: LedgerHouse,
    *months: date,
    obey: Obey | None = None,
    reached: Callable[[str], None] = lambda _: None,
) -> list[Closed]:
    """Close these months and let the closing job go one round."""
    for month in months:
        house.close_month(month, over(month))
    with closing(connect(house.database.url("desk"), CLOSING_OPTIONS)) as connection:
        return close_draining(connection, obey or house.first.obey_all, reached=reached)


def audited(database: stack.Database) -> AuditReport:
    """Let the auditor look at everything."""
    with closing(connect(database.url("auditor"), AUDIT_OPTIONS)) as connection:
        return audit_all(connection)


@contextmanager
def copied(database: stack.Database) -> Iterator[stack.Database]:
    """Lend a copy of a database to which nobody is connected."""
    copy = stack.Database(
        f"{database.name}_{mint_id()[-8:-3]}{mint_id()[24:33]}", database.service, database.server
    )
    with database.server.cluster.superuser() as connection:
        database.server.cluster.add_database(copy.name, copy.service, connection, database.name)
    try:
        yield copy
    finally:
        copy.drop()


def stated(house: LedgerHouse, month: date) -> dict[str, dict[str, Any]]:
    """Read the statements of a month by unit."""
    rows = house.rows("SELECT unit, figures FROM statements WHERE month = %s", month)
    return {unit: orjson.loads(figures) for unit, figures in rows}


def summarised(house: LedgerHouse, month: date) -> dict[str, Any]:
    """Read the group's figures of a month."""
    figures: dict[str, Any] = orjson.loads(
        house.rows("SELECT figures FROM summaries WHERE month = %s", month)[0][0]
    )
    return figures


Sums = defaultdict[tuple[str, ...], int]


def folded(house: LedgerHouse, month: date) -> dict[str, Any]:
    """Fold a month's figures from raw rows of all its history, one line after the other."""
    places = {
        number: (role, unit) for number, role, unit in house.rows("SELECT id, role, unit FROM accounts")
    }
    lots = {
        name: (issuer, expires_at)
        for name, issuer, expires_at in house.rows("SELECT id, issuer, expires_at FROM lots")
    }
    month_sums: Sums = defaultdict(int)
    held: Sums = defaultdict(int)
    lasting: Sums = defaultdict(int)
    lines = house.rows(
        "SELECT month, asset, amount, from_account, to_account, lot_id, cause_id, worth_fen FROM transfers"
        " WHERE month <= %s ORDER BY id",
        month,
    )
    for booked, asset, amount, source, target, lot_id, cause, worth in lines:
        source_role, source_unit = places.get(source, ("wallet", ""))
        target_role, target_unit = places.get(target, ("wallet", ""))
        issuer, expires_at = lots.get(lot_id, ("", None))
        if "wallet" in (source_role, target_role) and asset != "CNY":
            # What goes on hold and comes back stays in the member's hands.
            signed = amount * ((target_role == "wallet") - (source_role == "wallet"))
            held[issuer, asset] += signed
            if expires_at > over(month):
                lasting[(asset,)] += signed
        if booked == month:
            _add(month_sums, source_role, source_unit, target_role, target_unit, issuer, asset, amount)
            if worth is not None and source_role == "redeemed":
                month_sums["refunded fen", source_unit] += worth
            elif worth is not None:
                month_sums["redeemed fen", target_unit] += worth
                if cause is not None:
                    month_sums[("change",)] -= amount
    return {"sums": month_sums, "held": held, "lasting": lasting}


def _add(
    sums: Sums,
    source_role: str,
    source_unit: str,
    target_role: str,
    target_unit: str,
    issuer: str,
    asset: str,
    amount: int,
) -> None:
    if source_role == "issued":
        sums["issued", source_unit] += amount
    elif source_role == "exchange":
        sums[("change",)] += amount
    elif source_role == "clearing":
        sums["owed", source_unit, target_unit] += amount
    elif target_role == "expired":
        sums["expired", issuer, asset] += amount


def owed_of(sums: Sums) -> dict[tuple[str, str], int]:
    """Give what a fold's lines of money came to, in fen, by who owes and to whom."""
    return {(key[1], key[2]): amount // 100 for key, amount in sums.items() if key[0] == "owed"}


def figures_folded(house: LedgerHouse, month: date) -> dict[str, dict[str, Any]]:
    """Fold what each unit's statement must say: claims, net, points outstanding, fen redeemed here."""
    fold = folded(house, month)
    owed = owed_of(fold["sums"])
    figures: dict[str, dict[str, Any]] = {}
    for unit in (*UNITS, "group"):
        receivable = {payer: fen for (payer, receiver), fen in owed.items() if receiver == unit}
        payable = {receiver: fen for (payer, receiver), fen in owed.items() if payer == unit}
        figures[unit] = {
            "receivable_fen": receivable,
            "payable_fen": payable,
            "net_fen": sum(receivable.values()) - sum(payable.values()),
            "closing": {asset: n for (issuer, asset), n in fold["held"].items() if issuer == unit and n},
            "redeemed fen": fold["sums"]["redeemed fen", unit],
        }
    return figures


def figures_stated(house: LedgerHouse, month: date) -> dict[str, dict[str, Any]]:
    """Read the same from the statements that were issued."""
    return {
        unit: {
            **{name: told[name] for name in ("receivable_fen", "payable_fen", "net_fen")},
            "closing": {asset: one["closing"] for asset, one in told["points"].items() if one["closing"]},
            "redeemed fen": sum(
                one["fen"] for issuer in told["redeemed_here"].values() for one in issuer.values()
            ),
        }
        for unit, told in stated(house, month).items()
    }
