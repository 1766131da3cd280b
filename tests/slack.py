"""What a machine that does other things as well may add to a limit of time."""

import os

SLACK_S = float(os.environ.get("TONGFEN_FAULTS_SLACK_S", "1.5"))
"""`make faults`, which has the machine to itself, says 0."""
