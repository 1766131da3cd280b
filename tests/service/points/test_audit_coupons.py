"""A coupon's digest is what makes its code one voucher's: one that is gone, or beside another, is found."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.tampering import named
from tests.service.points.voucher_room import PRICE_FEN, member, selling

LAST = "(SELECT id FROM vouchers WHERE state = 'issued' ORDER BY settled_at DESC LIMIT 1)"
REFUSED = "(SELECT id FROM vouchers WHERE state = 'refused')"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Database]:
    """Lend books with two vouchers that are issued, and one that is refused."""
    with stack.database_per_module("points") as database:
        with selling(database, tmp_path_factory.mktemp("partner")) as sold:
            for name in ("first", "second"):
                sold.ask(member(sold.house, name, PRICE_FEN))
                sold.carry()
            sold.ask(member(sold.house, "refused", PRICE_FEN))
            sold.partner.order(["sold-out"])
            sold.carry()
            sold.check("books to be audited", issued=2, refused=1)
        yield database


def voucher(books: stack.Database, which: str) -> str:
    """Give a voucher as a finding names it."""
    return str(
        stack.rows(books.superuser_url, f"SELECT 'voucher vch_' || replace({which}::text, '-', '')")[0][0]
    )


@pytest.mark.parametrize(
    ("change", "which"),
    [
        (f"DELETE FROM coupons WHERE voucher_id = {LAST} RETURNING 1", LAST),
        (f"UPDATE coupons SET digest = 'so' WHERE voucher_id = {LAST} RETURNING 1", LAST),
        (f"UPDATE coupons SET voucher_id = {REFUSED} WHERE voucher_id = {LAST} RETURNING 1", LAST),
        (f"INSERT INTO coupons VALUES (repeat('a', 64), {LAST}) RETURNING 1", LAST),
    ],
)
def test_a_digest_that_was_changed(books: stack.Database, change: str, which: str) -> None:
    assert stack.rows(books.superuser_url, change)
    assert any(row.startswith(voucher(books, which)) for row in named(books))


def test_coupons_that_were_issued_before_digests_were_kept(books: stack.Database) -> None:
    assert stack.rows(books.superuser_url, f"DELETE FROM coupons WHERE voucher_id <> {LAST} RETURNING 1")
    assert audited(books).findings == ()
