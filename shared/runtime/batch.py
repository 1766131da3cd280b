"""One batch: twins, first answers, order, decisions. Pure bookkeeping between the desk's two SQL calls.

Refuses to touch the database and to wait: it sorts tickets into answered, deferred and failed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog

from contracts.catalogue import written
from shared.kernel.command import Answer, Books, Command, Needs, Nonce, Outcome, Postponed, Row
from shared.kernel.heard import judge
from shared.kernel.ids import derived
from shared.kernel.refusal import InFlight, KeyReused, Refusal, SignatureUsed
from shared.runtime.memory import B, Claim, First, Kept, Loaded, Outgoing, Record, json_text
from shared.runtime.waiting import Ticket

Decision = Callable[[Any, Any], Outcome]
FIRST_EVENT = 0xE00
KEPT_BY = "@"
"""What stands before the id of a row that keeps an answer, where the inbox keeps only that; no JSON does."""

log = structlog.get_logger("desk")


class Batch:
    """The tickets of one transaction, in the order in which they arrived."""

    def __init__(self, tickets: Sequence[Ticket], decisions: Mapping[type, Decision]) -> None:
        self.decisions = decisions
        self.leads: list[tuple[Ticket, Claim]] = []
        self.twins: dict[str, list[Ticket]] = {}
        self.answers: list[tuple[Ticket, Answer]] = []
        self.deferred: list[Ticket] = []
        self.wants: list[Any] = []
        self.record = Record()
        for ticket in tickets:
            self._admit(ticket)

    @property
    def claims(self) -> list[Claim]:
        """The claims of all commands that are not twins of an earlier one."""
        return [claim for _, claim in self.leads]

    def _admit(self, ticket: Ticket) -> None:
        key = ticket.command.asked.key
        if key is not None:
            followers = self.twins.get(key.name)
            if followers is not None:
                followers.append(ticket)
                return
            self.twins[key.name] = []
        needs = ticket.needs
        if ticket.passive:
            # Its rows are asked for, to know by which lock they go; its names are left to others.
            self.leads.append((ticket, Claim(ticket.command, Needs(rows=needs.rows), ())))
        else:
            self.leads.append((ticket, Claim(ticket.command, needs, _names(ticket.command, needs))))

    def decide(self, loaded: Loaded[B]) -> None:
        """Answer or defer every command, in order; one deferred holds back later ones that need its rows."""
        blocked: set[Row | str] = set()
        for ticket, claim in self.leads:
            answer = None if ticket.passive else self._judged(ticket, claim, loaded, blocked)
            if answer is None:
                self._defer(ticket, claim, loaded, blocked)
            else:
                self._settle(ticket, answer)

    def _judged(
        self, ticket: Ticket, claim: Claim, loaded: Loaded[B], blocked: set[Row | str]
    ) -> Answer | None:
        for name in claim.names:
            if name not in loaded.obtained or name in blocked:
                return None
        asked = claim.command.asked
        if asked.nonce is not None and not self._fresh(claim, loaded):
            return Answer(refusal=SignatureUsed())
        if asked.key is not None:
            first = loaded.first.get(asked.key.name)
            if first is not None:
                return replayed(first, asked.key.fingerprint)
            if asked.key.event and asked.key.key in loaded.events:
                return Answer(json=b"{}", replayed=True)
        for row in claim.needs.rows:
            lock = loaded.locks.get(row)
            if lock is None or row in blocked or lock in blocked:
                return None
        try:
            return self._decided(claim.command, loaded)
        except Postponed as put_off:
            ticket.widen(put_off.rows)
            self.wants.extend(put_off.wants)
            return None

    def _fresh(self, claim: Claim, loaded: Loaded[B]) -> bool:
        nonce = claim.command.asked.nonce
        assert nonce is not None
        if loaded.nonces.setdefault(nonce.name, nonce.owner) != nonce.owner:
            return False
        self._use(nonce)
        return True

    def _use(self, nonce: Nonce | None) -> bool:
        """Note that a nonce is used; tell whether nobody else has used it in this batch."""
        return nonce is None or self.record.nonces.setdefault(nonce.name, nonce).owner == nonce.owner

    def _decided(self, command: Command, loaded: Loaded[B]) -> Answer | None:
        books: Books = loaded.books
        try:
            if command.asked.heard is not None:
                heard = command.asked.heard
                judge(loaded.heard.get((heard.topic, heard.key)), heard.seq)
            outcome = self.decisions[type(command)](books, command)
            answer = orjson.dumps(outcome.answer, option=orjson.OPT_SORT_KEYS)
            outgoing = announced(command, outcome)
        except Postponed:
            raise
        except Refusal as refusal:
            return self._refused(command, refusal, books)
        except Exception:
            log.exception("decision.defect", command=type(command).__name__, id=command.asked.id)
            return Answer()
        books.apply(outcome.changes)
        self.record.outgoing.extend(outgoing)
        text = answer.decode()
        if outcome.kept_by is not None:
            # Whatever keeps it lives as long as the batch, so nothing else gets its identity.
            self.record.written[id(outcome.answer)] = text
            text = KEPT_BY + outcome.kept_by
        self._keep(command, loaded, text)
        return Answer(json=answer)

    def _refused(self, command: Command, refusal: Refusal, books: Books) -> Answer:
        books.apply(refusal.changes)
        key = command.asked.key
        if key is not None and not key.event and refusal.stored:
            kept = json_text(refusal.kept())
            self.record.kept.append(Kept(key.name, key.fingerprint, True, kept))
        return Answer(refusal=refusal)

    def _keep(self, command: Command, loaded: Loaded[B], answer: str) -> None:
        key, heard = command.asked.key, command.asked.heard
        if key is not None and key.event:
            self.record.events.append((key.key, key.scope))
            loaded.events.add(key.key)
        elif key is not None:
            self.record.kept.append(Kept(key.name, key.fingerprint, False, answer))
        if heard is not None:
            place = (heard.topic, heard.key)
            loaded.heard[place] = heard.seq
            self.record.heard[place] = heard

    def _defer(self, ticket: Ticket, claim: Claim, loaded: Loaded[B], blocked: set[Row | str]) -> None:
        for row in claim.needs.rows:
            blocked.add(row)
            if row in loaded.locks:
                blocked.add(loaded.locks[row])
        blocked.update(_names(ticket.command, ticket.needs) if ticket.passive else claim.names)
        self.deferred.append(ticket)
        key = ticket.command.asked.key
        if key is not None:
            self.deferred.extend(self.twins.pop(key.name))

    def _settle(self, ticket: Ticket, answer: Answer) -> None:
        self.answers.append((ticket, answer))
        key = ticket.command.asked.key
        for follower in self.twins.get(key.name, ()) if key is not None else ():
            asked = follower.command.asked
            if not self._use(asked.nonce):
                self.answers.append((follower, Answer(refusal=SignatureUsed())))
                continue
            same = asked.key is not None and key is not None and asked.key.fingerprint == key.fingerprint
            twin = Answer(answer.json, answer.refusal, replayed=True) if same else Answer(refusal=KeyReused())
            self.answers.append((follower, twin))


def _names(command: Command, needs: Needs) -> tuple[str, ...]:
    """Give every name a command must obtain first: its key, its natural names, its nonce."""
    key, nonce = command.asked.key, command.asked.nonce
    names = (key.name, *needs.naturals) if key is not None else needs.naturals
    return (*names, f"nonce {nonce.name}") if nonce is not None else names


def replayed(first: First, fingerprint: bytes) -> Answer:
    """Give the first answer again, or refuse another body under the same key."""
    if first.fingerprint != fingerprint:
        return Answer(refusal=KeyReused())
    if first.refused:
        return Answer(refusal=Refusal.recalled(orjson.loads(first.answer)), replayed=True)
    return Answer(json=first.answer.encode(), replayed=True)


def announced(command: Command, outcome: Outcome) -> list[Outgoing]:
    """Write a decision's events for the outbox; each event's id derives from the command's.

    :raises Uncatalogued: if an event is not as the catalogue says: a defect that costs its command alone.
    """
    return [
        Outgoing(
            event_id=derived(command.asked.id, FIRST_EVENT + place),
            type=event.type,
            key=event.key,
            seq=event.seq,
            occurred_at=event.occurred_at,
            data=written(event.type, event.data),
            traceparent=command.asked.traceparent,
        )
        for place, event in enumerate(outcome.events)
    ]


def late(ticket: Ticket) -> Answer:
    """Answer a command whose key or rows stayed in use elsewhere for longer than its patience."""
    return Answer(refusal=InFlight(key=ticket.command.asked.key.key if ticket.command.asked.key else None))
