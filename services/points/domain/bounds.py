"""Bounds: how large amounts and rules may be, so that what comes of both, and sums of it, fit a BIGINT.

The largest receipt (`FEN_MOST`) under the largest rule earns `POINTS_MOST`. Under the largest rate those are
worth 10^16 fen, and a claim between units keeps them as 10^18 hundredths of a fen; a BIGINT has 9.2 * 10^18.
Amounts that anybody really pays are a millionth of that. Refuses at the draft, before a rule poisons a desk.
"""

from services.points.domain.amounts import Rate
from services.points.domain.earning import EarnRule
from services.points.domain.rulebook import RuleKind, RuleVersion, understood
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

FEN_MOST = 10**11
"""The largest amount of one receipt, order or offer, in fen: a billion yuan; doors take no larger one."""

POINTS_MOST = 10**12
"""The most points that one receipt may earn: ten for each fen of the largest."""

WORTH_MOST = 10_000
"""The most group points that one point may be worth: 100 yuan. Source: the dearest there is is 5,000."""

_TOLD_MOST = 2**53 - 1
"""The largest number that every reader of JSON keeps exactly."""


class RuleTooLarge(Refusal):
    """Under this rule a receipt would earn more than books can add up: a slip of the pen."""

    kind = Kind.CONFLICT
    code = "rule-too-large"
    title = Words("规则数值过大", "The rule is too large")
    advice = Words(
        "按该规则，金额最大的小票可得 {points} 积分，上限为 {most}；请检查数值，或设置每单上限 cap。",
        "Under it the largest receipt earns {points} points, the most is {most}; check it, or give it a cap.",
    )


class RateTooLarge(Refusal):
    """At this rate points would be worth more than books can add up: a slip of the pen."""

    kind = Kind.CONFLICT
    code = "rate-too-large"
    title = Words("汇率过大", "The rate is too large")
    advice = Words(
        "按该汇率，1 积分值 {points} 集团积分，上限为 {most}；请检查分子与分母。",
        "One point would be worth {points} group points, the most is {most}; check both numbers.",
    )


class ReceiptTooLarge(Refusal):
    """A receipt would earn more points than one may: its amount or its rule is a slip of the pen."""

    kind = Kind.CONFLICT
    code = "receipt-too-large"
    title = Words("单笔积分过多", "The receipt earns too much")
    advice = Words(
        "该小票将获得 {points} 积分，单笔上限为 {most}；请核对金额与累积规则。",
        "It would earn {points} points, one receipt earns at most {most}; check its amount and the rule.",
    )


def check_rule(version: RuleVersion) -> None:
    """Let a version be drafted or approved.

    :raises RuleTooLarge: if the largest receipt would earn too much under it.
    :raises RateTooLarge: if a point would be worth too much.
    """
    if version.kind is RuleKind.EARN:
        rule: EarnRule = understood(version)
        points = rule.most(FEN_MOST)
        if points > POINTS_MOST:
            raise RuleTooLarge(points=min(points, _TOLD_MOST), most=POINTS_MOST)
    elif version.kind is RuleKind.RATE:
        rate: Rate = understood(version)
        # Rounded up: 10,000 and a little is too much as well.
        worth = -(-rate.numerator // rate.denominator)
        if worth > WORTH_MOST:
            raise RateTooLarge(points=worth, most=WORTH_MOST)


def check_earning(points: int) -> None:
    """Let a receipt earn that much.

    :raises ReceiptTooLarge: if it is more than one may.
    """
    if points > POINTS_MOST:
        raise ReceiptTooLarge(points=min(points, _TOLD_MOST), most=POINTS_MOST)
