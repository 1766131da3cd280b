"""Approval: no rule takes effect by one person alone, and none in the past of books that have a journal."""

from datetime import datetime, timedelta

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

LEAD = timedelta(seconds=60)


class SecondPersonNeeded(Refusal):
    """Whoever drafted a rule may not approve it."""

    kind = Kind.CONFLICT
    code = "second-person-needed"
    title = Words("需要第二人复核", "A second person is needed")
    advice = Words(
        "规则由 {drafted_by} 起草，须由另一位运营人员复核。",
        "{drafted_by} drafted this rule; another operator must approve it.",
    )


class RuleApprovedAlready(Refusal):
    """The version is approved already."""

    kind = Kind.CONFLICT
    code = "rule-approved-already"
    title = Words("规则已复核", "The rule is approved already")
    advice = Words("如需更改，请起草新版本。", "To change it, draft a new version.")


class RuleStartsTooSoon(Refusal):
    """A version takes effect at least 60 seconds after approval."""

    kind = Kind.CONFLICT
    code = "rule-starts-too-soon"
    title = Words("生效时间过早", "The rule starts too soon")
    advice = Words(
        "账上已有记录，新版本须至少在 {earliest} 之后生效。",
        "The books have journals; a new version takes effect after {earliest} at the earliest.",
    )


def check_approval(
    drafted_by: str, approved_by: str, valid_from: datetime, now: datetime, *, journals_exist: bool
) -> None:
    """Let a second person approve a version for the future; books without a journal take any date.

    :raises SecondPersonNeeded: if drafter and approver are the same subject.
    :raises RuleStartsTooSoon: if it would begin within 60 seconds and a journal exists.
    """
    if drafted_by == approved_by:
        raise SecondPersonNeeded(drafted_by=drafted_by)
    earliest = now + LEAD
    if journals_exist and valid_from < earliest:
        raise RuleStartsTooSoon(earliest=earliest.isoformat())
