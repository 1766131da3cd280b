"""In production nobody states times, and the clock runs."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from services.points.settings import PointsSettings

NEEDED: dict[str, Any] = {
    "database_url_desk": "postgresql://nowhere",
    "database_url_reader": "postgresql://nowhere",
    "database_url_relay": "postgresql://nowhere",
    "database_url_auditor": "postgresql://nowhere",
    "kafka_bootstrap": "127.0.0.1:1",
    "secret": "a secret of sixteen bytes or more",
}


def test_importers_are_believed_at_home_and_refused_in_production_unless_allowed() -> None:
    assert PointsSettings(**NEEDED).believes_importers
    assert not PointsSettings(**NEEDED, production="on").believes_importers
    assert PointsSettings(**NEEDED, production="on", importers="allowed").believes_importers


def test_a_clock_that_stands_still_is_refused_in_production() -> None:
    with pytest.raises(ValidationError, match="the clock is on"):
        PointsSettings(**NEEDED, production="on", clock="off")


def test_partners_are_read_by_code_and_asked_only_with_a_key() -> None:
    key = SecretStr("ab" * 32)
    settings = PointsSettings(
        **NEEDED, partners="taxi=http://127.0.0.1:1 cinema=https://c/x/", partner_key=key
    )
    assert settings.partner_addresses == {"taxi": "http://127.0.0.1:1", "cinema": "https://c/x"}
    assert PointsSettings(**NEEDED).partner_addresses == {}
    for partners in (
        "taxi",
        "taxi=ftp://x",
        "taxi=https://",
        "Taxi=https://x",
        "t=https://x",
        "a1=https://x?q",
    ):
        with pytest.raises(ValidationError, match="is not code=https"):
            PointsSettings(**NEEDED, partners=partners, partner_key=key)
    with pytest.raises(ValidationError, match="once each"):
        PointsSettings(**NEEDED, partners="taxi=https://x taxi=https://y", partner_key=key)
    with pytest.raises(ValidationError, match="set partner_key"):
        PointsSettings(**NEEDED, partners="taxi=https://x")
    with pytest.raises(ValidationError, match="64 hex digits"):
        PointsSettings(**NEEDED, partner_key=SecretStr("short"))
    with pytest.raises(ValidationError, match="over https"):
        PointsSettings(**NEEDED, partners="taxi=http://x", partner_key=key, production="on")
