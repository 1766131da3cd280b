"""Simulations: what a receipt earns, or last month's would have earned, before a rule is approved."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, model_validator

from services.points.api.front import Front
from services.points.api.splits import CutView, SplitBody
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from services.points.domain.simulation import laid_over
from services.points.queries.rules import rulebook
from services.points.queries.simulation import find_rule, month_simulated, receipt_simulated
from shared.kernel.command import Asked
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import NotFound
from shared.runtime.clock import now
from shared.runtime.database import Questions
from shared.web.door import Call, Door
from shared.web.faults import broken
from shared.web.fields import Moment, Month, Shown, UnitCode, whole
from shared.web.strict import Inbound


class PurchaseBody(SplitBody):
    """A purchase that might be; without `at` it is now."""

    unit: UnitCode
    member_tier: Annotated[int, whole(0, 9)] = 0
    at: Moment | None = None


class SimulateBody(Inbound):
    """One receipt, under the rules in force or with a version laid over them; or a month under a version."""

    receipt: PurchaseBody | None = None
    month: Month | None = None
    rule: Annotated[str, Shown("rul")] | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.receipt is None) == (self.month is None):
            raise broken(
                "question", "receipt 与 month 必须且只能填写其一", "one of receipt and month is needed"
            )
        if self.month is not None and self.rule is None:
            raise broken("rule", "试算账期须指明规则版本", "a month is simulated under a version of a rule")
        return self


class BonusWish(BaseModel):
    """The bonus that a campaign would add while its budget lasts."""

    campaign: str
    bearer: str
    asset: str
    points: int


class AssessedView(BaseModel):
    """What the receipt would earn, apart from what the member's day and the budget have left."""

    unit: str
    asset: str
    points: int
    worth_fen: int
    rule: int
    bonus: BonusWish | None
    cut: list[CutView]
    available_at: str
    expires_at: str


class UnitOutcome(BaseModel):
    """What one issuer's points were and would have been, and what they cost in fen."""

    unit: str
    asset: str
    receipts: int
    receipts_changed: int
    points_were: int
    points_would_be: int
    cost_was_fen: int
    cost_would_be_fen: int


class MonthOutcome(BaseModel):
    """A month's real receipts under the version, over all units and one by one.

    Of very many receipts those of one member in `one_in` are assessed, and every figure is of those alone.
    """

    month: str
    one_in: int
    receipts: int
    receipts_changed: int
    cost_was_fen: int
    cost_would_be_fen: int
    units: list[UnitOutcome]


class SimulationView(BaseModel):
    """The answer to one question, and how long it took."""

    receipt: AssessedView | None
    month: MonthOutcome | None
    took_ms: int


def declare(door: Door, front: Front) -> None:
    """Declare the question what rules would make of receipts."""

    @door.post(
        "/earn/simulate",
        takes=SimulateBody,
        gives=SimulationView,
        roles=(Role.OPERATOR, Role.FINANCE, Role.IMPORTER),
        keyed=False,
    )
    def simulate_earning(asked: Asked, body: SimulateBody, call: Call) -> Mapping[str, Any]:
        """Say what a receipt would earn, or what last month's would have earned and cost; nothing changes."""
        began = time.monotonic()
        with front.asking(call) as questions:
            rules, draft = _rules(questions, body, call.principal)
            found = {
                "receipt": _receipt(rules, body.receipt, call.principal) if body.receipt else None,
                "month": month_simulated(questions, rules, draft, body.month)
                if body.month and draft
                else None,
            }
        return {**found, "took_ms": int((time.monotonic() - began) * 1_000)}


def _rules(
    questions: Questions, body: SimulateBody, principal: Principal
) -> tuple[Rulebook, RuleVersion | None]:
    in_force = rulebook(questions)
    if body.rule is None:
        return in_force, None
    draft = find_rule(questions, body.rule)
    if draft is None or not _may_ask(principal, draft):
        raise NotFound()
    return laid_over(in_force, draft), draft


def _may_ask(principal: Principal, draft: RuleVersion) -> bool:
    """Tell whether a version is the asker's to try: finance sees what concerns their own unit alone."""
    if principal.role is not Role.FINANCE:
        return True
    if draft.kind is RuleKind.CAMPAIGN:
        return bool(draft.body["units"] == [principal.unit])
    return draft.subject == principal.unit


def _receipt(rules: Rulebook, body: PurchaseBody, principal: Principal) -> Mapping[str, Any]:
    if principal.role is Role.FINANCE and principal.unit != body.unit:
        raise NotFound(_denied="foreign")
    at = body.at or now()
    return receipt_simulated(rules, body.unit, body.amount_fen, dict(body.split), body.member_tier, at)
