"""Every knob of the points service, from the environment (`POINTS_…`); read by main alone."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    clock: Literal["on", "off"] = "on"
    reader_pool: int = Field(default=8, ge=1, le=64)
    batch: int = Field(default=256, ge=1, le=1000)
    requests_per_minute: int = Field(default=60_000, ge=1)
    stranger_requests_per_minute: int = Field(default=600, ge=1)
    auditor_every_s: float = Field(default=60.0, gt=0)
