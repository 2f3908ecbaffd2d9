"""PostgreSQL refuses to run as root, so root runs it as the user `nobody`."""

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

NOBODY = "nobody"


def owner_of(folder: Path) -> int:
    """The id of the user that a server runs as and that owns its files in `folder` (which need not exist yet)."""
    if os.geteuid() != 0:
        return os.geteuid()
    if folder.exists() and folder.stat().st_uid != 0:
        return folder.stat().st_uid
    return pwd.getpwnam(NOBODY).pw_uid


def command(arguments: list[str], *, owner: int, needs: Iterable[Path]) -> list[str]:
    """`arguments` as a command line that runs as the user `owner`, and not as root.

    Where that user cannot reach a path that the command `needs` (a clone under /root), the process keeps root's right
    to pass folders (CAP_DAC_OVERRIDE); the permissions of root's own folders are left as they are.
    """
    if os.geteuid() != 0:
        return arguments
    prefix = ["setpriv", f"--reuid={owner}", f"--regid={pwd.getpwnam(NOBODY).pw_gid}", "--clear-groups"]
    if not all(_open_to_others(path) for path in needs):
        prefix += ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    return prefix + arguments


def _open_to_others(path: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in [path, *path.parents])
