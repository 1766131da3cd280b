"""The page of refusals: every way in which the business says no, in both languages."""

from infra.docs.code import import_all
from infra.docs.markdown import page, table
from shared.kernel.refusal import Refusal
from shared.web.problems import STATUS

HEADS = ("code", "status", "标题 title", "建议 advice", "again with the same key?", "said by")


def refusals_known() -> list[tuple[str, type[Refusal]]]:
    """List the refusals of all services by code, those of tests left out."""
    import_all("shared", "services")
    return [
        (code, refusal)
        for code, refusal in sorted(Refusal.known.items())
        if refusal.__module__.startswith(("shared.", "services."))
    ]


def refusals_page() -> str:
    """Write the page of refusals."""
    rows = [
        (
            f"`{code}`",
            STATUS[refusal.kind],
            f"{refusal.title.zh}<br>{refusal.title.en}",
            f"{refusal.advice.zh}<br>{refusal.advice.en}",
            "yes" if refusal.retryable else "no",
            f"`{refusal.__module__}`",
        )
        for code, refusal in refusals_known()
    ]
    told = (
        "A refusal is an answer: `application/problem+json` with a stable `code`, kept with the key and "
        "replayed. Facts of the case stand in braces."
    )
    return page("Refusals", told, table(HEADS, rows))
