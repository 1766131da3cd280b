"""The importer brings half a year in a process of its own, and that process stays small."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.replay.stand_in import StandIn, serving

EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-07-01.json"
ROOM_KIB = 300 * 1024

# The process measures itself: its largest resident set so far, in KiB. Not by getrusage, which counts the
# process from which it was started as well.
PROGRAM = """
import hashlib, re, sys
from datetime import date
from pathlib import Path
from infra.replay.client import Importer, Plan
from infra.replay.door import Door
from infra.replay.report import canonical
from tests.replay.stand_in import NoSignature

with Door(sys.argv[1], NoSignature()) as door:
    report = Importer(door, Plan(date(2017, 1, 1), date(2017, 7, 1))).run()
print(hashlib.sha256(canonical(report)).hexdigest())
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def test_half_a_year_is_brought_right_within_300_megabytes() -> None:
    with serving(StandIn()) as address:
        client = subprocess.run(
            [sys.executable, "-c", PROGRAM, address],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
    # Before these two lines it may say that it asked again.
    *_, digest, largest_kib = client.stdout.split()
    assert digest == hashlib.sha256(EXPECTED.read_bytes()).hexdigest()
    assert int(largest_kib) < ROOM_KIB
