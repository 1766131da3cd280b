"""In production nobody states times, and the clock runs."""

from typing import Any

import pytest
from pydantic import ValidationError

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
