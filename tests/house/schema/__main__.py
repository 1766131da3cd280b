"""Write the lists anew: `python -m tests.house.schema`. Takes a few seconds; starts PostgreSQL itself."""

from tests.house.schema.database import SERVICES, committed, migrated
from tests.house.schema.listing import listed

for service in SERVICES:
    with migrated(service) as connection:
        committed(service).write_text("\n".join(listed(connection)) + "\n", encoding="utf-8")
