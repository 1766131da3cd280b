"""What the guide to faults says is run again by `make faults` is run by it."""

import re
import subprocess

from tests.house.tree import house

GUIDE = "docs/guides/faults.md"
LINKED = re.compile(r"\]\(\.\./\.\./(tests/[a-z_/]+\.py)\)")


def test_every_test_of_the_table_of_faults_is_run_by_make_faults() -> None:
    (guide,) = house().files(GUIDE)
    rows = [line for line in guide.text.splitlines() if line.startswith("| F")]
    named = {path for row in rows for path in LINKED.findall(row)}
    assert len(named) > 20
    told = subprocess.run(["make", "-n", "faults"], capture_output=True, text=True, check=True).stdout
    run = {word for line in told.splitlines() if "pytest" in line for word in line.split()}
    silent = {
        path for path in named if path not in run and not any(path.startswith(f"{one}/") for one in run)
    }
    assert not silent, f"`make faults` does not run {', '.join(sorted(silent))}"
