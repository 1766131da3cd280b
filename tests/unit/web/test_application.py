"""What every request meets on its way to a door, and every answer on its way back."""

import io
from collections.abc import Iterator
from html import escape

import orjson
import pytest

from contracts.problems import problems_known
from shared.kernel.command import Answer, Asked, fingerprint
from shared.kernel.principal import Role
from shared.kernel.refusal import InFlight, Refusal
from shared.runtime.logs import configure_logs
from shared.runtime.metrics import REGISTRY
from shared.web.door import OUTSIDER_BODY_MAX, Call, Door, Given
from shared.web.problem_pages import problem_page
from shared.web.problems import STATUS
from shared.web.strict import BODY_MAX, Nothing
from tests.plain_logs import plain_logs
from tests.unit.web.errand import GOOD, PROVEN, Said, Stub, ask


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    """Catch the log lines."""
    stream = io.BytesIO()
    configure_logs("test", stream)
    yield stream
    plain_logs()


@pytest.fixture
def stub(lines: io.BytesIO) -> Stub:
    """Make a service whose lines are caught."""
    return Stub()


def problem(said: Said) -> str:
    """Give the code of a problem, having checked its shape."""
    assert said.headers["content-type"] == "application/problem+json"
    document = said.json
    assert document["status"] == said.status
    assert document["type"] == f"/problems/{document['code']}"
    assert document["instance"] == said.headers["x-request-id"]
    assert {"title", "detail", "retryable"} <= document.keys()
    return str(document["code"])


def test_hands_a_command_all_it_needs_and_sends_the_answer_as_it_stands(stub: Stub) -> None:
    said = ask(stub.application(), body=GOOD, headers=PROVEN)
    assert (said.status, said.body) == (201, b'{"id":"x","points":5}')
    (asked,) = stub.asked
    assert asked.principal is not None
    assert asked.principal.role is Role.MEMBER
    assert asked.id.endswith("000")
    assert asked.key is not None
    assert asked.key.name == "member-1 key-1"
    assert asked.key.fingerprint == fingerprint("POST", "/test/v1/redemptions", GOOD)
    assert asked.traceparent == said.headers["traceparent"]


def test_says_when_an_answer_is_a_repetition(stub: Stub) -> None:
    stub.answer = Answer(json=b"{}", replayed=True)
    said = ask(stub.application(), body=GOOD, headers=PROVEN)
    assert (said.status, said.headers["idempotent-replayed"]) == (201, "true")
    stub.answer = Answer(refusal=InFlight(), replayed=True)
    said = ask(stub.application(), body=GOOD, headers=PROVEN)
    assert (said.status, said.headers["idempotent-replayed"]) == (409, "true")
    assert "idempotent-replayed" not in ask(Stub().application(), body=GOOD, headers=PROVEN).headers


@pytest.mark.parametrize("key", ["", " ", "a b", "a\t", "é", "a" * 256, "a,\x7f"])
def test_refuses_a_write_without_a_usable_key(stub: Stub, key: str) -> None:
    said = ask(stub.application(), body=GOOD, headers={**PROVEN, "idempotency-key": key})
    assert (said.status, problem(said)) == (400, "key-missing")
    assert not stub.asked


@pytest.mark.parametrize("key", ["a", "!" * 255, '"quoted"'])
def test_takes_any_visible_key(stub: Stub, key: str) -> None:
    assert ask(stub.application(), body=GOOD, headers={**PROVEN, "idempotency-key": key}).status == 201


def test_refuses_who_is_unknown_and_who_may_not(stub: Stub) -> None:
    application = stub.application()
    for headers in ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic bWVtYmVy"}):
        said = ask(application, body=GOOD, headers={"idempotency-key": "k", **headers})
        assert (said.status, problem(said)) == (401, "unauthenticated")
        assert "Bearer" in said.headers["www-authenticate"]
    said = ask(application, body=GOOD, headers={**PROVEN, "authorization": "Bearer finance"})
    assert (said.status, problem(said)) == (403, "forbidden")
    both = {**PROVEN, "signature-input": "a=()", "signature": "a=:AA==:"}
    assert ask(application, body=GOOD, headers=both).json["cause"] == "two-proofs"
    assert not stub.asked


def test_refuses_bodies_that_are_too_large_however_they_come(stub: Stub) -> None:
    application = stub.application()
    large = b" " * (BODY_MAX + 1)
    for said in (
        ask(application, body=large, headers=PROVEN),
        ask(application, headers=PROVEN, chunks=[b" " * 65_536] * 160),
        ask(application, body=b"{}", headers={**PROVEN, "content-length": "10485760"}),
        ask(application, "POST", "/test/v1/sign-in", body=large),
    ):
        assert (said.status, problem(said), said.headers["connection"]) == (413, "too-large", "close")
    assert not stub.asked


def test_strangers_and_members_may_send_little_and_systems_a_megabyte(stub: Stub) -> None:
    """A million empty lists cost seconds to refuse: from outside they are not even read."""
    heavy = b'{"phone":[' + b"[]," * OUTSIDER_BODY_MAX + b"[]]}"
    for path in ("/test/v1/sign-in", "/test/v1/redemptions"):
        said = ask(stub.application(), "POST", path, body=heavy, headers=PROVEN)
        assert (said.status, problem(said)) == (413, "too-large")
        assert said.json["limit_bytes"] == OUTSIDER_BODY_MAX
    door = Door("/test/v1", "test")
    door.post("/batches", takes=Nothing, gives=None, roles=(Role.UNIT_SYSTEM, Role.IMPORTER))(_nothing)
    assert [passage.limit for passage in door.passages] == [BODY_MAX]
    assert not stub.asked


async def _nothing(asked: Asked, taken: Nothing, call: Call) -> Given:
    return {}


def test_takes_a_body_in_pieces(stub: Stub) -> None:
    assert ask(stub.application(), headers=PROVEN, chunks=[GOOD[:7], b"", GOOD[7:]]).status == 201


def test_sends_nothing_to_who_has_left(stub: Stub, lines: io.BytesIO) -> None:
    assert ask(stub.application(), headers=PROVEN, chunks=[]).status == 0
    assert b'"code":"hung-up"' in lines.getvalue()


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/jsonp"},
        {"content-encoding": "gzip"},
    ],
)
def test_refuses_what_is_not_plain_json(stub: Stub, headers: dict[str, str]) -> None:
    said = ask(stub.application(), body=GOOD, headers={**PROVEN, **headers})
    assert (said.status, problem(said)) == (415, "wrong-media")


def test_takes_json_with_a_charset(stub: Stub) -> None:
    headers = {**PROVEN, "content-type": "Application/JSON; charset=utf-8"}
    assert ask(stub.application(), body=GOOD, headers=headers).status == 201


def test_refuses_a_query_on_a_write_and_an_undeclared_one_on_a_read(stub: Stub) -> None:
    application = stub.application()
    assert ask(application, body=GOOD, headers=PROVEN, query="a=1").status == 422
    for query in ("limit=1e9", "limit=101", "a=1", "limit=5&limit=6"):
        said = ask(application, "GET", headers=PROVEN, query=query)
        assert (said.status, problem(said)) == (422, "malformed")
    assert ask(application, "GET", headers=PROVEN, query="limit=100").json["limit"] == 100


def test_knows_its_addresses_and_methods(stub: Stub) -> None:
    application = stub.application()
    for path in (
        "/",
        "/test/v1",
        "/test/v1/redemptions/",
        "/test/v1/nothing",
        "/docs",
        "/test/v1/%00",
        "/\x00",
    ):
        said = ask(application, "GET", path, headers=PROVEN)
        assert (said.status, problem(said)) == (404, "not-found"), path
    said = ask(application, "DELETE", headers=PROVEN)
    assert (said.status, problem(said), said.headers["allow"]) == (405, "wrong-method", "GET, POST")
    said = ask(application, "PUT", "/test/v1/redemptions/x", headers=PROVEN)
    assert (said.status, problem(said), said.headers["allow"]) == (405, "wrong-method", "GET")


@pytest.mark.parametrize("value", ["\x00", "a\nb", "\x7f", "x" * 200])
def test_finds_nothing_under_a_value_that_no_address_has(stub: Stub, value: str) -> None:
    said = ask(stub.application(), "GET", f"/test/v1/redemptions/{value}", headers=PROVEN)
    assert (said.status, problem(said)) == (404, "not-found")


def test_answers_head_like_get_without_the_body(stub: Stub) -> None:
    application = stub.application()
    got, headed = (ask(application, method, headers=PROVEN) for method in ("GET", "HEAD"))
    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_tells_nothing_about_a_defect_but_logs_it(stub: Stub, lines: io.BytesIO) -> None:
    said = ask(stub.application(), path="/test/v1/defects")
    assert (said.status, problem(said)) == (500, "defect")
    assert b"secret" not in said.body
    assert b"a secret of the house" in lines.getvalue()
    stub.answer = Answer()
    assert ask(stub.application(), path="/test/v1/sign-in").status == 500


def test_says_when_a_part_is_away(stub: Stub) -> None:
    said = ask(stub.application(), path="/test/v1/outages")
    assert (said.status, problem(said), said.headers["retry-after"]) == (503, "away", "1")
    said = ask(stub.application(), path="/test/v1/busy")
    assert (said.status, problem(said), said.json["retryable"]) == (503, "busy", True)


def test_speaks_the_readers_language(stub: Stub) -> None:
    application = stub.application()
    for accepted, language, title in (
        ("en", "en", "Not found"),
        ("en-GB;q=0.5, zh;q=0.4", "en", "Not found"),
        ("zh-CN", "zh-CN", "未找到"),
        ("", "zh-CN", "未找到"),
        ("fr, *;q=0.1", "zh-CN", "未找到"),
        ("en;q=x, zh;q=0.1", "zh-CN", "未找到"),
        ("en;q=0, zh;q=0", "zh-CN", "未找到"),
    ):
        said = ask(application, "GET", "/nowhere", headers={"accept-language": accepted})
        assert (said.headers["content-language"], said.json["title"]) == (language, title), accepted


def test_every_answer_carries_ids_and_security_headers(stub: Stub) -> None:
    application = stub.application()
    for said in (
        ask(application, body=GOOD, headers=PROVEN),
        ask(application, "GET", "/nowhere"),
        ask(application, "GET", "/livez"),
        ask(application, path="/test/v1/defects"),
        ask(application, "GET", "/problems/malformed"),
    ):
        assert {
            "x-request-id",
            "traceparent",
            "x-content-type-options",
            "content-length",
        } <= said.headers.keys()
        assert "frame-ancestors 'none'" in said.headers["content-security-policy"]


def test_keeps_a_callers_request_id_and_trace_where_they_are_well_formed(stub: Stub) -> None:
    application = stub.application()
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"x-request-id": "till-7.2026_01", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    said = ask(application, "GET", "/livez", headers=headers)
    assert said.headers["x-request-id"] == "till-7.2026_01"
    assert said.headers["traceparent"].startswith(f"00-{trace}-")
    assert "b7ad6b7169203331" not in said.headers["traceparent"]
    for odd in ("short", "a" * 65, "id with blanks", 'id"quoted"', "a\r\nset-cookie: b"):
        headers = {"x-request-id": odd, "traceparent": odd}
        assert ask(application, "GET", "/livez", headers=headers).headers["x-request-id"] != odd


def test_writes_one_line_for_a_request_that_nobody_can_break(stub: Stub, lines: io.BytesIO) -> None:
    ask(stub.application(), "GET", headers={**PROVEN, "x-request-id": "a\r\nb", "user-agent": "x\r\ny"})
    (line,) = lines.getvalue().splitlines()
    told = orjson.loads(line)
    assert told["odd"] == "a\r\nb"
    assert told["event"] == "request"
    assert told["principal"] == "member-1"
    assert told["route"] == "/test/v1/redemptions"
    assert (told["status"], told["code"], told["service"]) == (200, "ok", "test")
    assert told["duration_ms"] > 0


def test_writes_neither_address_nor_body_nor_proof_into_the_line(stub: Stub, lines: io.BytesIO) -> None:
    body = GOOD[:-1] + b',"note":"13800138000"}'
    ask(stub.application(), body=body, headers={**PROVEN, "x-client-address": "203.0.113.9"})
    written = lines.getvalue()
    assert b"13800138000" not in written
    assert b"203.0.113.9" not in written
    assert b"Bearer" not in written


def test_counts_and_logs_what_is_not_the_callers_but_does_not_tell_them(
    stub: Stub, lines: io.BytesIO
) -> None:
    application = stub.application()

    def counted() -> float:
        route = {"route": "/test/v1/redemptions/{id}", "why": "foreign"}
        return REGISTRY.get_sample_value("tongfen_denied_total", route) or 0.0

    before = counted()
    said = ask(application, "GET", "/test/v1/redemptions/rdm_" + "0" * 32, headers=PROVEN)
    assert (said.status, problem(said)) == (404, "not-found")
    assert counted() - before == 1
    assert b"foreign" not in said.body
    assert orjson.loads(lines.getvalue())["denied"] == "foreign"
    measures = ask(application, "GET", "/metrics").body.decode()
    assert 'tongfen_denied_total{route="/test/v1/redemptions/{id}",why="foreign"}' in measures


def test_measures_without_labels_that_a_caller_chooses(stub: Stub) -> None:
    application = stub.application()
    ask(application, "INVENTED", "/invented/by/a/caller")
    measures = ask(application, "GET", "/metrics").body.decode()
    assert "invented" not in measures.lower()
    assert 'tongfen_requests_total{method="OTHER",route="unmatched",status="404"}' in measures


def test_is_ready_until_it_drains_and_while_its_checks_pass(stub: Stub) -> None:
    parts = {"database": True}
    application = stub.application(checks={"database": lambda: parts["database"]})
    assert ask(application, "GET", "/readyz").status == 200
    parts["database"] = False
    said = ask(application, "GET", "/readyz")
    assert (said.status, said.json["checks"]["database"]) == (503, False)
    parts["database"] = True
    application.drain()
    said = ask(application, "GET", "/readyz")
    assert (said.status, said.json["checks"]) == (503, {"database": True, "open": False})
    assert ask(application, "GET", "/livez").status == 200
    finished = ask(application, body=GOOD, headers=PROVEN)
    assert (finished.status, finished.headers["connection"]) == (201, "close")


def test_alive_is_whoever_answers_and_whose_vitals_go_on(stub: Stub) -> None:
    vital = {"desk": True}
    application = stub.application(checks={"database": lambda: False}, vitals={"desk": lambda: vital["desk"]})
    said = ask(application, "GET", "/livez")
    assert (said.status, said.json) == (200, {"alive": True, "checks": {"desk": True}})
    vital["desk"] = False
    said = ask(application, "GET", "/livez")
    assert (said.status, said.json) == (503, {"alive": False, "checks": {"desk": False}})


def test_a_check_that_breaks_is_not_ready(stub: Stub) -> None:
    def broken() -> bool:
        raise ConnectionError

    assert ask(stub.application(checks={"database": broken}), "GET", "/readyz").status == 503


def test_every_refusal_has_a_page_in_both_languages(stub: Stub) -> None:
    application = stub.application()
    for code, refusal in Refusal.known.items():
        assert refusal.kind in STATUS
        for language in ("zh", "en"):
            page = ask(application, "GET", f"/problems/{code}", query=f"lang={language}")
            assert page.status == 200
            assert getattr(refusal.title, language) in page.body.decode()
            assert "{" not in page.body.decode().partition("</style>")[2]
    index = ask(application, "GET", "/problems", query="lang=en").body.decode()
    assert all(f'/problems/{one.code}?lang=en">{escape(one.en)}<' in index for one in problems_known())
    assert problem_page("defect", "en") is not None
    said = ask(application, "GET", "/problems/<script>", headers=PROVEN)
    assert (said.status, problem(said)) == (404, "not-found")


def test_declares_to_openapi_what_it_does(stub: Stub) -> None:
    document = stub.application().openapi()
    write = document["paths"]["/test/v1/redemptions"]["post"]
    (key,) = write["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)
    assert write["security"] == [{"token": []}, {"signature": []}]
    assert set(write["responses"]) >= {"201", "400", "401", "403", "409", "413", "415", "422", "429", "503"}
    assert "application/problem+json" in write["responses"]["422"]["content"]
    body = write["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][body.rpartition("/")[2]]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["price_fen"]["minimum"] == 1
    read = document["paths"]["/test/v1/redemptions"]["get"]
    assert {parameter["name"] for parameter in read["parameters"]} == {"limit", "cursor"}
    assert "security" not in document["paths"]["/test/v1/sign-in"]["post"]
    assert "/livez" not in document["paths"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_lists_its_routes_so_that_each_can_be_tried_as_a_stranger(stub: Stub) -> None:
    application = stub.application()
    tried = 0
    for door in application.doors:
        for one in door.passages:
            if not one.roles:
                continue
            tried += 1
            said = ask(
                application, one.method, one.path.replace("{id}", "x"), body=GOOD if one.keyed else b""
            )
            assert (said.status, problem(said)) == (401, "unauthenticated")
    assert tried == 3
