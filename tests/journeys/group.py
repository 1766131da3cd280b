"""A group that runs: the whole stack, seeded, and everybody who comes to its doors.

One stack serves all journeys of a test run; those that close months or end processes bring up one of their
own (`own_group`). The clock door is off, so months open and close by command.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import orjson

from infra.embedded.ports import free_port
from infra.embedded.stack import Profile, Stack
from infra.seed.keys import signer_of
from infra.seed.seed import furnish, keys_of
from shared.kernel.calendar import month_after, month_of
from shared.runtime.clock import now
from shared.web.keys import new_private_key, public_key_text
from shared.web.signatures import RequestSigner
from tests.journeys.caller import Caller, by_nothing, by_signature, by_token
from tests.stack import rows

PROFILE = Profile("journeys", clock=False, seeded=False, durable=False, partner=True)
PATIENCE_S = 20.0
# Attacks come by the hundred from one address: the quota of strangers has tests of its own.
_SETTINGS = {
    "MEMBER_CODES_PER_ADDRESS_HOUR": "1000000",
    **{f"{name}_STRANGER_REQUESTS_PER_MINUTE": "1000000" for name in ("MEMBER", "POINTS")},
}

Found = TypeVar("Found")


def until(look: Callable[[], Found], patience_s: float = PATIENCE_S) -> Found:
    """Look until there is something to see, and give it."""
    deadline = time.monotonic() + patience_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"it did not come in {patience_s} s"
        time.sleep(0.02)
    return found


def furnished(
    home: Path, *, durable: bool = False, silence_s: float | None = None
) -> tuple[Stack, dict[str, object]]:
    """Bring up a stack with units, rules and systems, and say where everything is."""
    os.environ.update(_SETTINGS)
    stack = Stack(home, replace(PROFILE, durable=durable), port=free_port(), silence_s=silence_s)
    try:
        stack.start()
        furnish(stack)
    except BaseException:
        stack.stop()
        raise
    return stack, {
        "address": stack.address,
        "services": stack.services,
        "webs": [stack.parts[name].address for name in stack.webs["points"]],
        "databases": stack.databases,
        "keys": str(keys_of(stack)),
        "logs": str(stack.home.log("points").parent),
        "staff_secret": stack.secrets.staff(),
        "bootstrap": stack.bootstrap,
        "partner": stack.parts["partner"].address,
    }


@contextmanager
def own_group(
    home: Path, *, durable: bool = False, silence_s: float | None = None
) -> Iterator[tuple[Group, Stack]]:
    """Bring up a group of the test's own, with the stack in the test's hands, and end it.

    :param durable: whether PostgreSQL waits for the disk, as it does outside tests.
    :param silence_s: how long a process may give no sign of life; unset: as long as outside tests.
    """
    stack, found = furnished(home, durable=durable, silence_s=silence_s)
    group = Group(found)
    try:
        yield group, stack
    finally:
        group.web.close()
        stack.stop()


@dataclass
class Group:
    """Where the group's parts are, and its people."""

    found: Mapping[str, Any]
    web: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30.0, trust_env=False))
    _callers: dict[str, Caller] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The one address."""
        return str(self.found["address"])

    def service(self, name: str) -> str:
        """Give a service's own address, behind the gateway."""
        return str(self.found["services"][name])

    @cached_property
    def stranger(self) -> Caller:
        """Somebody whom nobody knows."""
        return Caller(self.address, self.web, by_nothing)

    def staff(self, subject: str) -> Caller:
        """Give a person of the staff, signed in."""
        if subject not in self._callers:
            body = {"subject": subject, "secret": self.found["staff_secret"]}
            answer = self.stranger.post("/member/v1/staff-tokens", body)
            assert answer.status_code == 201, answer.text
            self._callers[subject] = self._known(by_token(answer.json()["access_token"]))
        return self._callers[subject]

    def system(self, client: str) -> Caller:
        """Give one of the seeded systems: `till-<unit>` or `importer`."""
        if client not in self._callers:
            signer = signer_of(Path(self.found["keys"]), client)
            self._callers[client] = self._known(by_signature(signer))
        return self._callers[client]

    def fresh_system(self, client: str, role: str, unit: str | None = None) -> Caller:
        """Register a system and wait until points believes it."""
        private = new_private_key()
        body = {"client": client, "role": role, "unit": unit, "public_key": public_key_text(private)}
        answer = self.staff("operator-1").post("/member/v1/clients", body)
        assert answer.status_code == 201, answer.text
        return self._known(by_signature(RequestSigner(client, private)))

    def member(self, phone: str | None = None) -> Caller:
        """Sign a member in with the code that was sent to their phone; a new one if none is named."""
        phone = phone or fresh_phone()
        answer = self.stranger.post("/member/v1/sessions", {"phone": phone, "code": self.code_for(phone)})
        assert answer.status_code == 201, answer.text
        pair = answer.json()
        return self._known(by_token(pair["access_token"]), {**pair, "phone": phone})

    def code_for(self, phone: str) -> str:
        """Ask for a code and read it where the embedded carrier keeps its texts."""
        earlier = len(self.texts_to(phone))
        assert self.stranger.post("/member/v1/codes", {"phone": phone}).status_code == 202
        texts = until(lambda: found if len(found := self.texts_to(phone)) > earlier else [])
        code = re.search(r"[0-9]{6}", texts[0])
        assert code is not None, texts[0]
        return code[0]

    def person(self, **numbers: str) -> Caller:
        """Bring in a person with a phone and numbers of units, linked and heard, and sign them in."""
        phone = fresh_phone()
        named = {unit.replace("_", "-"): number for unit, number in numbers.items()}
        importer = self.system("importer")
        body = {"reference": phone, "numbers": named, "phone": phone}
        answer = importer.post("/member/v1/persons", body)
        assert answer.status_code == 201, answer.text
        until(lambda: all(self.holder_of(unit, number)["member"] for unit, number in named.items()))
        return self.member(phone)

    def holder_of(self, unit: str, number: str) -> dict[str, Any]:
        """Ask points what it knows of a number."""
        body = {"numbers": [{"unit": unit, "number": number}]}
        answer = self.system("importer").post("/points/v1/numbers/lookup", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"][0]
        return found

    def open_months(self) -> None:
        """Open last month, this one and the next, so that movements of today can be booked."""
        this = month_of(now())
        for ahead in (-1, 0, 1):
            self.open_month(month_after(this, ahead))

    def open_month(self, month: date) -> None:
        """Open a month, unless it is open."""
        answer = self.staff("operator-1").post(f"/points/v1/months/{month:%Y-%m}/open")
        assert answer.status_code == 200, answer.text

    def rows(self, service: str, statement: str, *parameters: object, duty: str = "owner") -> list[Any]:
        """Ask a service's database, past all doors."""
        return rows(self.found["databases"][service][duty], statement, *parameters)

    def lines(self, service: str) -> list[dict[str, Any]]:
        """Read the logs of a service's processes, one after the other."""
        texts = [log.read_bytes() for log in sorted(Path(self.found["logs"]).glob(f"{service}*.log"))]
        return [orjson.loads(line) for text in texts for line in text.splitlines() if line.startswith(b"{")]

    def measures(self) -> str:
        """Read what every process of points that answers tells Prometheus, one after the other."""
        return "\n".join(self.web.get(f"{address}/metrics").text for address in self.found["webs"])

    def texts_to(self, phone: str) -> list[str]:
        """List the texts to a phone, the latest first."""
        listed = self.staff("operator-1").get("/member/v1/messages").json()["data"]
        return [message["text"] for message in listed if message["phone"] == phone]

    def _known(self, proof: Any, facts: Mapping[str, Any] | None = None) -> Caller:
        """Give a caller once points has heard of the key that proves them; then all of its processes have."""
        caller = Caller(self.address, self.web, proof, facts or {})
        until(lambda: caller.get("/points/v1/units").status_code != 401)
        return caller


def fresh_phone() -> str:
    """Draw a Chinese mobile number; two tests of a run hardly ever draw the same."""
    return f"+86139{random.randrange(10**8):08d}"
