"""The revision that a process asks its database for is the one that Alembic would bring it to."""

import pytest
from alembic.script import ScriptDirectory

from shared.runtime.migrations import configured
from shared.runtime.revisions import newest


@pytest.mark.parametrize("service", ["member", "points"])
def test_the_newest_revision_is_alembics_head_and_no_file_is_left_out(service: str) -> None:
    script = ScriptDirectory.from_config(configured(service))
    assert newest(service) == script.get_current_head()
    revisions = [one.revision for one in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
