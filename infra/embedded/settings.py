"""The knobs of the stack itself, from the environment or a `.env` file.

Refuses to know the knobs of a service: those are the service's.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class StackSettings(BaseSettings):
    """Where the stack keeps its state and which addresses it uses."""

    model_config = SettingsConfigDict(
        env_prefix="TONGFEN_", env_file=CHECKOUT / ".env", extra="ignore", env_ignore_empty=True
    )

    home: Path = Field(default=CHECKOUT / ".tongfen", description="Folder of the state.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="The one address; unset: 8080 or the next free one."
    )
    webs: int = Field(
        default=2,
        ge=1,
        le=6,
        description="How many processes of points answer: one for each core. Each takes up to 22 connections"
        " of PostgreSQL's 200.",
    )
    silence_s: float = Field(
        default=10.0,
        ge=0,
        description="How long a process of a service may give no sign of life (`/livez`) before it is killed"
        " and started again; 0: for ever, so that a debugger may hold it.",
    )
    jars: Path | None = Field(
        default=None,
        description="Where Kafka's jars lie, so that several checkouts may share one download;"
        " unset: in the state.",
    )

    @property
    def jar_cache(self) -> Path:
        """Where Kafka's jars lie: the state of this checkout, unless chosen."""
        return (self.jars or self.home / "jars").expanduser().resolve()
