"""Every knob of the member service, from the environment (`MEMBER_…`); read by main alone."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel.principal import Role
from shared.runtime.fault import falling_at

DEMO_STAFF = (
    "operator-1=operator operator-2=operator finance-residential=finance@residential"
    " finance-mall-east=finance@mall-east finance-mall-west=finance@mall-west finance-office=finance@office"
    " finance-hotel=finance@hotel finance-property=finance@property finance-group=finance@group"
)
"""The staff of the demo group. Source: the demo group's seeds."""


_SECRET = re.compile(r"(?:[0-9a-f]{2}){32,}", re.IGNORECASE)


class MemberSettings(BaseSettings):
    """Where its parts are, and how much they take. URLs carry passwords: they are never printed."""

    model_config = SettingsConfigDict(env_prefix="MEMBER_", frozen=True, env_ignore_empty=True)

    database_url_desk: SecretStr = Field(
        description="Role desk, connected directly: its locks are a session's."
    )
    database_url_reader: SecretStr = Field(
        description="Role reader, behind row-level security; may be pooled."
    )
    database_url_relay: SecretStr = Field(description="Role relay, connected directly.")
    kafka_bootstrap: str = Field(description="Brokers, as `host:port`, set apart by commas.")
    topic_prefix: str = Field(
        default="", description="Stands before every topic, where installations share brokers."
    )
    http_host: str = Field(default="127.0.0.1", description="Where the doors listen.")
    http_port: int = Field(default=0, description="0: any free port.")
    state_dir: Path = Field(description="Where the secret is kept if it is not set; the file is 0600.")
    secret: SecretStr | None = Field(
        default=None,
        description="At least 64 hex digits, the same everywhere; unset: drawn once, kept below state_dir.",
    )
    staff_secret: SecretStr | None = Field(
        default=None, description="Who knows it gets a staff token; unset: that door does not exist."
    )
    staff: str = Field(
        default="",
        description="Staff as `subject=operator subject=finance@unit`; embedded: the demo group's.",
    )
    embedded: Literal["on", "off"] = Field(
        default="off",
        description="on: texts are kept for `tongfen messages` instead of being sent, and an importer's phone"
        " counts as verified.",
    )
    clock: Literal["on", "off"] = Field(
        default="on", description="off: keys are not announced anew by the clock."
    )
    reader_pool: int = Field(
        default=8,
        ge=1,
        le=64,
        description="How many questions are asked at a time; more wait, for a second at most.",
    )
    batch: int = Field(
        default=256, ge=1, le=1000, description="Commands a desk obeys in one transaction, at most."
    )
    requests_per_minute: int = Field(
        default=60_000, ge=1, description="For each caller that is known, in each process."
    )
    stranger_requests_per_minute: int = Field(
        default=600, ge=1, description="For each address of callers that are not known, in each process."
    )
    codes_per_address_hour: int = Field(
        default=100, ge=1, description="Texts one address may cause; behind one there may be a whole office."
    )
    fault: str | None = Field(
        default=None,
        description="`point:n`: the process dies when it reaches that point the n-th time; embedded alone.",
    )

    @model_validator(mode="after")
    def check_fault(self) -> Self:
        """Refuse a point that does not read, and any where real members are.

        :raises ValueError: if it is not `point` or `point:n`, or this is no embedded stack.
        """
        falling_at(self.fault)
        if self.fault is not None and self.embedded == "off":
            raise ValueError("a process dies on purpose in an embedded stack alone")
        return self

    @field_validator("secret")
    @classmethod
    def check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        """Refuse a secret that is too short or no hex.

        :raises ValueError: if it is not at least 64 hex digits; it is not shown.
        """
        if secret is not None and not _SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError("must be at least 64 hex digits, an even number of them")
        return secret

    @field_validator("staff")
    @classmethod
    def check_staff(cls, text: str) -> str:
        """Refuse a list of staff that does not read.

        :raises ValueError: if an entry has no known role.
        """
        staff_of(text)
        return text

    def staff_list(self) -> list[tuple[str, Role, str | None]]:
        """List the staff: subject, role, unit."""
        return staff_of(self.staff or (DEMO_STAFF if self.embedded == "on" else ""))


def staff_of(text: str) -> list[tuple[str, Role, str | None]]:
    """Read a list of staff.

    :raises ValueError: if an entry is not `subject=operator` or `subject=finance@unit`.
    """
    people: list[tuple[str, Role, str | None]] = []
    for entry in text.split():
        subject, _, place = entry.partition("=")
        role, _, unit = place.partition("@")
        if not subject or (role, bool(unit)) not in (("operator", False), ("finance", True)):
            raise ValueError(f"{entry} is neither subject=operator nor subject=finance@unit")
        people.append((subject, Role(role), unit or None))
    return people
