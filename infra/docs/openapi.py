"""OpenAPI documents, one a service, from its routes: `python -m infra.docs.openapi [--check]`.

Takes a few seconds. Refuses to do I/O: `services.<name>.main.openapi_app()` builds doors without a desk.
"""

import json
import sys
from pathlib import Path
from typing import Any

from infra.docs.code import ROOT, found, services
from infra.docs.files import run

FOLDER = ROOT / "contracts" / "openapi"


def document(service: str) -> dict[str, Any] | None:
    """Give the OpenAPI document of a service, or None where it has no doors yet."""
    module = found(f"services.{service}.main")
    if module is None or not hasattr(module, "openapi_app"):
        return None
    told: dict[str, Any] = module.openapi_app().openapi()
    return told


def documents() -> dict[Path, str]:
    """Write the OpenAPI document of every service, by file."""
    told = {service: document(service) for service in services()}
    return {
        FOLDER / f"{service}.json": json.dumps(one, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for service, one in told.items()
        if one is not None
    }


if __name__ == "__main__":
    sys.exit(run(documents(), FOLDER, "*.json"))
