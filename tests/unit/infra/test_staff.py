"""The staff at the doors: one client, what it asks again, and the one line in which it gives up."""

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from infra.asking import Refused, Silent, passed
from infra.cli.main import app
from infra.embedded.home import Home
from infra.embedded.ports import free_port
from infra.embedded.secrets import Secrets
from infra.seed.keys import private_key
from infra.staff import Staff
from tests.replay.stand_in import Answer, StandIn, serving

TOKENS = "/member/v1/staff-tokens"
NO_SECOND = {
    "code": "second-person-needed",
    "title": "A second person is needed",
    "detail": "operator-1 drafted this rule.",
}


class Scripted(StandIn):
    """Gives tokens, and else answers from a list, the last one for ever."""

    def __init__(self, *answers: Answer, staff: tuple[str, ...] = ("ann",)) -> None:
        super().__init__()
        self.script = list(answers)
        self.staff = staff
        self.tokens = 0
        self.asked: list[str] = []

    def answer(self, path: str, query: dict[str, str], body: Any) -> Answer:
        """Answer one request."""
        if path == TOKENS:
            if body["subject"] not in self.staff:
                return 401, {"code": "unauthenticated", "title": "Not authenticated"}
            self.tokens += 1
            return 201, {"access_token": f"token-{self.tokens}"}
        self.asked.append(path)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def staff_at(group: Scripted, patience_s: float = 5.0) -> Iterator[Staff]:
    """Let ann stand at the doors of a scripted group."""
    with serving(group) as address, Staff(address, "ann", "secret", patience_s) as staff:
        yield staff


def test_signs_in_when_first_needed_and_once() -> None:
    group = Scripted((200, {"data": [1]}))
    with staff_at(group) as staff:
        assert group.tokens == 0
        assert [staff.get("/a", limit="1"), staff.post("/b"), staff.post("/c", {"d": 1}, "key")] == [
            {"data": [1]}
        ] * 3
    assert (group.tokens, group.asked) == (1, ["/a", "/b", "/c"])


def test_waits_while_the_group_is_on_its_way_up_or_does_not_know_the_key_yet() -> None:
    unknown, away = (401, {"code": "unauthenticated"}), (503, {"code": "outage", "retryable": True})
    group = Scripted(unknown, away, (502, {}), unknown, (201, {"rule": "rul_1"}))
    with staff_at(group) as staff:
        assert staff.post("/points/v1/rules", {}, "key") == {"rule": "rul_1"}
    assert len(group.asked) == 5
    assert group.tokens == 3


def test_a_refusal_is_one_line_that_says_why_and_is_not_asked_again() -> None:
    group = Scripted((409, NO_SECOND))
    with staff_at(group) as staff, pytest.raises(Refused) as caught:
        staff.post("/points/v1/rules/rul_1/approve")
    assert str(caught.value) == (
        "A second person is needed. operator-1 drafted this rule. (409 second-person-needed)"
    )
    assert len(group.asked) == 1


def test_what_is_malformed_is_told_place_by_place() -> None:
    faults = [
        {"pointer": "/amount_fen", "rule": "int-type", "detail": "must be an integer"},
        {"pointer": "", "rule": "not-json", "detail": "this is not valid JSON in UTF-8"},
    ]
    malformed = {"code": "malformed", "title": "The request is malformed", "detail": "Mend it."}
    group = Scripted((422, {**malformed, "faults": faults}))
    with staff_at(group) as staff, pytest.raises(Refused) as caught:
        staff.post("/points/v1/rules", {})
    assert str(caught.value) == (
        "The request is malformed. Mend it. /amount_fen: must be an integer."
        " body: this is not valid JSON in UTF-8. (422 malformed)"
    )


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"bad gateway", "HTTP 502. bad gateway (502)"),
        (b"[1]", "HTTP 502. [1] (502)"),
        (b"", "HTTP 502. (502)"),
        (b"x" * 500, f"HTTP 502. {'x' * 200} (502)"),
    ],
)
def test_what_is_no_problem_of_ours_is_told_in_its_first_words(body: bytes, line: str) -> None:
    with pytest.raises(Refused) as caught:
        passed(httpx2.Response(502, content=body))
    assert str(caught.value) == line


def test_what_does_not_come_back_is_told_after_a_while() -> None:
    with staff_at(Scripted((503, {})), patience_s=0.3) as staff, pytest.raises(Refused) as caught:
        staff.get("/a")
    assert str(caught.value) == "HTTP 503. (503)"


def test_a_sign_in_that_is_refused_is_not_asked_again() -> None:
    group = Scripted((401, {"code": "wrong-code", "title": "The code is not right", "detail": "Check it."}))
    with staff_at(group) as staff, pytest.raises(Refused, match="The code is not right"):
        staff.say("/member/v1/sessions", {"code": "1"})
    assert (group.asked, group.tokens) == (["/member/v1/sessions"], 0)


def test_nobody_of_that_name_and_nobody_there_are_told_apart() -> None:
    with staff_at(Scripted((200, {}), staff=())) as staff, pytest.raises(Refused, match="Nobody called ann"):
        staff.get("/a")
    with (
        Staff(f"http://127.0.0.1:{free_port()}", "ann", "secret") as alone,
        pytest.raises(Silent, match="The group does not answer"),
    ):
        alone.get("/a")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Lend a folder in which a stack seems to run."""
    home = Home(tmp_path)
    home.enter()
    Secrets(home.secrets).staff()
    yield home
    home.leave()


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((409, NO_SECOND), "A second person is needed. operator-1 drafted this rule. (409"),
        ((500, {}), "HTTP 500. (500)"),
    ],
)
def test_the_command_line_ends_with_that_line_and_1(home: Home, answer: Answer, line: str) -> None:
    with serving(Scripted(answer, staff=("operator-2",))) as address:
        home.write(home.status, {"state": "ready", "address": address, "parts": {}})
        said = CliRunner().invoke(app, ["rule", "approve", "rul_1", "--home", str(home.root)])
    assert said.exit_code == 1
    assert said.output.startswith(line)
    assert "Traceback" not in said.output


def test_a_command_leaves_no_connection_open(home: Home) -> None:
    with serving(Scripted((200, {"data": []}), staff=("operator-1",))) as address:
        home.write(home.status, {"state": "ready", "address": address, "parts": {}})
        with warnings.catch_warnings(record=True) as left:
            warnings.simplefilter("always", ResourceWarning)
            assert CliRunner().invoke(app, ["month", "list", "--home", str(home.root)]).exit_code == 0
            gc.collect()
    assert not left


def test_the_command_line_says_that_nobody_answers(home: Home) -> None:
    home.write(home.status, {"state": "ready", "address": f"http://127.0.0.1:{free_port()}", "parts": {}})
    said = CliRunner().invoke(app, ["month", "list", "--home", str(home.root)])
    assert said.exit_code == 1
    assert said.output.startswith("The group does not answer")


def test_a_system_asks_and_sends_what_a_person_types_signed_as_it_goes_out(home: Home) -> None:
    private_key(home.folder("keys"), "till-hotel")
    group = Scripted((200, {"order_no": "早餐 1"}))
    with serving(group) as address:
        home.write(home.status, {"state": "ready", "address": address, "parts": {}})
        ask = [
            "client",
            "ask",
            "till-hotel",
            "/points/v1/redemptions?order_no=早餐 1",
            "--home",
            str(home.root),
        ]
        assert CliRunner().invoke(app, ask).exit_code == 0
        ask[3] = "points/v1/redemptions"
        said = CliRunner().invoke(app, ask)
    assert (said.exit_code, group.asked) == (2, ["/points/v1/redemptions"])
    assert said.output.startswith("points/v1/redemptions is no path: it begins with /points/v1/")
