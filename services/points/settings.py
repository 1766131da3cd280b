"""Every knob of the points service, from the environment (`POINTS_…`); read by main alone."""

import re
from collections.abc import Mapping
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.runtime.fault import falling_at

_PARTNER = re.compile(r"[a-z][a-z0-9-]{1,31}")
_SEED = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


class PointsSettings(BaseSettings):
    """Where its parts are, and how much they take. URLs carry passwords: they are never printed."""

    model_config = SettingsConfigDict(env_prefix="POINTS_", frozen=True)

    database_url_desk: SecretStr = Field(
        description="Role desk, connected directly: its locks are a session's."
    )
    database_url_reader: SecretStr = Field(
        description="Role reader, behind row-level security; may be pooled."
    )
    database_url_relay: SecretStr = Field(description="Role relay, connected directly.")
    database_url_auditor: SecretStr = Field(description="Role auditor: reads everything, writes nothing.")
    kafka_bootstrap: str = Field(description="Brokers, as `host:port`, set apart by commas.")
    topic_prefix: str = Field(
        default="", description="Stands before every topic, where installations share brokers."
    )
    http_host: str = Field(default="127.0.0.1", description="Where the doors listen.")
    http_port: int = Field(default=0, description="0: any free port.")
    http_joint_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Where all web processes of one machine answer together, each beside its own port;"
        " 0: nowhere.",
    )
    secret: SecretStr = Field(
        description="The same in every process: pay codes, cursors and sealed coupon codes rest on it."
    )
    clock: Literal["on", "off"] = Field(
        default="on", description="off: months open and close by command alone; refused in production."
    )
    production: Literal["on", "off"] = Field(
        default="off", description="on: no importer may state times unless it is allowed below."
    )
    importers: Literal["allowed", "refused"] | None = Field(
        default=None, description="Whether importers are believed; unset: allowed, in production refused."
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
    partners: str = Field(
        default="",
        description="Where outside partners answer, as `taxi=https://host/path`, set apart by blanks.",
    )
    partner_key: SecretStr | None = Field(
        default=None,
        description="64 hex digits: the Ed25519 key that signs requests to partners, as `tongfen`.",
    )
    partner_timeout_s: float = Field(default=5.0, gt=0, le=10, description="For one question to a partner.")
    partner_backoff_s: float = Field(
        default=2.0, gt=0, le=300, description="Until a silent partner is asked again; doubled, to 300 s."
    )
    auditor_every_s: float = Field(
        default=60.0, gt=0, description="From one round of the auditor to the next."
    )
    audit_patience_s: float = Field(
        default=15.0,
        gt=0,
        le=25,
        description="How long one request waits for the audit it asks for; clients of the house hang up"
        " after 30 s.",
    )
    fault: str | None = Field(
        default=None,
        description="`point:n`: the process dies when it reaches that point the n-th time; for tests alone.",
    )

    @field_validator("fault")
    @classmethod
    def check_fault(cls, text: str | None) -> str | None:
        """Refuse a point that does not read.

        :raises ValueError: if it is not `point` or `point:n`.
        """
        falling_at(text)
        return text

    @field_validator("partners")
    @classmethod
    def check_partners(cls, text: str) -> str:
        """Refuse a list of partners that does not read.

        :raises ValueError: if an entry is not `code=http(s)://host…`.
        """
        partners_of(text)
        return text

    @model_validator(mode="after")
    def check_partner_key(self) -> Self:
        """Refuse partners without a key to sign with, and a key that is none.

        :raises ValueError: if there is no key, or it is not 64 hex digits; it is not shown.
        """
        key = None if self.partner_key is None else self.partner_key.get_secret_value()
        if key is not None and not _SEED.fullmatch(key):
            raise ValueError("partner_key must be 64 hex digits")
        if self.partners and key is None:
            raise ValueError("partners are asked in signed requests: set partner_key")
        if self.production == "on" and any(
            one.startswith("http:") for one in self.partner_addresses.values()
        ):
            raise ValueError("in production partners are asked over https")
        return self

    @model_validator(mode="after")
    def check_clock(self) -> Self:
        """Refuse books whose time stands still in production, and a process that is to die there.

        :raises ValueError: if the clock is off or a fault is set there.
        """
        if self.production == "on" and self.clock == "off":
            raise ValueError("in production the clock is on")
        if self.production == "on" and self.fault is not None:
            raise ValueError("in production no process dies on purpose")
        return self

    @property
    def believes_importers(self) -> bool:
        """Tell whether an importer, who may state times, is believed here."""
        return (self.importers or ("refused" if self.production == "on" else "allowed")) == "allowed"

    @property
    def partner_addresses(self) -> Mapping[str, str]:
        """Give where each outside partner answers, by its code."""
        return partners_of(self.partners)


def partners_of(text: str) -> Mapping[str, str]:
    """Read a list of partners.

    :raises ValueError: if an entry is not `code=http(s)://host…`, or a code comes twice.
    """
    found: dict[str, str] = {}
    for entry in text.split():
        code, _, address = entry.partition("=")
        place = urlsplit(address)
        known = place.scheme in ("http", "https") and place.hostname and not (place.query or place.fragment)
        if not _PARTNER.fullmatch(code) or not known or code in found:
            raise ValueError(f"{code} is not code=https://host, once each")
        found[code] = address.rstrip("/")
    return found
