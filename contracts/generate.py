"""JSON Schemas of all events, written from the catalogue: `python -m contracts.generate [--check]`.

Takes well under a second. Refuses to write a schema that breaks the one that stands: a break is a new type.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.catalogue import EVENTS, schema_name
from contracts.compatibility import breaks
from contracts.shapes import EventData

FOLDER = Path(__file__).resolve().parent / "schemas"


def schema_of(event_type: str, model: type[EventData]) -> dict[str, Any]:
    """Give the JSON Schema of a type's data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_name(event_type),
        **model.model_json_schema(mode="validation"),
        "title": event_type,
    }


def rendered(schema: Mapping[str, Any]) -> str:
    """Write a schema as it is committed: sorted keys, two spaces, final newline."""
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def faults(folder: Path, events: Mapping[str, type[EventData]]) -> list[str]:
    """Tell what of the folder is not as the catalogue says, and what of the catalogue breaks the folder."""
    found = [
        f"{path.name}: its type is gone from the catalogue"
        for path in sorted(folder.glob("*.json"))
        if path.stem not in events
    ]
    for event_type, model in events.items():
        path, schema = folder / f"{event_type}.json", schema_of(event_type, model)
        if not path.exists():
            found.append(f"{path.name}: not written yet")
            continue
        text = path.read_text(encoding="utf-8")
        broken = breaks(json.loads(text), schema)
        found.extend(f"{path.name}: {fault} (a break is a new type)" for fault in broken)
        if not broken and text != rendered(schema):
            found.append(f"{path.name}: out of date")
    return found


def write(folder: Path, events: Mapping[str, type[EventData]]) -> None:
    """Write every schema of the catalogue."""
    folder.mkdir(exist_ok=True)
    for event_type, model in events.items():
        (folder / f"{event_type}.json").write_text(rendered(schema_of(event_type, model)), encoding="utf-8")


def main() -> int:
    """Write the schemas, or with --check only say whether they are as the catalogue says."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything differs")
    check = parser.parse_args().check
    found = faults(FOLDER, EVENTS)
    serious = found if check else [fault for fault in found if "break" in fault or "gone" in fault]
    for fault in serious:
        sys.stderr.write(f"{fault}\n")
    if not serious and not check:
        write(FOLDER, EVENTS)
    return 1 if serious else 0


if __name__ == "__main__":
    sys.exit(main())
