"""PostgreSQL refuses to run as root, so root runs it as the user `nobody`."""

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

NOBODY = "nobody"


def owner() -> int:
    """The user id that the server runs as and that owns its files."""
    return pwd.getpwnam(NOBODY).pw_uid if os.geteuid() == 0 else os.geteuid()


def command(arguments: list[str], *, needs: Iterable[Path]) -> list[str]:
    """`arguments` as a command line that runs without root's user id.

    Where `nobody` cannot reach a path that the command `needs` (a clone under /root), the process keeps root's right
    to pass folders (CAP_DAC_OVERRIDE); the permissions of root's own folders are left as they are.
    """
    if os.geteuid() != 0:
        return arguments
    nobody = pwd.getpwnam(NOBODY)
    prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    if not all(_open_to_others(path) for path in needs):
        prefix += ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
    return prefix + arguments


def _open_to_others(path: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in [path, *path.parents])
