"""Every door tried by everybody who has no business there: the table of routes says who has."""

import pytest

from services.member.main import openapi_app
from shared.kernel.principal import Role
from tests.service.member.running import Running, System, fresh_key

TABLE = [
    (one.method, one.path, one.roles, one.keyed)
    for door in openapi_app().doors
    for one in door.passages
    if one.path.startswith("/member/") and one.roles
]


def _filled(path: str) -> str:
    known = path.replace("{member}", "mem_" + "0" * 32).replace("{client}", "till-hotel")
    return known.replace("{replay}", "rpl_" + "0" * 32)


@pytest.fixture(scope="module")
def tokens(member: Running) -> dict[Role, str]:
    """Lend a token of each role that carries one."""
    return {
        Role.OPERATOR: member.staff("operator-1"),
        Role.FINANCE: member.staff("finance-hotel"),
        Role.MEMBER: member.sign_in("+8613400000001")["access_token"],
    }


@pytest.mark.parametrize(("method", "path", "roles", "keyed"), TABLE)
def test_who_has_no_business_there_is_turned_away(
    method: str,
    path: str,
    roles: tuple[Role, ...],
    keyed: bool,
    member: Running,
    tokens: dict[Role, str],
    till: System,
    importer: System,
) -> None:
    before = member.rows("SELECT count(*) FROM outbox")
    address = _filled(path)
    ask = member.get if method == "GET" else member.post
    extra = {} if method == "GET" else {"key": fresh_key()}
    assert ask(address, **extra).status_code == 401
    assert ask(address, token="not.a.token", **extra).status_code == 401
    for role, token in tokens.items():
        if role not in roles:
            assert ask(address, token=token, **extra).status_code == 403, role
    for role, system in ((Role.UNIT_SYSTEM, till), (Role.IMPORTER, importer)):
        if role not in roles:
            answer = system.get(address) if method == "GET" else system.post(address, {})
            assert answer.status_code == 403, role
    assert member.rows("SELECT count(*) FROM outbox") == before


@pytest.mark.parametrize("path", [path for method, path, _, keyed in TABLE if keyed])
def test_a_write_without_a_key_is_refused(path: str, member: Running, tokens: dict[Role, str]) -> None:
    answer = member.post(_filled(path), token=tokens[Role.OPERATOR])
    assert answer.status_code in (400, 403)


def test_every_write_that_is_not_sign_in_takes_a_key() -> None:
    unkeyed = {
        one.path
        for door in openapi_app().doors
        for one in door.passages
        if one.method == "POST" and not one.keyed
    }
    assert unkeyed == {
        "/member/v1/codes",
        "/member/v1/sessions",
        "/member/v1/sessions/refresh",
        "/member/v1/sessions/sign-out",
        "/member/v1/staff-tokens",
    }
