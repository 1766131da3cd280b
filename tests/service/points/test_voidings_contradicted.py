"""A partner that says another word the second time changes nothing any more, and a person is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.points.domain.voiding import VOID_COUPON
from services.points.gateways.partner import Partners, VoidWord
from services.points.jobs.voidings import voiding_coupons
from shared.kernel.ids import shown
from shared.runtime.clock import now
from shared.runtime.errands import Errand
from tests.service.points.ledger_house import LedgerHouse, code_of
from tests.service.points.voucher_room import PRICE_FEN, Booth, booth, giving_back, member, offers

USED, VOIDED, UNKNOWN = VoidWord.USED, VoidWord.VOIDED, VoidWord.UNKNOWN


@dataclass
class Fickle(Partners):
    """A partner that says these words, one after the other, whatever it is asked."""

    words: list[VoidWord]

    def void(self, partner: str, number: str, void_no: str) -> VoidWord:
        """Say the next."""
        return self.words.pop(0)


@pytest.fixture(scope="module")
def sold(house: LedgerHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    """Lend a booth."""
    offers(house)
    with booth(house, tmp_path_factory.mktemp("partner")) as opened:
        yield opened


def under_way(sold: Booth, voucher: str) -> tuple[str, Errand]:
    """Let a coupon be given back; give the voiding, and the errand that a messenger leased and fell with."""
    voiding = sold.void(voucher)
    found = sold.house.rows(
        "SELECT id::text, kind, subject, body, 1 FROM errands WHERE subject = %s", shown("vdg", voiding)
    )
    assert found[0][1] == VOID_COUPON
    return voiding, Errand(*found[0])


@pytest.mark.parametrize(
    ("words", "state", "back_fen"),
    [
        ((VOIDED, VOIDED), "voided", PRICE_FEN),
        ((VOIDED, USED), "voided", PRICE_FEN),
        ((VOIDED, UNKNOWN), "voided", PRICE_FEN),
        ((USED, VOIDED), "used", 0),
        ((USED, USED), "used", 0),
        ((UNKNOWN, VOIDED), "unknown", 0),
    ],
)
def test_the_first_word_that_was_heard_holds(
    sold: Booth, words: tuple[VoidWord, ...], state: str, back_fen: int
) -> None:
    who = member(sold.house, " ".join(words), PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding, errand = under_way(sold, voucher)
    say = voiding_coupons(Fickle(list(words)), sold.house.first.obey_all)
    with capture_logs() as lines:
        said = [say(errand) for _ in words]
    assert said == [state, state]
    found: dict[str, Any] = dict(sold.voiding(voiding))
    assert found == {"state": state, "back_fen": back_fen, "refunds": int(back_fen > 0)}
    assert sold.house.available(who, now()) == back_fen
    # It ended with the first word, in one commit: nobody asks again, however its messenger fell.
    assert sold.under_way() == 0
    told = [line["word"] for line in lines if line["event"] == "voiding.contradicted"]
    assert told == [word.value for word in words if word.value != state]


def test_a_used_that_is_taken_back_on_the_line_is_still_used(sold: Booth) -> None:
    """See that a lost "voided" followed by "used" gives nothing back: the word that was heard holds."""
    who = member(sold.house, "turned", PRICE_FEN)
    voucher = sold.sold_to(who)
    voiding = sold.void(voucher)
    sold.partner.order(["error-after", "turned"])
    sold.carry()
    assert sold.voiding(voiding) == {"state": "used", "back_fen": 0, "refunds": 0}
    assert code_of(sold.house.obey(giving_back(voucher))[0]) == "coupon-used"
