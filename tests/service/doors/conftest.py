"""Doors are tried at the group that journeys use as well, by one caller of each role."""

import pytest

from shared.kernel.principal import Role
from tests.journeys.caller import Caller
from tests.journeys.conftest import group
from tests.journeys.group import Group

__all__ = ["group"]


@pytest.fixture(scope="session")
def callers(group: Group) -> dict[Role, Caller]:
    """Lend one caller of each role that anybody has (partners come with their service)."""
    return {
        Role.MEMBER: group.member(),
        Role.UNIT_SYSTEM: group.system("till-office"),
        Role.FINANCE: group.staff("finance-office"),
        Role.OPERATOR: group.staff("operator-1"),
        Role.IMPORTER: group.system("importer"),
    }
