"""The whole stack of one folder, from nothing to ready and back, for `make run`, the replay and the bench.

    with Stack(home, PROFILES["replay"]) as stack:
        stack.address, stack.services["points"], stack.databases["points"]

Refuses to share its folder, and leaves no process behind, however its own process ends.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.embedded.caddy import Caddy
from infra.embedded.caddy import Setup as CaddySetup
from infra.embedded.child import Closed
from infra.embedded.home import Home
from infra.embedded.kafka import Kafka
from infra.embedded.kafka import Setup as KafkaSetup
from infra.embedded.leftovers import await_leftovers
from infra.embedded.obstacle import obstacle_of
from infra.embedded.part import Part
from infra.embedded.port_book import PortBook
from infra.embedded.ports import LOOPBACK
from infra.embedded.postgres import DUTIES, SUPERUSER, Postgres
from infra.embedded.postgres import Setup as PostgresSetup
from infra.embedded.pulse import Pulse
from infra.embedded.secrets import Secrets
from infra.embedded.service import Recipe, Service, recipes
from infra.embedded.service import Setup as ServiceSetup
from infra.embedded.settings import StackSettings
from infra.embedded.steps import Steps
from infra.embedded.topics import add_missing
from shared.runtime.migrations import upgrade
from shared.runtime.topics import PARTITIONS, topic_of
from shared.web.keys import public_key_text

PARTNER, PARTNER_KEY = "partner", "partner.key"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a stack is for: `clock` says whether time itself acts, `seeded` whether a start fills it.

    `partner` says whether a stand-in for an outside partner belongs to it.
    """

    name: str
    clock: bool
    seeded: bool
    durable: bool = True
    partner: bool = False


PROFILES = {
    "run": Profile("run", clock=True, seeded=True, partner=True),
    # Months of 2017 open and close by command; a clock would expire and close them.
    "replay": Profile("replay", clock=False, seeded=False),
    "bench": Profile("bench", clock=True, seeded=False),
}


class Stack:
    """PostgreSQL, Kafka, the services and the gateway of one folder."""

    def __init__(
        self,
        home: Path,
        profile: Profile = PROFILES["run"],
        *,
        steps: Steps | None = None,
        services: Sequence[Recipe] | None = None,
        gateway: bool = True,
        port: int | None = None,
        jars: Path | None = None,
        silence_s: float | None = None,
    ) -> None:
        self.home = Home(home)
        self.profile = profile
        self.state = "stopped"
        self.steps = steps or Steps(self.home.log("supervisor"), out=None)
        self.secrets = Secrets(self.home.secrets)
        self.parts: dict[str, Part] = {}
        self._recipes = tuple(services) if services is not None else recipes()
        self._gateway = gateway
        settings = StackSettings()
        self._jars = jars or settings.jar_cache
        self._silence_s = settings.silence_s if silence_s is None else silence_s
        self._ports = PortBook(self.home, wish=port)
        self._guard = threading.Lock()

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        self.declare_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The one address, or that of the first service where there is no gateway."""
        return self.parts["gateway"].address if self._gateway else self._address_of(self._recipes[0])

    @property
    def services(self) -> dict[str, str]:
        """Each service's own address, behind the gateway."""
        return {recipe.name: self._address_of(recipe) for recipe in self._recipes}

    @property
    def webs(self) -> dict[str, list[str]]:
        """The parts of each service that answer its doors."""
        return {
            recipe.name: [part for part, role in recipe.roles.items() if role.answers]
            for recipe in self._recipes
        }

    @property
    def processes(self) -> list[str]:
        """Name the parts that are processes of our services."""
        return [part for recipe in self._recipes for part in recipe.roles]

    @property
    def databases(self) -> dict[str, dict[str, str]]:
        """Each service's database addresses by duty, passwords included: never print them."""
        return {recipe.name: self._database_urls(recipe.name) for recipe in self._recipes}

    def superuser(self, service: str) -> str:
        """Name a service's database as the superuser reaches it, password included: never print it."""
        server = self.parts["postgres"].component
        assert isinstance(server, Postgres)
        return server.url(service, SUPERUSER)

    @property
    def bootstrap(self) -> str:
        """Where Kafka answers, as host:port."""
        return self.parts["kafka"].address

    def environment(self, name: str, part: str | None = None) -> dict[str, str]:
        """Give what a service's process is told of its parts, passwords included: never print it.

        :param part: which of the service's processes; one that answers, and alone, if none is named.
        """
        prefix = name.upper()
        urls = self._database_urls(name)
        joints = self._joints(name) if part else ()
        return {
            # Who may change tables or seal a month is no process that answers requests.
            **{f"{prefix}_DATABASE_URL_{duty.upper()}": url for duty, url in urls.items() if duty != "owner"},
            f"{prefix}_KAFKA_BOOTSTRAP": self.parts["kafka"].address,
            f"{prefix}_TOPIC_PREFIX": "",
            f"{prefix}_HTTP_PORT": str(self._ports[part or name]),
            **{f"{prefix}_HTTP_JOINT_PORT": str(self._ports[joint]) for joint in joints},
            f"{prefix}_CLOCK": "on" if self.profile.clock else "off",
            f"{prefix}_SECRET": self.secrets.of(f"{name}.secret"),
            f"{prefix}_STATE_DIR": str(self.home.folder("services", name)),
            **(self._local_to_member() if name == "member" else {}),
            **(self._local_to_points() if name == "points" and self.profile.partner else {}),
        }

    def _local_to_points(self) -> dict[str, str]:
        """State where the stand-in for a partner answers, and the key under which it is asked."""
        return {
            "POINTS_PARTNERS": f"taxi=http://{LOOPBACK}:{self._ports[PARTNER]}",
            "POINTS_PARTNER_KEY": self.secrets.of(PARTNER_KEY),
        }

    def start(self) -> None:
        """Bring everything up, what does not depend on each other at the same time.

        :raises AlreadyRunning: if another supervisor holds the folder.
        :raises Obstacle: if a part cannot be brought up.
        """
        self.home.enter()
        await_leftovers(self.home, self.steps)
        self.state = "starting"
        partner = [PARTNER] if self.profile.partner else []
        joints = self._joints(*(recipe.name for recipe in self._recipes))
        self._ports.open([*self.processes, *partner], gateway=self._gateway, joints=joints)
        for line in self._ports.remarks:
            self.steps.say(f"  {line}")
        self._write_status()
        _together([self._bring_postgres, self._bring_kafka])
        bringing: list[Callable[[], None]] = [
            self._bringer(recipe, part) for recipe in self._recipes for part in recipe.roles
        ]
        if self.profile.partner:
            bringing.append(self._bring_partner)
        if self._gateway:
            bringing.append(self._bring_gateway)
        _together(bringing)
        for part in self.parts.values():
            part.keep(self.steps, self._write_status)
        self._write_status()

    def declare_ready(self) -> None:
        """Let `tongfen status` say that the stack is ready: it stands and is filled."""
        with self._guard:
            if self.state == "starting":
                self.state = "ready"
        self._write_status()

    def stop(self) -> None:
        """Stop everything, what answers people first and what keeps their books last."""
        if self.state == "stopped":
            self.home.leave()
            return
        with self._guard:
            self.state = "stopping"
        self._write_status()
        for group in (["gateway"], self.processes, [PARTNER, "kafka", "postgres"]):
            closing = [self.parts[name].close for name in group if name in self.parts]
            _together(closing)
        self._ports.close()
        self.state = "stopped"
        self._write_status()
        self.home.leave()

    def kill(self) -> None:
        """Kill everything at once: somebody asked twice."""
        for part in list(self.parts.values()):
            part.component.child.kill()

    def status(self) -> dict[str, Any]:
        """Describe the stack: every address, database URL without password, process id."""
        parts = dict(self.parts)
        return {
            "state": self.state,
            "profile": self.profile.name,
            "home": str(self.home.root),
            "supervisor_process_id": os.getpid(),
            "address": parts["gateway"].address if "gateway" in parts else None,
            "services": {r.name: self._address_of(r) for r in self._recipes if r.name in parts},
            "kafka": parts["kafka"].address if "kafka" in parts else None,
            "databases": {
                recipe.name: self._database_urls(recipe.name, with_password=False)
                for recipe in self._recipes
                if "postgres" in parts
            },
            "secrets": str(self.home.secrets),
            "parts": {name: part.describe() for name, part in parts.items()},
        }

    def _bring_postgres(self) -> None:
        log = self.home.log("postgres")
        setup = PostgresSetup(
            self.home.folder("postgres"), self._ports["postgres"], log, durable=self.profile.durable
        )
        server = Postgres(setup, self.secrets)
        part = self._add("postgres", server, f"127.0.0.1:{server.port}")
        if not server.data_folder.exists():
            with self.steps.step("PostgreSQL's cluster made"):
                server.prepare()
        server.prepare()
        with self.steps.step("PostgreSQL 18 ready", part.address):
            self._start(part)
            server.furnish([recipe.name for recipe in self._recipes])
        self._migrate(server)

    def _migrate(self, server: Postgres) -> None:
        for recipe in self._recipes:
            if recipe.module.startswith("services."):
                with self.steps.step(f"{recipe.name} database migrated"):
                    upgrade(recipe.name, server.url(recipe.name, f"{recipe.name}_owner"))

    def _bring_kafka(self) -> None:
        ports = (self._ports["kafka"], self._ports["kafka-controller"])
        broker = Kafka(KafkaSetup(self.home.folder("kafka"), self._jars, *ports, self.home.log("kafka")))
        part = self._add("kafka", broker, broker.bootstrap)
        if not broker.has_jars():
            self.steps.say("          Kafka's 46 jars (44 MB) are fetched now, once; this can take a minute.")
            with self.steps.step("Kafka's jars fetched and compared with the committed list"):
                broker.fetch()
        if not broker.data_folder.exists():
            with self.steps.step("Kafka's storage formatted"):
                broker.prepare()
        broker.prepare()
        with self.steps.step("Kafka 4.3 ready", part.address):
            self._start(part)
            topics = [topic_of("", recipe.name) for recipe in self._recipes]
            add_missing(broker.bootstrap, topics, PARTITIONS)

    def _bringer(self, recipe: Recipe, name: str) -> Callable[[], None]:
        def bring() -> None:
            told = self.environment(recipe.name, name)
            service = Service(ServiceSetup(recipe, name, self._ports[name], self.home.log(name), told))
            part = self._add(name, service, service.address)
            with self.steps.step(f"Service {name} ready", part.address):
                self._start(part)

        return bring

    def _bring_partner(self) -> None:
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.secrets.of(PARTNER_KEY)))
        told = {
            "PARTNER_HTTP_PORT": str(self._ports[PARTNER]),
            "PARTNER_STATE_DIR": str(self.home.folder(PARTNER)),
            "PARTNER_CUSTOMER_KEY": public_key_text(key),
        }
        recipe = Recipe(PARTNER, "infra.partner_sim.main")
        stand_in = Service(ServiceSetup(recipe, PARTNER, self._ports[PARTNER], self.home.log(PARTNER), told))
        part = self._add(PARTNER, stand_in, stand_in.address)
        with self.steps.step("Stand-in for a partner (taxi coupons) ready", part.address):
            self._start(part)

    def _bring_gateway(self) -> None:
        services = {recipe.name: self._ports[recipe.doors] for recipe in self._recipes}
        setup = CaddySetup(
            self.home.folder("gateway"), self._ports["gateway"], self.home.log("gateway"), services
        )
        gateway = Caddy(setup)
        part = self._add("gateway", gateway, gateway.address)
        gateway.prepare()
        with self.steps.step("Gateway ready", part.address):
            self._start(part)

    def _joints(self, *services: str) -> list[str]:
        return [recipe.joint for recipe in self._recipes if recipe.joint and recipe.name in services]

    def _address_of(self, recipe: Recipe) -> str:
        return f"http://{LOOPBACK}:{self._ports[recipe.doors]}"

    def _local_to_member(self) -> dict[str, str]:
        """State what holds on a person's own machine alone: staff by a local secret, texts kept, not sent."""
        return {"MEMBER_STAFF_SECRET": self.secrets.staff(), "MEMBER_EMBEDDED": "on"}

    def _database_urls(self, name: str, *, with_password: bool = True) -> dict[str, str]:
        server = self.parts["postgres"].component
        assert isinstance(server, Postgres)
        return {duty: server.url(name, f"{name}_{duty}", with_password=with_password) for duty in DUTIES}

    def _add(self, name: str, component: Postgres | Kafka | Service | Caddy, address: str) -> Part:
        part = Part(name, component, address, self.home.log(name))
        if isinstance(component, Service) and self._silence_s:
            part.pulse = Pulse(component.alive, self._silence_s)
        with self._guard:
            if self.state != "starting":
                # The stack was told to stop while another part was still on its way up.
                raise Closed(name)
            self.parts[name] = part
        self._write_status()
        return part

    def _start(self, part: Part) -> None:
        part.start()
        # A supervisor that is killed from now on leaves word of this process.
        self._write_status()

    def _write_status(self) -> None:
        with self._guard:
            try:
                self.home.write(self.home.status, self.status())
            except OSError as refused:
                self.steps.say(f"! {obstacle_of(refused)}")


def _together(jobs: Sequence[Callable[[], None]]) -> None:
    """Do several things at once; raise the first trouble as soon as it is there."""
    if not jobs:
        return
    pool = ThreadPoolExecutor(max_workers=len(jobs), thread_name_prefix="bring")
    try:
        waiting = [pool.submit(job) for job in jobs]
        for done in as_completed(waiting):
            done.result()
    except OSError as refused:
        raise obstacle_of(refused) from refused
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
