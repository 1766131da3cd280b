"""The list of all problems as programs read it: `python -m infra.docs.problems [--check]`.

Takes a second. Refuses to drop a code that was published: programs know it.
"""

import json
import sys
from pathlib import Path

from contracts import problems as published
from infra.docs.files import run
from infra.docs.refusals import refusals_known
from shared.web.problems import DEFECT_CODE, DEFECT_TITLE, STATUS

FILE = published.FILE


def gone(published: str, text: str) -> list[str]:
    """Name the published codes that a new list lacks."""
    before, after = ({one["code"] for one in json.loads(told)} for told in (published, text))
    return sorted(before - after)


def problems() -> dict[Path, str]:
    """Write the list, by file.

    :raises SystemExit: if a published code is gone.
    """
    known = [(code, STATUS[refusal.kind], refusal.title) for code, refusal in refusals_known()]
    told = [
        {"code": code, "status": status, "zh": title.zh, "en": title.en}
        for code, status, title in sorted([*known, (DEFECT_CODE, 500, DEFECT_TITLE)])
    ]
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    lost = gone(FILE.read_text(encoding="utf-8"), text) if FILE.exists() else []
    if lost:
        raise SystemExit(f"{FILE.name}: published codes are gone: {', '.join(lost)}")
    return {FILE: text}


if __name__ == "__main__":
    sys.exit(run(problems(), FILE.parent, FILE.name))
