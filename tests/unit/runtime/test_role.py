"""What a process is there for, as its command line says it, and one that falls where a test wants it."""

import subprocess
import sys

import pytest

from services.member.main import MemberProcess
from services.member.settings import MemberSettings
from services.points.main import PointsProcess
from services.points.settings import PointsSettings
from shared.runtime.fault import FELL, falling_at
from shared.runtime.role import ProcessRole, role_asked
from shared.web.application import Application
from shared.web.serving import Part

NOWHERE = "postgresql://nobody@127.0.0.1/nowhere"
POINTS = PointsSettings.model_validate(
    {
        **{f"database_url_{duty}": NOWHERE for duty in ("desk", "reader", "relay", "auditor")},
        "kafka_bootstrap": "127.0.0.1:1",
        "secret": "nothing is signed with this",
    }
)
MEMBER = MemberSettings.model_validate(
    {
        **{f"database_url_{duty}": NOWHERE for duty in ("desk", "reader", "relay")},
        "kafka_bootstrap": "127.0.0.1:1",
        "state_dir": "nowhere",
        "secret": "00" * 32,
    }
)


def described(service: str, role: ProcessRole) -> tuple[set[str], set[str]]:
    """Give which prefixes a process of that role answers, and which parts it runs, by class or job."""
    process = PointsProcess(POINTS, role) if service == "points" else MemberProcess(MEMBER, role)
    application: Application = process.application()
    parts: list[Part] = process.parts()
    names = {getattr(part, "name", type(part).__name__.lower()) for part in parts}
    return {door.prefix for door in application.doors}, names


@pytest.mark.parametrize("service", ["member", "points"])
def test_web_and_worker_together_are_the_whole_process(service: str) -> None:
    doors, parts = described(service, ProcessRole.BOTH)
    web_doors, web_parts = described(service, ProcessRole.WEB)
    worker_doors, worker_parts = described(service, ProcessRole.WORKER)
    assert doors == web_doors == {"", f"/{service}/v1"}
    assert worker_doors == {""}, "a worker says whether it is alive and ready, and nothing else"
    assert web_parts | worker_parts == parts
    prepared = {"opening"} if service == "member" else set()
    assert web_parts & worker_parts == {"desk"} | prepared
    assert "relay" in worker_parts - web_parts


def test_the_command_line_says_the_role() -> None:
    assert role_asked("points", []) is ProcessRole.BOTH
    assert role_asked("points", ["--role", "web"]) is ProcessRole.WEB
    assert role_asked("points", ["--role=worker"]) is ProcessRole.WORKER
    assert [role.named("points") for role in ProcessRole] == ["points", "points-web", "points-worker"]
    with pytest.raises(SystemExit):
        role_asked("points", ["--role", "clerk"])


@pytest.mark.parametrize("text", ["", "desk", "desk.load:0", "desk.load:-1", "desk.load:1;ls", "DESK.LOAD"])
def test_a_point_that_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="named point"):
        falling_at(text)


def test_a_process_falls_the_nth_time_and_not_before() -> None:
    falls = (
        "from shared.runtime.fault import falling_at\n"
        "reached = falling_at('desk.load:3')\n"
        "for turn in range(5):\n"
        "    print(turn, flush=True); reached('desk.save'); reached('desk.load')\n"
    )
    fallen = subprocess.run([sys.executable, "-c", falls], capture_output=True, text=True, check=False)
    assert (fallen.returncode, fallen.stdout.split()) == (FELL, ["0", "1", "2"])


def test_nobody_falls_in_production() -> None:
    with pytest.raises(ValueError, match="in production no process dies on purpose"):
        PointsSettings.model_validate({**POINTS.model_dump(), "production": "on", "fault": "desk.load"})
    with pytest.raises(ValueError, match="embedded"):
        MemberSettings.model_validate({**MEMBER.model_dump(), "fault": "desk.load"})
