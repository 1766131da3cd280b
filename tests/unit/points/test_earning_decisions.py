"""Receipts decided on books in memory under caps, tiers and categories: answered, kept, counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.points.commands.earn_points import EarnPoints
from services.points.commands.keep_tier import KeepTier
from services.points.commands.link_number import LinkNumber
from services.points.domain.amounts import Points
from services.points.domain.assessment import misfit
from services.points.domain.books import LedgerBooks
from services.points.domain.changes import ReceiptKept
from services.points.domain.earning import Cut, EarnRate, Given, Terms
from services.points.domain.rulebook import RuleKind, RuleVersion, merged
from services.points.domain.wallet import Wallet
from tests.unit.points.ledger import BEGINNING, version
from tests.unit.points.small_books import NOON, asked, earn, obey, small_books, transfers

CAPS = {"points_per_day": 5_000, "receipts_per_store": 3, "exempt": ["hotel"]}
MALL = {
    "points": 1,
    "per_fen": 1_000,
    "pending_days": 0,
    "expiry_months": 24,
    "categories": {"food": {"points": 1, "per_fen": 5_000}},
    "tiers": {"1": 12_000, "2": 15_000},
}
DAY = timedelta(days=1)


def books_with(*more: RuleVersion, identities: tuple[str, ...] = ("mall-east:1", "office:1")) -> LedgerBooks:
    """Open books with more rules."""
    books = small_books(*identities)
    books.rulebook = merged(books.rulebook, more)
    return books


def caps(at: datetime = BEGINNING) -> RuleVersion:
    """Make the group's caps."""
    return version(RuleKind.CAP, "group", 1, at, CAPS)


def mall(at: datetime = BEGINNING) -> RuleVersion:
    """Make the mall's second version, with a category and tiers."""
    return version(RuleKind.EARN, "mall-east", 2, at, MALL)


def kept(books: LedgerBooks) -> list[ReceiptKept]:
    """Give the receipts that were kept."""
    return [one for one in books.applied if isinstance(one, ReceiptKept)]


def with_lines(command: EarnPoints, **fen: int) -> EarnPoints:
    """Let a receipt be of these categories."""
    return replace(command, lines=tuple(fen.items()))


def test_a_receipt_is_kept_with_its_terms_and_the_answer_says_what_was_cut() -> None:
    books = books_with(caps())
    answers = [obey(books, earn("office", "1", 400_000, str(place))).answer for place in range(4)]
    assert [one["points"] for one in answers] == [2_000, 2_000, 1_000, 0]
    assert [one["cut"] for one in answers[:2]] == [[], []]
    assert answers[2]["cut"] == [{"rule": "points-per-day", "of": "points", "points": 1_000}]
    assert answers[3]["cut"] == [{"rule": "receipts-per-store", "of": "points", "points": 2_000}]
    assert answers[3]["lot"] is None
    assert [one.terms.as_json().get("cut", []) for one in kept(books)] == [one["cut"] for one in answers]
    assert {one.capped_on for one in kept(books)} == {NOON.date()}
    assert sum(line.amount for line in transfers(books)) == 5_000
    for one in kept(books):
        assert misfit(books.rulebook, one.unit, one.amount_fen, one.points, one.terms) == ""


def test_a_day_is_the_purchases_own_and_everybodys_own() -> None:
    books = books_with(caps())
    assert obey(books, earn("office", "1", 2_000_000, "1")).answer["points"] == 5_000
    assert obey(books, earn("office", "1", 2_000, "2")).answer["points"] == 0
    assert obey(books, earn("office", "1", 2_000, "3", NOON - DAY)).answer["points"] == 10
    assert obey(books, earn("office", "1", 2_000_000, "4", NOON + DAY)).answer["points"] == 5_000
    # The office's points and the mall's are one member's day.
    assert obey(books, earn("mall-east", "1", 100_000, "5")).answer["points"] == 0


def test_where_no_caps_hold_nothing_is_counted() -> None:
    books = books_with(caps(NOON + DAY))
    assert obey(books, earn("office", "1", 2_000_000, "1")).answer["points"] == 10_000
    assert [one.capped_on for one in kept(books)] == [None]
    assert books.day_earnings == {}


def test_categories_and_tiers_of_the_purchase_make_the_points() -> None:
    books = books_with(mall(), identities=("mall-east:1", "mem_a"))
    assert obey(books, with_lines(earn("mall-east", "1", 12_000, "1"), food=12_000)).answer["points"] == 2
    obey(books, KeepTier(asked(), "mem_a", 1, NOON, 2))
    obey(books, KeepTier(asked(), "mem_a", 2, NOON + DAY, 3))
    # Of two words about one moment the later holds.
    obey(books, KeepTier(asked(), "mem_a", 0, NOON + 2 * DAY, 4))
    obey(books, KeepTier(asked(), "mem_a", 1, NOON + 2 * DAY, 5))
    found = [
        obey(books, earn("mall-east", "1", 100_000, f"t{place}", NOON + moment)).answer["points"]
        for place, moment in enumerate((-timedelta(seconds=1), timedelta(0), DAY, 2 * DAY))
    ]
    assert found == [100, 120, 150, 120]
    assert [one.terms.tier for one in kept(books)] == [0, 0, 1, 2, 1]


def test_a_number_of_nobody_has_no_tier_until_it_is_linked() -> None:
    books = books_with(mall(), identities=("mall-east:1",))
    books.holders["person"] = 0
    member = Wallet("wallet-m", "mem_a", "person", 20_000)
    books.wallets["mem_a"], books.held["person"] = member, {member.id: member}
    obey(books, KeepTier(asked(), "mem_a", 2, NOON - DAY, 1))
    assert obey(books, earn("mall-east", "1", 100_000, "1")).answer["points"] == 100
    obey(books, LinkNumber(asked(), "mem_a", "mall-east", "1"))
    assert obey(books, earn("mall-east", "1", 100_000, "2")).answer["points"] == 150


def test_a_repeat_is_told_the_first_answer_whatever_it_says_of_categories() -> None:
    books = books_with(mall())
    first = obey(books, with_lines(earn("mall-east", "1", 10_000, "1"), food=10_000))
    again = obey(books, earn("mall-east", "1", 10_000, "1"))
    assert again.answer == first.answer
    assert again.changes == ()


SPRING = {
    "units": ["mall-east"],
    "until": "2018-01-01T00:00:00Z",
    "bearer": "unit",
    "bonus_points": 7,
    "budget": 100,
}


@pytest.mark.parametrize(
    ("points", "terms", "told"),
    [
        (10, Terms(2), ""),
        (9, Terms(2), "its points are not"),
        (9, Terms(2, cut=(Cut("points-per-day", "points", 1),)), ""),
        (2, Terms(2, {"food": 10_000}), ""),
        (2, Terms(2, {"food": 9_999}), "its lines do not"),
        (12, Terms(2, tier=1), ""),
        (10, Terms(3), "its unit has no version 3"),
        (10, Terms(2, given=Given("spring", 1, "mall-east", Points(7))), ""),
        (10, Terms(2, given=Given("spring", 1, "mall-east", Points(6))), "its bonus is not"),
        (10, Terms(2, given=Given("spring", 1, "group", Points(7))), "campaign spring"),
        (10, Terms(2, given=Given("spring", 2, "mall-east", Points(7))), "campaign spring"),
        (
            10,
            Terms(
                2, given=Given("spring", 1, "mall-east", Points(2)), cut=(Cut("campaign-budget", "bonus", 5),)
            ),
            "",
        ),
    ],
)
def test_terms_say_what_a_receipt_must_have_earned(points: int, terms: Terms, told: str) -> None:
    rulebook = books_with(mall(), version(RuleKind.CAMPAIGN, "spring", 1, BEGINNING, SPRING)).rulebook
    assert misfit(rulebook, "mall-east", 10_000, points, terms).startswith(told)
    assert bool(misfit(rulebook, "mall-east", 10_000, points, terms)) == bool(told)


def test_a_version_reigns_until_the_next_begins() -> None:
    later = datetime(2017, 6, 1, tzinfo=UTC)
    rulebook = books_with(mall(later)).rulebook
    assert rulebook.reign("mall-east", 1) == (BEGINNING, later)
    assert rulebook.reign("mall-east", 2) == (later, None)
    found = rulebook.earn_version("mall-east", 2)
    assert found is not None
    assert found.categories == {"food": EarnRate(1, 5_000)}
