"""Rules: drafted by one operator, approved by another; everybody reads what is in force."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from services.points.api.check_in_rules import CheckInDraft
from services.points.api.claim_rules import ClaimDraft
from services.points.api.draft import Draft, GroupDraft
from services.points.api.earn_rules import CampaignCode, CampaignTerms, CapTerms, EarnTerms, NameBody
from services.points.api.exchange_rules import ExchangeRuleDraft
from services.points.api.front import Front
from services.points.api.gift_rules import GiftDraft
from services.points.api.grant_rules import GrantDraft
from services.points.api.offer_rules import OfferDraft
from services.points.commands.approve_rule import ApproveRule
from services.points.commands.draft_rule import DraftRule
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import HOLD_LASTS_S, RuleKind
from services.points.queries.rules import rules_in_force, rules_listed
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.door import EVERYBODY, Call, Door
from shared.web.faults import broken
from shared.web.fields import AssetCode, Moment, UnitCode, whole
from shared.web.strict import Inbound, Nothing


class UnitRule(Inbound):
    """A settling unit: the asset it issues, its name, and whether members need a ticket to pay its orders."""

    asset: AssetCode
    name: NameBody
    tickets_required: bool = False


class RateTerms(Inbound):
    """What one point is worth in group points: numerator / denominator."""

    numerator: Annotated[int, whole(1, 1_000_000)]
    denominator: Annotated[int, whole(1, 1_000_000)] = 1


class SpendBody(Inbound):
    """At least `minimum_fen`, at most `share_bp` basis points of a price; a hold lasts `hold_lasts_s`."""

    minimum_fen: Annotated[int, whole(1, 1_000_000)]
    share_bp: Annotated[int, whole(1, 10_000)]
    hold_lasts_s: Annotated[int, whole(1, HOLD_LASTS_S)] = HOLD_LASTS_S


class UnitDraft(Draft):
    """A draft about a unit."""

    kind: Literal["unit"]
    subject: UnitCode
    body: UnitRule


class EarnDraft(Draft):
    """A draft about what a unit's receipts earn."""

    kind: Literal["earn"]
    subject: UnitCode
    body: EarnTerms


class RateDraft(Draft):
    """A draft about what an asset is worth; a group point is worth one group point, for ever."""

    kind: Literal["rate"]
    subject: AssetCode
    body: RateTerms

    @model_validator(mode="after")
    def _one_for_itself(self) -> Self:
        # Change is given in group points: with any other rate every redemption would make or lose money.
        if self.subject == GROUP_POINT and (self.body.numerator, self.body.denominator) != (1, 1):
            raise broken(
                "rate", "集团积分与自身的比率恒为 1", "a group point is always worth one group point"
            )
        return self


class SpendDraft(GroupDraft):
    """A draft about how points may pay."""

    kind: Literal["spend"]
    body: SpendBody


class CapDraft(GroupDraft):
    """A draft about what a member may earn on a day."""

    kind: Literal["cap"]
    body: CapTerms


class CampaignDraft(Draft):
    """A draft of a campaign; every version has a budget of its own."""

    kind: Literal["campaign"]
    subject: CampaignCode
    body: CampaignTerms

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.body.until <= self.valid_from:
            raise broken("until", "结束时间须晚于生效时间", "it must end after it begins")
        return self


class DraftBody(Inbound):
    """A version of one rule; without `valid_from` it is meant for books that have no journal yet."""

    rule: Annotated[
        UnitDraft
        | EarnDraft
        | RateDraft
        | SpendDraft
        | CapDraft
        | CampaignDraft
        | CheckInDraft
        | GrantDraft
        | GiftDraft
        | ClaimDraft
        | OfferDraft
        | ExchangeRuleDraft,
        Field(discriminator="kind"),
    ]


class RulesQuery(Inbound):
    """Rules in force at a moment (now, if not stated), or with `all` every version, drafts included."""

    at: Moment | None = None
    state: Literal["in-force", "all"] = "in-force"


class RuleView(BaseModel):
    """One version of a rule."""

    rule: str
    kind: str
    subject: str
    version: int
    state: str
    valid_from: str
    body: dict[str, Any]
    drafted_by: str | None = None
    approved_by: str | None = None


class ApprovedView(BaseModel):
    """A rule that a second person approved."""

    rule: str
    kind: str
    subject: str
    version: int
    state: str
    valid_from: str
    approved_by: str


class RulesView(BaseModel):
    """Rules by kind and subject."""

    data: list[RuleView]


class UnitView(BaseModel):
    """A settling unit; where `tickets_required`, members who ask themselves need an order ticket."""

    unit: str
    asset: str
    name: dict[str, str]
    tickets_required: bool


class UnitsView(BaseModel):
    """All settling units."""

    data: list[UnitView]


def declare(door: Door, front: Front) -> None:
    """Declare the routes of rules and units."""

    @door.post("/rules", takes=DraftBody, gives=RuleView, roles=(Role.OPERATOR,), status=201)
    async def draft(asked: Asked, body: DraftBody, call: Call) -> Answer:
        """Draft a version of a rule; it takes effect once another operator approves it."""
        rule = body.rule
        # What was left out says nothing, today and in every later version of this code.
        terms = rule.body.model_dump(mode="json", exclude_none=True)
        return await front.desk.ask(
            DraftRule(asked, RuleKind(rule.kind), rule.subject, rule.valid_from, terms)
        )

    @door.post("/rules/{rule}/approve", takes=Nothing, gives=ApprovedView, roles=(Role.OPERATOR,))
    async def approve(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Approve another operator's draft."""
        return await front.desk.ask(ApproveRule(asked, call.id_of("rule", "rul")))

    @door.get("/rules", takes=RulesQuery, gives=RulesView, roles=EVERYBODY)
    def list_rules(asked: Asked, query: RulesQuery, call: Call) -> Mapping[str, Any]:
        """List the rules in force at a moment; operators may list every version."""
        with front.reader.asked_by() as questions:
            if query.state == "all":
                call.principal.require(Role.OPERATOR)
                return {"data": rules_listed(questions)}
            return {"data": rules_in_force(questions, query.at or now())}

    @door.get("/units", takes=Nothing, gives=UnitsView, roles=EVERYBODY)
    def list_units(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """List the settling units."""
        with front.reader.asked_by() as questions:
            found = [rule for rule in rules_in_force(questions, now()) if rule["kind"] == RuleKind.UNIT]
        return {
            "data": [
                {
                    "unit": rule["subject"],
                    "asset": rule["body"]["asset"],
                    "name": rule["body"]["name"],
                    "tickets_required": rule["body"].get("tickets_required", False),
                }
                for rule in found
            ]
        }
