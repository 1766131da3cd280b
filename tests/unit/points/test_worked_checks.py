"""The worked checks of the business rules, line by line."""

from datetime import timedelta

from services.points.domain.account import AccountRole
from services.points.domain.amounts import CNY_PER_FEN
from tests.unit.points.ledger import ACCOUNTS, UNITS, balances, clearing
from tests.unit.points.small_books import NOON, earn, obey, redeem, small_books, transfers


def test_a_flat_of_6_million_pays_at_the_hotel_and_in_the_mall() -> None:
    """A ¥6 m flat issues 30,000 RESI; 12,000 are spent at the hotel, 8,000 in the mall.

    | account | RESI | CNY |
    | --- | ---: | ---: |
    | issued: residential | −30,000 | |
    | wallet | 10,000 | |
    | redeemed: hotel | 12,000 | |
    | redeemed: mall-east | 8,000 | |
    | clearing: residential | | −¥200 |
    | clearing: hotel | | ¥120 |
    | clearing: mall-east | | ¥80 |

    ¥100 of liability (10,000 points) remains with residential.
    Source: the demo group's business rules, worked check 1.
    """
    books = small_books("residential:1")
    obey(books, earn("residential", "1", 600_000_000))
    hotel = obey(books, redeem("residential:1", "hotel", 12_000))
    mall = obey(books, redeem("residential:1", "mall-east", 8_000))
    assert hotel.answer["owed"] == [{"issuer": "residential", "amount_fen": 12_000}]
    assert mall.answer["owed"] == [{"issuer": "residential", "amount_fen": 8_000}]
    wallet = books.wallet("residential:1")
    assert balances(transfers(books)) == {
        (ACCOUNTS.of(AccountRole.ISSUED, "residential"), "RESI"): -30_000,
        (wallet.account, "RESI"): 10_000,
        (ACCOUNTS.of(AccountRole.REDEEMED, "hotel"), "RESI"): 12_000,
        (ACCOUNTS.of(AccountRole.REDEEMED, "mall-east"), "RESI"): 8_000,
        clearing("residential"): -20_000 * CNY_PER_FEN,
        clearing("hotel"): 12_000 * CNY_PER_FEN,
        clearing("mall-east"): 8_000 * CNY_PER_FEN,
    }
    folded = balances(transfers(books))
    assert sum(folded.get(clearing(unit), 0) for unit in UNITS) == 0
    assert books.holders["holder"] == 3


def test_100_mall_points_and_300_hotel_points_pay_an_office_service_of_800() -> None:
    """100 MALL (issued by mall A) and 300 HOTL pay 800 GRUP at the office: 100 × 5 + 300 × 1.

    | account | MALL | HOTL | CNY |
    | --- | ---: | ---: | ---: |
    | issued: mall-east | −100 | | |
    | issued: hotel | | −300 | |
    | redeemed: office | 100 | 300 | |
    | clearing: mall-east | | | −¥5.00 |
    | clearing: hotel | | | −¥3.00 |
    | clearing: office | | | ¥8.00 |

    Source: the demo group's business rules, worked check 2.
    """
    books = small_books("mall-east:1", "hotel:1")
    obey(books, earn("mall-east", "1", 100_000, "1"))
    obey(books, earn("hotel", "1", 10_000, "2", NOON + timedelta(seconds=1)))
    paid = obey(books, redeem("hotel:1", "office", 800, at=NOON + timedelta(seconds=2)))
    assert paid.answer["owed"] == [
        {"issuer": "hotel", "amount_fen": 300},
        {"issuer": "mall-east", "amount_fen": 500},
    ]
    assert paid.answer["change_points"] == 0
    assert balances(transfers(books)) == {
        (ACCOUNTS.of(AccountRole.ISSUED, "mall-east"), "MALL"): -100,
        (ACCOUNTS.of(AccountRole.ISSUED, "hotel"), "HOTL"): -300,
        (ACCOUNTS.of(AccountRole.REDEEMED, "office"), "MALL"): 100,
        (ACCOUNTS.of(AccountRole.REDEEMED, "office"), "HOTL"): 300,
        clearing("mall-east"): -500 * CNY_PER_FEN,
        clearing("hotel"): -300 * CNY_PER_FEN,
        clearing("office"): 800 * CNY_PER_FEN,
    }
