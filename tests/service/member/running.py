"""A member process of this module's own, reached over HTTP as members, staff and systems reach it.

Refuses to look behind the doors: what a test wants to know of the database it asks the database.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.embedded.ports import free_port
from shared.runtime.topics import topic_of
from shared.web.keys import new_private_key, public_key_text
from shared.web.signatures import RequestSigner
from tests import stack

STAFF_SECRET = "a secret of this test"
START_S = 30.0


def fresh_key() -> str:
    """Draw an idempotency key that nobody used."""
    return uuid4().hex


@dataclass
class System:
    """A registered system: signs everything it sends."""

    name: str
    private: Ed25519PrivateKey
    address: str
    web: httpx2.Client

    def post(self, path: str, body: object, key: str | None = None) -> httpx2.Response:
        """Send a signed write under a key of its own."""
        url, raw = f"{self.address}{path}", orjson.dumps(body)
        headers = RequestSigner(self.name, self.private).headers("POST", url, raw, key or fresh_key())
        return self.web.post(url, content=raw, headers={**headers, "Content-Type": "application/json"})

    def get(self, path: str) -> httpx2.Response:
        """Ask a signed question."""
        url = f"{self.address}{path}"
        return self.web.get(url, headers=RequestSigner(self.name, self.private).headers("GET", url))


@dataclass
class Running:
    """The process, and what people do with it."""

    address: str
    database: stack.Database
    web: httpx2.Client
    log: Path
    process: "subprocess.Popen[bytes]"
    tokens: dict[str, str] = field(default_factory=dict)

    def post(
        self,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        key: str | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Send a write, with a token and a key where given."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Authorization": f"Bearer {token}"} if token else {}
        sent |= {"Idempotency-Key": key} if key else {}
        raw = orjson.dumps({} if body is None else body)
        return self.web.post(path, content=raw, headers={**sent, "Content-Type": "application/json"})

    def get(self, path: str, *, token: str | None = None, **headers: str) -> httpx2.Response:
        """Ask a question, with a token where given."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= {"Authorization": f"Bearer {token}"} if token else {}
        return self.web.get(path, headers=sent)

    def staff(self, subject: str) -> str:
        """Give a token of a person of the staff."""
        if subject not in self.tokens:
            answer = self.post("/member/v1/staff-tokens", {"subject": subject, "secret": STAFF_SECRET})
            self.tokens[subject] = str(answer.json()["access_token"])
        return self.tokens[subject]

    def system(
        self, name: str, role: str, unit: str | None = None, private: Ed25519PrivateKey | None = None
    ) -> System:
        """Register a system with its key, or a fresh one."""
        private = private or new_private_key()
        body = {"client": name, "role": role, "unit": unit, "public_key": public_key_text(private)}
        answer = self.post("/member/v1/clients", body, token=self.staff("operator-1"), key=fresh_key())
        assert answer.status_code == 201, answer.text
        return System(name, private, self.address, self.web)

    def code_for(self, phone: str, **headers: str) -> str:
        """Ask for a code for a phone (E.164) and read it where the embedded carrier keeps texts."""
        sent = len(self.texts_to(phone))
        answer = self.post("/member/v1/codes", {"phone": phone}, **headers)
        assert answer.status_code == 202, answer.text
        texts = self.until(lambda: found if len(found := self.texts_to(phone)) > sent else [])
        found = re.search(r"[0-9]{6}", texts[0])
        assert found is not None, texts[0]
        return found[0]

    def texts_to(self, phone: str) -> list[str]:
        """List the texts to a phone, the latest first."""
        listed = self.get("/member/v1/messages", token=self.staff("operator-1")).json()["data"]
        return [message["text"] for message in listed if message["phone"] == phone]

    def let_pass(self, phone: str, seconds: int) -> None:
        """Let so much time have passed since the phone's last code, for whoever asks the database."""
        back = f"sent_at - interval '{seconds} s', day_began_at - interval '{seconds} s'"
        moved = f"UPDATE challenges SET (sent_at, day_began_at) = ({back}) WHERE phone = %s RETURNING phone"
        assert self.rows(moved, phone) == [(phone,)]

    def sign_in(self, phone: str) -> dict[str, Any]:
        """Sign in with a code and give the pair."""
        answer = self.post("/member/v1/sessions", {"phone": phone, "code": self.code_for(phone)})
        assert answer.status_code == 201, answer.text
        pair: dict[str, Any] = answer.json()
        return pair

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait(10)

    def rows(self, statement: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
        """Ask the database, past all doors."""
        return stack.rows(self.database.superuser_url, statement, *parameters)

    def until(self, found: Any, patience_s: float = 5.0) -> Any:
        """Ask until the answer is not empty."""
        deadline = time.monotonic() + patience_s
        while not (answer := found()):
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(0.01)
        return answer


def with_broker() -> tuple[dict[str, str], str]:
    """Give the settings that make a process announce to the run's broker, and the topic of its own."""
    prefix = stack.topic_prefix()
    topic = topic_of(prefix, "member")
    stack.add_topics([topic], 2)
    return {"MEMBER_KAFKA_BOOTSTRAP": stack.kafka(), "MEMBER_TOPIC_PREFIX": prefix}, topic


@contextmanager
def running(
    database: stack.Database, place: Path, settings: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run a member process, without a broker unless the settings name one, and end it; it must end well."""
    port = free_port()
    log = place / "member.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.member"],
            env={**os.environ, **_environment(database, port, place), **(settings or {})},
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[3],
        )
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx2.Client(base_url=address, timeout=30) as web:
                _await_ready(process, web, log)
                yield Running(address, database, web, log, process)
        finally:
            process.terminate()
            ended = process.wait(30)
    assert ended in (0, -signal.SIGKILL), log.read_text(encoding="utf-8")[-4000:]


def _environment(database: stack.Database, port: int, place: Path) -> dict[str, str]:
    return {
        **{f"MEMBER_DATABASE_URL_{duty.upper()}": url for duty, url in database.urls.items()},
        "MEMBER_KAFKA_BOOTSTRAP": "127.0.0.1:9",
        "MEMBER_HTTP_PORT": str(port),
        "MEMBER_STATE_DIR": str(place / "state"),
        "MEMBER_STAFF_SECRET": STAFF_SECRET,
        "MEMBER_EMBEDDED": "on",
        "MEMBER_STRANGER_REQUESTS_PER_MINUTE": "100000",
        "MEMBER_CODES_PER_ADDRESS_HOUR": "100000",
    }


def _await_ready(process: subprocess.Popen[bytes], web: httpx2.Client, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            if web.get("/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text(encoding="utf-8", errors="replace")[-4000:])
        time.sleep(0.02)
