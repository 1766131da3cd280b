"""The gateway's recipe: every service its path, the caller's address from nobody but the gateway."""

from __future__ import annotations

from pathlib import Path

from infra.embedded import caddy


def test_every_service_has_its_path_and_the_admin_door_is_shut() -> None:
    text = caddy.recipe(
        caddy.Setup(Path("/tmp/x"), 8080, Path("/tmp/x.log"), {"member": 1001, "points": 1002})
    )
    assert "admin off" in text
    assert "bind 127.0.0.1" in text
    assert "handle /member/* {\n\t\treverse_proxy 127.0.0.1:1001 {" in text
    assert "handle /points/* {\n\t\treverse_proxy 127.0.0.1:1002 {" in text
    assert text.count("header_up X-Client-Address {remote_host}") == text.count("reverse_proxy")
