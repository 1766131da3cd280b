"""The points process: doors, desk, relay, ear, jobs. The one place that reads the settings.

`--role web` keeps doors and desk, `--role worker` relay, ear, errands, jobs and desk; without it one process
has all.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg2.extensions import connection as Connection
from pydantic import SecretStr

from services.points.api import points_door
from services.points.api.audit import AskedAudits
from services.points.api.front import Front
from services.points.api.order_tickets import TicketReader
from services.points.commands import DECISIONS
from services.points.domain.books import LedgerBooks
from services.points.domain.voiding import VOID_COUPON
from services.points.domain.voucher import ASK_PARTNER
from services.points.jobs.audit import AUDIT_OPTIONS
from services.points.jobs.close_months import CLOSING_OPTIONS
from services.points.jobs.timetable import timetable
from services.points.jobs.voidings import voiding_coupons
from services.points.jobs.vouchers import asking_partners, lanes_of, partners_at, voucher_pace
from services.points.listeners.member import LISTENERS
from services.points.queries.audits import AuditSeen, Watched, audits_seen
from services.points.queries.wallet import Wallets
from services.points.settings import PointsSettings
from services.points.store.audits import Audits
from services.points.store.keyring import Keyring
from services.points.store.ledger import LedgerMemory
from services.points.store.secret import Secret
from shared.runtime import clock
from shared.runtime.consumer import Consumer
from shared.runtime.database import OUTAGES, READING_OPTIONS, Reader, connect
from shared.runtime.desk import DESK_OPTIONS, Desk, DeskLimits
from shared.runtime.errands import Errands
from shared.runtime.fault import falling_at
from shared.runtime.knobs import read_settings
from shared.runtime.logs import configure_logs
from shared.runtime.parked import Parked
from shared.runtime.partitions import open_ahead
from shared.runtime.reading_room import ReadingRoom
from shared.runtime.relay import Relay
from shared.runtime.replays import OutboxReplays
from shared.runtime.rereading import Rereading
from shared.runtime.revisions import is_migrated, newest
from shared.runtime.role import ProcessRole, role_asked
from shared.runtime.rounds import Rounds
from shared.runtime.topics import topic_of
from shared.web.application import Application
from shared.web.callers import Callers
from shared.web.confirmations import ConfirmationReader
from shared.web.cursor import Cursors
from shared.web.door import Services
from shared.web.parked_door import declare_parked
from shared.web.rates import Quota, Rates
from shared.web.replays_door import declare_replays
from shared.web.serving import Part, serve
from shared.web.signatures import RequestSigner, RequestVerifier
from shared.web.threads import Threads
from shared.web.tokens import TokenReader

VERSION = "1"
KEYRING_EVERY_S = 0.25
PARTNERS_KNOW_US_AS = "tongfen"


class PointsProcess:
    """All parts of one process, put together from settings."""

    def __init__(self, settings: PointsSettings, role: ProcessRole = ProcessRole.BOTH) -> None:
        self.settings = settings
        self.role = role
        self.reached = falling_at(settings.fault)
        self.relay = Relay.to(
            settings.kafka_bootstrap,
            "points",
            topic_of(settings.topic_prefix, "points"),
            partial(connect, settings.database_url_relay.get_secret_value()),
            reached=self.reached,
        )
        self.desk: Desk[LedgerBooks] = Desk(
            LedgerMemory(),
            DECISIONS,
            partial(self._connected, DESK_OPTIONS),
            DeskLimits(batch=settings.batch),
            committed=self._committed,
            reached=self.reached,
        )
        self.reader = Reader(settings.database_url_reader.get_secret_value(), settings.reader_pool)
        reading = partial(connect, settings.database_url_reader.get_secret_value(), READING_OPTIONS)
        self.wallets: ReadingRoom[str, Mapping[str, Any]] = ReadingRoom(Wallets(clock.now).read, reading)
        self.audits: ReadingRoom[Watched, AuditSeen | None] = ReadingRoom(audits_seen, reading)
        self.secret = Secret(settings.secret.get_secret_value().encode())
        self.messengers = self._messengers()
        self.keyring = Keyring(self._connected, importers=settings.believes_importers)
        self.keys = Rereading("keyring", KEYRING_EVERY_S, self.keyring.refresh)
        self.parked = Parked(self._connected)
        self.consumer = Consumer(
            settings.kafka_bootstrap,
            f"{settings.topic_prefix}points",
            [topic_of(settings.topic_prefix, "member")],
            LISTENERS,
            self.desk,
            self.parked,
            reached=self.reached,
        )

    def prepare(self) -> None:
        """Do what must be done before the first request or event: partitions for events, known keys."""
        with closing(self._connected()) as connection:
            open_ahead(connection, clock.now())
        if self.role.answers:
            self.keyring.refresh()

    def application(self) -> Application:
        """Build the doors in front of desk and reader."""
        known = Quota("known", self.settings.requests_per_minute, 60)
        strangers = Quota("strangers", self.settings.stranger_requests_per_minute, 60)
        door = points_door(
            Front(
                self.desk,
                self.reader,
                Cursors(self.settings.secret.get_secret_value().encode()),
                self.secret,
                TicketReader(self.keyring.clients, self.keys.learn),
            ),
            wallets=self.wallets,
            proofs=ConfirmationReader(self.keyring.tokens),
            partners=frozenset(self.settings.partner_addresses),
            audits=AskedAudits(Audits(self._connected), self.audits, self.settings.audit_patience_s),
        )
        declare_parked(door, self.consumer, self.desk)
        declare_replays(door, OutboxReplays(self._connected))
        return Application(
            "Tongfen points",
            VERSION,
            (door,) if self.role.answers else (),
            services=Services(
                Callers(
                    TokenReader(self.keyring.tokens), RequestVerifier(self.keyring.clients), self.keys.learn
                ),
                Rates(known, strangers),
                Threads(self.settings.reader_pool),
            ),
            checks={
                "database": self.reader.answers,
                "migrations": partial(is_migrated, self.reader, newest("points")),
            },
            vitals={"desk": self.desk.deciding.goes_on},
            outages=OUTAGES,
        )

    def parts(self) -> list[Part]:
        """List the parts in the order in which they start."""
        parts: list[Part] = [self.desk]
        if self.role.answers:
            parts += [self.wallets, self.audits, self.keys]
        if self.role.works:
            parts += [self.relay, *self.messengers, *self._jobs(), self.consumer]
        return parts

    def _committed(self) -> None:
        self.relay.wake()
        for messenger in self.messengers:
            messenger.wake()

    def _connected(self, *options: str) -> Connection:
        return connect(self.settings.database_url_desk.get_secret_value(), *options)

    def _messengers(self) -> Sequence[Errands]:
        """Give each outside partner a messenger, and one to those that are no longer known here.

        A partner that is silent keeps its own messenger waiting, and nobody who waits for another one.
        """
        settings = self.settings
        key = settings.partner_key.get_secret_value() if settings.partner_key else "00" * 32
        signer = RequestSigner(PARTNERS_KNOW_US_AS, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)))
        partners = partners_at(settings.partner_addresses, signer.headers, settings.partner_timeout_s)
        asking = asking_partners(partners, self.desk.obey_all, self.secret, reached=self.reached)
        voiding = voiding_coupons(partners, self.desk.obey_all, reached=self.reached)
        pace = voucher_pace(settings.partner_timeout_s, settings.partner_backoff_s)
        gateways = {ASK_PARTNER: asking, VOID_COUPON: voiding}
        return [
            Errands(self._connected, gateways, pace=pace, lanes=lanes)
            for lanes in lanes_of(settings.partner_addresses)
        ]

    def _jobs(self) -> Sequence[Rounds]:
        return timetable(
            self._connected,
            partial(self._connected, CLOSING_OPTIONS),
            self._auditing,
            self.desk.obey_all,
            audit_every_s=self.settings.auditor_every_s,
            clock=self.settings.clock == "on",
            reached=self.reached,
        )

    def _auditing(self) -> Connection:
        return connect(self.settings.database_url_auditor.get_secret_value(), AUDIT_OPTIONS)


def openapi_app() -> Application:
    """Build the application without reaching anything, to write down what its doors take and give."""
    nowhere = SecretStr("postgresql://nobody@127.0.0.1/nowhere")
    settings = PointsSettings(
        database_url_desk=nowhere,
        database_url_reader=nowhere,
        database_url_relay=nowhere,
        database_url_auditor=nowhere,
        kafka_bootstrap="127.0.0.1:1",
        secret=SecretStr("nothing is signed with this"),
    )
    return PointsProcess(settings).application()


def main() -> None:
    """Read the settings and run until told to end."""
    role = role_asked("points")
    configure_logs(role.named("points"))
    settings = read_settings(PointsSettings)
    process = PointsProcess(settings, role)
    process.prepare()
    joint_port = settings.http_joint_port if role.answers else 0
    serve(process.application(), settings.http_host, settings.http_port, process.parts(), joint_port)
