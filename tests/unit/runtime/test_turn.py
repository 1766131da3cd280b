"""What a relay takes in one turn, and what it believes of the broker's answers; no broker, no database."""

from dataclasses import dataclass

from shared.runtime.outbox import OutboxRow
from shared.runtime.turn import ROW_OVERHEAD_BYTES, TURN_BYTES_MAX, acknowledged, within


@dataclass(frozen=True, slots=True)
class Future:
    """What kafka-python gives for a sent record."""

    exception: Exception | None = None
    answered: bool = True

    def succeeded(self) -> bool:
        """Tell whether the broker has it."""
        return self.answered and self.exception is None


def row(id_: int, key: str, data: str = "{}") -> OutboxRow:
    """Make a pending row."""
    return OutboxRow(id_, "evt_", "member.client.revoked", key, id_, "2026-11-22T00:00:00Z", None, data, 0.0)


def test_only_what_succeeded_counts_and_a_key_stops_at_its_first_failure() -> None:
    """A later success of the same key is sent again rather than marked out of order."""
    lost = TimeoutError("lost")
    sent = [
        (row(1, "a"), Future()),
        (row(2, "b"), Future(lost)),
        (row(3, "a"), Future()),
        (row(4, "b"), Future()),
        (row(5, "c"), Future(answered=False)),
        (row(6, "d"), Future()),
    ]
    published, failed = acknowledged(sent)
    assert published == [1, 3, 6]
    assert failed is not None
    assert acknowledged(sent[:1]) == ([1], None)


def test_a_turn_fits_into_one_request_and_takes_at_least_one_row() -> None:
    """Chinese text is counted by its bytes, at most four a character."""
    half = "x" * (TURN_BYTES_MAX // 2 - ROW_OVERHEAD_BYTES)
    assert len(within([row(1, "a", half), row(2, "a", half), row(3, "a", "{}")])) == 2
    assert len(within([row(1, "a", "分" * (TURN_BYTES_MAX // 4)), row(2, "a")])) == 1
    assert len(within([row(1, "a"), row(2, "a")])) == 2
