"""A wallet: where the lots of one identity lie. Refuses to hold any itself: they name it, and never move."""

from dataclasses import dataclass

from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet of one identity (a unit's member number `hotel:17`, or a `mem_…` id), and who holds it now."""

    id: str
    identity: str
    holder_id: str
    account: int
