"""The only list of events that cross a border: type, data, who announces it, what its key and seq are.

The key of an event is the id of a row that its command has locked, `seq` that row's version: whoever
announces an event for a key makes the row's version one greater, and whoever makes it greater announces
exactly one event, or those who listen see a gap or a fork. Keys of one service are told apart by their form.
A type once published only gains optional fields; a break is a new type. Refuses to know Kafka or a database.
"""

from collections.abc import Mapping
from typing import Any, Final

from contracts import member, points, returns, vouchers
from contracts.shapes import EventData
from contracts.writing import Writer, writer_of

EVENTS: Final[Mapping[str, type[EventData]]] = {
    "member.member.registered": member.MemberRegistered,
    "member.identity.linked": member.IdentityLinked,
    "member.tier.changed": member.TierChanged,
    "member.signing_key.published": member.SigningKeyPublished,
    "member.client.registered": member.ClientRegistered,
    "member.client.revoked": member.ClientRevoked,
    "points.wallet.earned": points.WalletEarned,
    "points.wallet.redeemed": points.WalletRedeemed,
    "points.wallet.refunded": points.WalletRefunded,
    "points.wallet.exchanged": points.WalletExchanged,
    "points.wallet.clawed_back": returns.WalletClawedBack,
    "points.debt.repaid": returns.DebtRepaid,
    "points.wallet.expired": points.WalletExpired,
    "points.wallet.checked_in": points.WalletCheckedIn,
    "points.wallet.granted": points.WalletGranted,
    "points.wallet.deducted": points.WalletDeducted,
    "points.wallet.given": points.WalletGiven,
    "points.wallet.received": points.WalletReceived,
    "points.hold.placed": points.HoldPlaced,
    "points.hold.captured": points.HoldCaptured,
    "points.hold.released": points.HoldReleased,
    "points.voucher.asked": vouchers.VoucherAsked,
    "points.voucher.issued": vouchers.VoucherIssued,
    "points.voucher.refused": vouchers.VoucherRefused,
    "points.voucher.voided": vouchers.VoucherVoided,
    "points.wallet.brought_in": points.WalletBroughtIn,
    "points.month.sealed": points.MonthSealed,
    "points.statement.issued": points.StatementIssued,
    "points.rule.approved": points.RuleApproved,
    "points.campaign.alerted": points.CampaignAlerted,
    "points.pair.alerted": points.PairAlerted,
}

SERVICES: Final = ("member", "points")

_WRITERS: dict[str, Writer] = {}


class Uncatalogued(ValueError):
    """Somebody announces what the catalogue does not list, or data that is not of its type."""


def written(event_type: str, data: Mapping[str, Any]) -> str:
    """Check what is about to be announced and write it as JSON; unknown fields are refused here.

    Optional fields that were not given are left out: an event says as much as it did before they were thought
    of.

    :raises Uncatalogued: if the type is not listed or the data is not of that type.
    """
    write = _WRITERS.get(event_type)
    if write is None:
        model = EVENTS.get(event_type)
        if model is None:
            raise Uncatalogued(f"{event_type} is not in the catalogue")
        write = _WRITERS[event_type] = writer_of(model)
    try:
        return write(data)
    except ValueError as fault:
        raise Uncatalogued(f"{event_type}: {fault}") from fault


def announcer(event_type: str) -> str:
    """Give the service that announces a type: its first word."""
    return event_type.partition(".")[0]


def schema_name(event_type: str) -> str:
    """Give the name of a type's JSON Schema, as `dataschema` of its events and `$id` of the file."""
    return f"urn:tongfen:event:{event_type}"
