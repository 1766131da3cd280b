"""The stand-in for a partner as a process of the stack: `python -m infra.partner_sim.main`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.partner_sim.book import CouponBook
from infra.partner_sim.server import PartnerSim
from shared.web.keys import public_key_of


class PartnerSimSettings(BaseSettings):
    """Where it answers, where it keeps its book, and whose signature it takes."""

    model_config = SettingsConfigDict(env_prefix="PARTNER_", frozen=True)

    http_port: int
    state_dir: Path
    customer_key: str


def main() -> None:
    """Answer until told to end."""
    settings = PartnerSimSettings()
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    book = CouponBook(settings.state_dir / "coupons.sqlite")
    with PartnerSim(book, public_key_of(settings.customer_key), settings.http_port):
        ending.wait()


if __name__ == "__main__":
    main()
