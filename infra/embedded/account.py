"""Who runs PostgreSQL: the server refuses root, so root lends it an account.

Never adds a user, never opens a folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.obstacle import Obstacle

# Unprivileged accounts that exist on nearly every machine, in the order in which they are tried.
_ACCOUNTS = ("postgres", "nobody")
_UNMAPPED = 65534


@dataclass(frozen=True, slots=True)
class Account:
    """How a program that refuses root is started: as another user, in a user namespace, or just so.

    `uid` and `gid` own the program's files; `switch` says that the child must become that user;
    `prefix` stands before the command line.
    """

    uid: int
    gid: int
    switch: bool
    prefix: tuple[str, ...]

    def own(self, place: Path) -> None:
        """Give a folder and all below it to this account, if it is not its own yet."""
        if os.geteuid() != 0 or place.stat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(place):
            os.chown(folder, self.uid, self.gid)
            for name in files:
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)


def account_for(program: Path, place: Path) -> Account:
    """Choose who runs a program that refuses root and keeps its files in a folder.

    An ordinary user runs it as oneself. Root lends it an existing account; where that account cannot reach
    the program or the folder (a checkout below a closed home), root runs it in a user namespace of its own.

    :raises Obstacle: if root can do neither.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False, prefix=())
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(entry.pw_uid, entry.pw_gid, switch=True, prefix=())
        if _reaches(account, program, place):
            return account
    namespace = _namespace()
    if namespace is not None and _reaches(namespace, program, place):
        return namespace
    raise Obstacle(
        f"PostgreSQL refuses to run as root, and no other account can reach {place}.",
        "Start as an ordinary user, or choose an open folder with TONGFEN_HOME=/a/folder.",
    )


def _namespace() -> Account | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    prefix = (unshare, "--user", f"--map-user={_UNMAPPED}", f"--map-group={_UNMAPPED}", "--")
    return Account(0, 0, switch=False, prefix=prefix)


def _reaches(account: Account, program: Path, place: Path) -> bool:
    # The program must start (its libraries too), and the folder's parent must be passable; the folder
    # itself is handed over by own().
    script = '"$0" --version >/dev/null && cd "$1"'
    arguments = [*account.prefix, "/bin/sh", "-c", script, str(program), str(place.parent)]
    try:
        if account.switch:
            done = subprocess.run(
                arguments,
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                capture_output=True,
                check=False,
                cwd="/",
            )
        else:
            done = subprocess.run(arguments, capture_output=True, check=False, cwd="/")
    except OSError:
        return False
    return done.returncode == 0
