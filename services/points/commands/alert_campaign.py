"""Say once that a campaign's budget is used to four fifths."""

from dataclasses import dataclass

from services.points.domain.books import LedgerBooks
from services.points.domain.campaign import ALERT, CampaignAlerted, alerts
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class AlertCampaign:
    """So many points of a campaign version's budget have gone out, as somebody counted."""

    asked: Asked
    campaign: str
    version: int
    bearer: str
    used: int

    @property
    def budget(self) -> str:
        """The budget's name in events."""
        return f"{self.campaign}:{self.version}:{self.bearer}"

    def needs(self) -> Needs:
        """Need the budget's name, so that it is said once, and whether it was said."""
        return Needs(naturals=(f"{ALERT} {self.budget}",), facts=((ALERT, self.budget),))


def alert_campaign(books: LedgerBooks, command: AlertCampaign) -> Outcome:
    """Announce it, unless it was announced or there is no need.

    :raises NotFound: if there is no such version.
    """
    found = books.rulebook.campaign_version(command.campaign, command.version)
    if found is None:
        raise NotFound()
    if command.budget in books.alerted or not alerts(command.used, found.budget):
        return Outcome(answer={"alerted": False})
    data = {
        "campaign": command.campaign,
        "version": command.version,
        "bearer": command.bearer,
        "used": command.used,
        "budget": found.budget,
    }
    return Outcome(
        changes=(CampaignAlerted(command.budget, command.used, found.budget, books.now),),
        answer={**data, "alerted": True},
        events=(Announcement("points.campaign.alerted", command.budget, 1, data, books.now),),
    )
