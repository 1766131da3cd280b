"""Every knob of the points service, from the environment (`POINTS_…`); read by main alone."""

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.runtime.fault import falling_at


class PointsSettings(BaseSettings):
    """Where its parts are, and how much they take. URLs carry passwords: they are never printed."""

    model_config = SettingsConfigDict(env_prefix="POINTS_", frozen=True)

    database_url_desk: SecretStr
    database_url_reader: SecretStr
    database_url_relay: SecretStr
    database_url_auditor: SecretStr
    kafka_bootstrap: str
    topic_prefix: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = 0
    secret: SecretStr
    clock: Literal["on", "off"] = Field(
        default="on", description="off: months open and close by command alone; refused in production."
    )
    production: Literal["on", "off"] = Field(
        default="off", description="on: no importer may state times unless it is allowed below."
    )
    importers: Literal["allowed", "refused"] | None = Field(
        default=None, description="Whether importers are believed; unset: allowed, in production refused."
    )
    reader_pool: int = Field(default=8, ge=1, le=64)
    batch: int = Field(default=256, ge=1, le=1000)
    requests_per_minute: int = Field(default=60_000, ge=1)
    stranger_requests_per_minute: int = Field(default=600, ge=1)
    auditor_every_s: float = Field(default=60.0, gt=0)
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
