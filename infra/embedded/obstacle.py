"""What stands in the way of a start, said in one line with a way on.

Refuses to be a traceback: the reader is a person at a terminal.
"""

from __future__ import annotations

import errno
from pathlib import Path


class Obstacle(Exception):
    """Stop the step at hand and tell the person what happened and what to do next.

    :param what: one sentence, what stands in the way.
    :param way_on: one sentence, what the person can do about it.
    """

    def __init__(self, what: str, way_on: str) -> None:
        super().__init__(f"{what} {way_on}")
        self.what = what
        self.way_on = way_on


def obstacle_of(trouble: OSError, way_on: str = "Look into `tongfen logs`.") -> Obstacle:
    """Translate what the operating system refused into a line a person can act on.

    :param way_on: what they can do where the trouble itself does not say it.
    """
    place = trouble.filename or "the state folder"
    if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(Path(str(place)))
    if trouble.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Obstacle(
            f"{place} may not be written by this user.",
            "Remove it as the user who made it, or choose another place with TONGFEN_HOME=/a/folder.",
        )
    return Obstacle(f"The system refused: {trouble.strerror or trouble} ({place}).", way_on)


def disk_full(place: Path) -> Obstacle:
    """Say that the disk below a folder is full."""
    return Obstacle(
        f"The disk that holds {place} is full.",
        "Free about 2 GB, or choose another disk with TONGFEN_HOME=/a/folder, and start again.",
    )
