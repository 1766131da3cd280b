"""The door to the outbox's archive: operators fill a broker that lost its log, and see how far that is.

Refuses to name events: what left once leaves again as it was, from a moment or an event on, all of it.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema

from shared.kernel.command import Answer, Asked
from shared.kernel.ids import read, shown
from shared.kernel.principal import Role
from shared.kernel.refusal import NotFound
from shared.runtime.replays import OutboxReplay, OutboxReplays, first_id_of, moment_of
from shared.web.door import Call, Door
from shared.web.faults import broken
from shared.web.fields import Moment
from shared.web.strict import Inbound, Nothing

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MOMENT: TypeAdapter[Any] = TypeAdapter(Moment)


def _since(value: Any) -> str:
    if isinstance(value, str):
        if found := value if _UUID7.fullmatch(value) else read("evt", value):
            return found
        try:
            return first_id_of(_MOMENT.validate_python(value))
        except ValidationError:
            pass
    raise broken(
        "since",
        "必须是带时区偏移的 RFC 3339 时间，或事件编号（evt_ 或 UUIDv7）",
        "must be an RFC 3339 time with offset, or the id of an event (evt_… or a UUIDv7)",
    )


Since = Annotated[str, PlainValidator(_since), WithJsonSchema({"type": "string", "maxLength": 80})]
"""A moment or an event, read into the smallest id of an event asked for."""


class ReplayFrom(Inbound):
    """From where on the archive leaves again: a moment, or an event's id."""

    since: Since


class OutboxReplayAskedView(BaseModel):
    """A replay that was asked for: its first event and when that was, null where there is none."""

    replay: str
    from_event: str | None
    from_moment: str | None
    events_at_most: int


class OutboxReplayView(OutboxReplayAskedView):
    """How far a replay is: events passed of `events_at_most`, sent, and not taken by the broker any more."""

    passed: int
    sent: int
    unsendable: int
    done: bool


def declare_replays(door: Door, replays: OutboxReplays) -> None:
    """Declare the routes of replays."""

    @door.post(
        "/outbox/replays", takes=ReplayFrom, gives=OutboxReplayAskedView, roles=(Role.OPERATOR,), status=202
    )
    def replay_outbox(asked: Asked, body: ReplayFrom, call: Call) -> Answer:
        """Let every event since then leave again, before anything new does; whoever heard it drops it."""
        assert asked.key is not None
        replay = replays.ask(asked.id, asked.key, body.since, call.principal.subject)
        return Answer(orjson.dumps(_asked_for(replay)), replayed=replay.id != asked.id)

    @door.get("/outbox/replays/{replay}", takes=Nothing, gives=OutboxReplayView, roles=(Role.OPERATOR,))
    def read_replay(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Tell how far a replay of the outbox is."""
        replay = replays.find(call.id_of("replay", "rpl"))
        if replay is None:
            raise NotFound()
        return {
            **_asked_for(replay),
            "passed": max(min(replay.next_id, replay.last_id + 1) - replay.first_id, 0),
            "sent": replay.sent,
            "unsendable": replay.unsendable,
            "done": replay.ended_at is not None,
        }


def _asked_for(replay: OutboxReplay) -> Mapping[str, Any]:
    first = replay.first_event
    return {
        "replay": shown("rpl", replay.id),
        "from_event": shown("evt", first) if first else None,
        "from_moment": moment_of(first).isoformat() if first else None,
        "events_at_most": replay.last_id - replay.first_id + 1 if first else 0,
    }
