"""The member process: doors, desk, relay, jobs. The one place that reads the settings.

`--role web` keeps doors and desk, `--role worker` relay, errands, jobs and desk; without it, one has all.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection
from pydantic import SecretStr

from services.member.api import member_door
from services.member.api.code_rates import CodeRates
from services.member.api.front import Front
from services.member.api.mint import Mint
from services.member.api.trust import Trust
from services.member.commands import DECISIONS
from services.member.domain.books import MemberBooks
from services.member.domain.message import SEND_TEXT
from services.member.jobs.keys import Keys
from services.member.jobs.staff import state_staff
from services.member.jobs.sweep import sweep
from services.member.jobs.texts import carrier_of, texts_through
from services.member.settings import MemberSettings
from services.member.store.memory import MemberMemory
from services.member.store.ring import Ring
from services.member.store.secret import Secret, secret_kept_in
from shared.runtime.clock import now
from shared.runtime.database import OUTAGES, Reader, connect
from shared.runtime.desk import DESK_OPTIONS, Desk, DeskLimits
from shared.runtime.errands import Errands
from shared.runtime.fault import falling_at
from shared.runtime.knobs import read_settings
from shared.runtime.logs import configure_logs
from shared.runtime.relay import Relay
from shared.runtime.replays import OutboxReplays
from shared.runtime.rereading import Rereading
from shared.runtime.revisions import is_migrated, newest
from shared.runtime.role import ProcessRole, role_asked
from shared.runtime.rounds import Rounds
from shared.runtime.topics import topic_of
from shared.web.application import Application
from shared.web.callers import Callers
from shared.web.door import Services
from shared.web.rates import Quota, Rates
from shared.web.replays_door import declare_replays
from shared.web.serving import Part, serve
from shared.web.signatures import RequestVerifier
from shared.web.threads import Threads
from shared.web.tokens import TokenReader

VERSION = "1"
TRUST_EVERY_S = 2.0
KEYS_EVERY_S = 300.0
SWEEP_EVERY_S = 3_600.0


class Opening:
    """What must stand before the doors open: weeks ahead, the staff, a key that signs, whom to believe."""

    def __init__(self, process: "MemberProcess") -> None:
        self._process = process

    def start(self) -> None:
        """Do it, once."""
        process = self._process
        process.sweep()
        state_staff(process.desk, process.reader, process.settings.staff_list())
        process.keys.renew()
        process.trust.renew()

    def stop(self) -> None:
        """Leave everything as it is."""


class MemberProcess:
    """All parts of one process, put together from settings."""

    def __init__(self, settings: MemberSettings, role: ProcessRole = ProcessRole.BOTH) -> None:
        self.settings = settings
        self.role = role
        reached = falling_at(settings.fault)
        self.relay = Relay.to(
            settings.kafka_bootstrap,
            "member",
            topic_of(settings.topic_prefix, "member"),
            partial(connect, settings.database_url_relay.get_secret_value()),
            reached=reached,
        )
        self.desk: Desk[MemberBooks] = Desk(
            MemberMemory(),
            DECISIONS,
            partial(connect, settings.database_url_desk.get_secret_value(), DESK_OPTIONS),
            DeskLimits(batch=settings.batch),
            committed=self._committed,
            reached=reached,
        )
        self.reader = Reader(settings.database_url_reader.get_secret_value(), settings.reader_pool)
        self.secret = _secret(settings.secret, settings.state_dir)
        self.ring = Ring(self.secret, self._connected)
        self.trust = Trust(self.ring, self.reader)
        self.trusting = Rereading("trust", TRUST_EVERY_S, self.trust.renew)
        self.keys = Keys(self.desk, self.ring, self.secret)
        carrier = carrier_of(self.desk, embedded=settings.embedded == "on")
        self.errands = Errands(self._connected, {SEND_TEXT: texts_through(carrier)})

    def application(self) -> Application:
        """Build the doors in front of desk and reader."""
        settings = self.settings
        known = Quota("known", settings.requests_per_minute, 60)
        strangers = Quota("strangers", settings.stranger_requests_per_minute, 60)
        mint = Mint(self.ring, self.secret)
        door = member_door(
            Front(self.desk, self.reader, mint, self.trust.renew, settings.embedded == "on"),
            code_rates=CodeRates(settings.codes_per_address_hour),
            staff_secret=None if settings.staff_secret is None else settings.staff_secret.get_secret_value(),
        )
        declare_replays(door, OutboxReplays(self._connected))
        return Application(
            "Tongfen member",
            VERSION,
            (door,) if self.role.answers else (),
            services=Services(
                Callers(TokenReader(self.ring), RequestVerifier(self.trust), self.trusting.learn),
                Rates(known, strangers),
                Threads(settings.reader_pool),
            ),
            checks={
                "database": self.reader.answers,
                "migrations": partial(is_migrated, self.reader, newest("member")),
            },
            vitals={"desk": self.desk.deciding.goes_on},
            outages=OUTAGES,
        )

    def parts(self) -> list[Part]:
        """List the parts in the order in which they start."""
        parts: list[Part] = [self.desk]
        if self.role.works:
            parts.append(self.relay)
        # Web or worker, whoever comes up first prepares what both stand on; doing it twice changes nothing.
        parts.append(Opening(self))
        if self.role.answers:
            parts.append(self.trusting)
        if self.role.works:
            parts += [
                self.errands,
                Rounds("keys", KEYS_EVERY_S, self.keys.renew),
                Rounds("sweep", SWEEP_EVERY_S, self.sweep),
            ]
            if self.settings.clock == "on":
                parts.append(Rounds("announcing", KEYS_EVERY_S, self.keys.announce))
        return parts

    def sweep(self) -> Mapping[str, Any] | None:
        """Sweep out what is over, and open the partitions of the coming weeks."""
        with closing(self._connected()) as connection:
            return sweep(connection, now())

    def _committed(self) -> None:
        self.relay.wake()
        self.errands.wake()

    def _connected(self) -> Connection:
        return connect(self.settings.database_url_desk.get_secret_value())


def _secret(given: SecretStr | None, folder: Path) -> Secret:
    return secret_kept_in(folder) if given is None else Secret(bytes.fromhex(given.get_secret_value()))


def openapi_app() -> Application:
    """Build the application without reaching anything, to write down what its doors take and give."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1/nowhere")
    settings = MemberSettings(
        database_url_desk=nowhere,
        database_url_reader=nowhere,
        database_url_relay=nowhere,
        kafka_bootstrap="127.0.0.1:1",
        state_dir=Path("nowhere"),
        secret=SecretStr("00" * 32),
        staff_secret=SecretStr("nobody knows it"),
        embedded="on",
    )
    return MemberProcess(settings).application()


def main() -> None:
    """Read the settings and run until told to end."""
    role = role_asked("member")
    configure_logs(role.named("member"))
    settings = read_settings(MemberSettings)
    process = MemberProcess(settings, role)
    serve(process.application(), settings.http_host, settings.http_port, process.parts())
