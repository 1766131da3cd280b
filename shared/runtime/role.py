"""Which parts of a service one process runs: all of them, or the half that answers, or the half that works.

`--role web` and `--role worker` are processes of their own, as many of each as are needed: each has its own
desk, one relay of them all leads, consumers share the partitions, jobs lock what they do. Without the word
one process does everything: enough for a service that is asked little. Refuses to know the parts.
"""

import argparse
from collections.abc import Sequence
from enum import StrEnum


class ProcessRole(StrEnum):
    """What a process is there for."""

    BOTH = "both"
    WEB = "web"
    WORKER = "worker"

    @property
    def answers(self) -> bool:
        """Tell whether the process has the service's doors; the house's (alive, ready, measures) all have."""
        return self is not ProcessRole.WORKER

    @property
    def works(self) -> bool:
        """Tell whether the process has relay, consumers, jobs and errands."""
        return self is not ProcessRole.WEB

    def named(self, service: str) -> str:
        """Name a process of the service, as its log lines do."""
        return service if self is ProcessRole.BOTH else f"{service}-{self}"


def role_asked(service: str, arguments: Sequence[str] | None = None) -> ProcessRole:
    """Read from a process's command line what it is there for."""
    parser = argparse.ArgumentParser(prog=f"services.{service}.main", description=f"The {service} service.")
    parser.add_argument(
        "--role",
        type=ProcessRole,
        choices=[*ProcessRole],
        default=ProcessRole.BOTH,
        help="web: doors and desk; worker: relay, consumers, jobs and desk; else both.",
    )
    role: ProcessRole = parser.parse_args(arguments).role
    return role
