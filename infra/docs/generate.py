"""The pages of docs/generated, from the code: `python -m infra.docs.generate [--check]`.

Takes a few seconds. Refuses to describe what is not there: a page has what exists at the time.
"""

import sys
from pathlib import Path

from infra.docs.code import ROOT
from infra.docs.commandline import commandline_page
from infra.docs.events import events_page
from infra.docs.files import run
from infra.docs.knobs import knobs_page
from infra.docs.markdown import page, table
from infra.docs.refusals import refusals_page
from infra.docs.routes import routes_page
from infra.docs.rules import rules_page
from infra.docs.tables import tables_page

FOLDER = ROOT / "docs" / "generated"
PAGES = {
    "routes.md": ("every door over HTTP", routes_page),
    "events.md": ("what services announce to each other", events_page),
    "refusals.md": ("every way in which the business says no", refusals_page),
    "settings.md": ("what may be set from the environment", knobs_page),
    "commandline.md": ("every command of `tongfen`", commandline_page),
    "tables.md": ("what each database keeps", tables_page),
    "rules.md": ("with which rules the demo group begins", rules_page),
}


def pages() -> dict[Path, str]:
    """Write all pages and the list of them, by file."""
    texts = {FOLDER / name: told() for name, (_, told) in PAGES.items()}
    rows = [(f"[{name}]({name})", meaning) for name, (meaning, _) in PAGES.items()]
    rows.append(("[bench.md](bench.md)", "what hot paths cost, as `make bench` last measured it"))
    texts[FOLDER / "README.md"] = page(
        "Generated documents", "What the code says about itself.", table(("page", "what it lists"), rows)
    )
    return texts


if __name__ == "__main__":
    # The bench writes its own page beside these.
    sys.exit(run(pages(), FOLDER, "[!b]*.md"))
