"""The door to parked events: operators see what could not be obeyed, replay it, or set it aside.

Refuses to change an event: what heals is the world around it. Replaying twice is harmless.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import Kind, NotFound, Refusal
from shared.kernel.words import Words
from shared.runtime.consumer import Consumer
from shared.runtime.parked import Obeying
from shared.web.door import Call, Door
from shared.web.fields import Text
from shared.web.strict import Inbound, Nothing


class StillParked(Refusal):
    """A parked event could not be set aside."""

    kind = Kind.CONFLICT
    code = "still-parked"
    title = Words("事件仍被停放", "The event stays parked")
    advice = Words(
        "原因：{why}。请先排除原因，再重放。", "Because: {why}. Mend that first, then replay it again."
    )


class ReplayBody(Inbound):
    """Which key to replay; all of them if none is named."""

    key: Annotated[str, Text(200)] | None = None


class ParkedView(BaseModel):
    """A parked event: where it stands, of which key, and why it was parked."""

    id: int
    topic: str
    key: str
    cause: str
    parked_at: str


class ParkedListView(BaseModel):
    """What is parked and not healed, oldest first; at most a hundred."""

    data: list[ParkedView]
    count: int


class ReplayView(BaseModel):
    """How many were healed, and what stopped each key that was not."""

    healed: int
    stopped: dict[str, str]


class DismissedView(BaseModel):
    """A parked event that was set aside."""

    id: int


def declare_parked(door: Door, consumer: Consumer, desk: Obeying) -> None:
    """Declare the routes of parked events."""

    @door.get("/parked", takes=Nothing, gives=ParkedListView, roles=(Role.OPERATOR,))
    def list_parked(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """List what is parked and not healed, oldest first."""
        found = consumer.parked.listed()
        return {
            "data": [
                {
                    "id": one.id,
                    "topic": one.record.topic,
                    "key": one.record.key,
                    "cause": one.cause,
                    "parked_at": one.parked_at,
                }
                for one in found
            ],
            "count": consumer.parked.count(),
        }

    @door.post("/parked/replay", takes=ReplayBody, gives=ReplayView, roles=(Role.OPERATOR,))
    def replay_parked(asked: Asked, body: ReplayBody, call: Call) -> Mapping[str, Any]:
        """Obey parked events again, each key in the order of its versions."""
        done = consumer.parked.replay(consumer.hearing, desk, key=body.key)
        call.note(healed=done.healed)
        stopped = {f"{topic} {key}": why for (topic, key), why in done.stopped.items()}
        return {"healed": done.healed, "stopped": stopped}

    @door.post("/parked/{event}/dismiss", takes=Nothing, gives=DismissedView, roles=(Role.OPERATOR,))
    def dismiss_parked(asked: Asked, body: Nothing, call: Call) -> Mapping[str, Any]:
        """Set one parked event aside: its version counts as heard, its content is not obeyed."""
        if not call.path["event"].isdecimal() or len(call.path["event"]) > 18:
            raise NotFound()
        parked_id = int(call.path["event"])
        why = consumer.parked.dismiss(parked_id, desk, by=call.principal.subject)
        if why is not None:
            raise StillParked(why=why)
        return {"id": parked_id}
