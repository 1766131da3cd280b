"""Where an event goes: where the client itself would send it, for other clients look for it there."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from kafka.partitioner import DefaultPartitioner

from shared.runtime.broker import ByKey


@pytest.mark.parametrize("count", [1, 6, 12])
def test_a_key_goes_where_the_client_itself_would_send_it(count: int) -> None:
    cluster = SimpleNamespace(
        topics=lambda: {"t"},
        partitions_for_topic=lambda topic: set(range(count)) if topic == "t" else None,
        available_partitions_for_topic=lambda _: set(range(count)),
    )
    for size in range(40):
        key = uuid4().hex.encode()[:size] + b"-" * (size > 32)
        wanted = DefaultPartitioner().partition("t", None, key, None, b"", cluster)
        for _ in range(2):
            assert ByKey().partition("t", None, key, None, b"", cluster) == wanted
    with pytest.raises(ValueError, match="no partition of other"):
        ByKey().partition("other", None, b"k", None, b"", cluster)
