"""Every operation of every service's OpenAPI document, called with whatever the document allows and forbids.

What comes back is one of the declared answers in the declared shape, and never a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from http_message_signatures import HTTPMessageSignaturesException
from hypothesis import HealthCheck, seed, settings
from schemathesis import Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from services.member.main import openapi_app as member_app
from services.points.main import openapi_app as points_app
from shared.kernel.principal import Role
from tests import stack
from tests.journeys.caller import Caller
from tests.journeys.group import Group
from tests.service.doors.samples import routes

SEED = 20_261_122
EXAMPLES = 15
PREFERRED = (Role.MEMBER, Role.OPERATOR, Role.UNIT_SYSTEM, Role.IMPORTER)
# A number written as 685719.0 counts as an integer for the generator, and is none for us. Whatever guards a
# code tells whoever asks for one as fast as a generator to wait.
REFUSED = ["400", "401", "403", "404", "409", "410", "413", "415", "422", "423", "429"]
CONFIG = {
    "seed": SEED,
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
        "negative_data_rejection": {"expected-statuses": [*REFUSED, "405"]},
    },
}
CHOSEN = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
)
load_all_checks()
CHECKED = CHECKS.get_by_names(list(CHOSEN))


Case = Any
"""A call that the generator drew; its own type is generic in what it does not say."""

Examined = Callable[..., None]


def each_operation(document: dict[str, Any]) -> Callable[[Examined], Examined]:
    """Run a test for each operation of a document."""
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(CONFIG))
    run: Callable[[Examined], Examined] = schema.parametrize()
    return run


@cache
def group() -> Group:
    """Reach the run's group; a strategy cannot ask for fixtures of another scope."""
    found = Group(stack.group())
    found.open_months()
    return found


@cache
def callers() -> dict[Role, Caller]:
    """Give one caller of each role."""
    return {
        Role.MEMBER: group().member(),
        Role.OPERATOR: group().staff("operator-1"),
        Role.UNIT_SYSTEM: group().system("till-office"),
        Role.IMPORTER: group().system("importer"),
    }


@cache
def session() -> requests.Session:
    """Keep one connection."""
    return requests.Session()


def exchanged(case: Case, service: str) -> Response:
    """Send the case as somebody who may use its operation."""
    wanted = f"{case.operation.method.upper()} {case.operation.path}"
    roles = next(route.roles for route in routes() if str(route) == wanted)
    address = group().service(service)
    prepared = session().prepare_request(requests.Request(**case.as_transport_kwargs(base_url=address)))
    known = [role for role in PREFERRED if role in roles]
    if known:
        content = prepared.body or b""
        content = content.encode() if isinstance(content, str) else content
        assert isinstance(content, bytes)
        key = prepared.headers.get("Idempotency-Key")
        assert key is None or isinstance(key, str)
        prove = callers()[known[0]].prove
        try:
            proof = prove(str(prepared.method), str(prepared.url), content, key)
        except HTTPMessageSignaturesException:
            # Nobody can sign such a key; it is sent beside the signature all the same.
            proof = prove(str(prepared.method), str(prepared.url), content, None)
        prepared.headers.update(proof)
    answer = session().send(prepared, timeout=30)
    return Response.from_requests(answer, verify=False)


def examined(case: Case, service: str) -> None:
    """Call, and check what came back against the document."""
    case.validate_response(exchanged(case, service), checks=CHECKED)


bounded = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False
)


@pytest.fixture(autouse=True, scope="module")
def told() -> Iterator[None]:
    """Let everybody be there, and say under which seed the cases are drawn."""
    callers()
    print(f"schemathesis: seed {SEED}, {EXAMPLES} examples an operation")
    yield
    session().close()
    group().web.close()


# A value of its own gives each operation's test an id: of those that share one, workers run a single one.
@each_operation(member_app().openapi())
@seed(SEED)
@bounded
@pytest.mark.parametrize("service", ["member"])
def test_member_answers_as_its_document_says(case: Case, service: str) -> None:
    examined(case, service)


@each_operation(points_app().openapi())
@seed(SEED)
@bounded
@pytest.mark.parametrize("service", ["points"])
def test_points_answers_as_its_document_says(case: Case, service: str) -> None:
    examined(case, service)
