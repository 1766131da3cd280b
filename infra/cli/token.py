"""`tongfen token`: a short token for a person of the staff, for curl and the like."""

from __future__ import annotations

from infra.cli.answer import AsJson, AtHome, as_json, home_of
from infra.cli.door import As, StaffDoor


def token(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Print a token of 15 minutes for a person of the staff.

    Example: curl -H "Authorization: Bearer $(tongfen token --as operator-1)" localhost:8080/points/v1/months

    Ends with 1 when nobody of that name works here, 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).token()
    if json:
        as_json({"subject": who, "access_token": found})
    else:
        print(found)
