"""What tests read back from a topic, with a client of their own and no group."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from contracts.event import Label, label_of
from shared.runtime.broker import API_VERSION


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it stands on the topic."""

    label: Label
    key: str
    body: bytes


def read_topic(bootstrap: str, topic: str, until: int, timeout_s: float = 30.0) -> list[Read]:
    """Read a topic from its beginning until that many different events were seen, then what else is there."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, api_version=API_VERSION, auto_offset_reset="earliest"
    )
    try:
        parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(parts)
        found: list[Read] = []
        deadline = monotonic() + timeout_s
        while monotonic() < deadline:
            records = consumer.poll(timeout_ms=100)
            for batch in records.values():
                found += [Read(label_of(one.headers), one.key.decode(), one.value) for one in batch]
            ends = consumer.end_offsets(parts)
            drained = all(consumer.position(part) >= ends[part] for part in parts)
            if drained and len({one.label.id for one in found}) >= until:
                return found
        raise AssertionError(f"{len({one.label.id for one in found})} of {until} events after {timeout_s} s")
    finally:
        consumer.close()


def first_heard(found: Iterable[Read]) -> dict[str, list[int]]:
    """Give per key the versions in the order in which each was seen first."""
    heard: dict[str, list[int]] = defaultdict(list)
    for one in found:
        if one.label.seq not in heard[one.key]:
            heard[one.key].append(one.label.seq)
    return heard
