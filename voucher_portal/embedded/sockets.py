"""Where a service's unix socket lies: the kernel takes no socket path longer than 107 bytes."""

import hashlib
import os
import shutil
from pathlib import Path

LONGEST_SOCKET_PATH = 107
SHORT_FOLDERS = Path("/tmp")  # not TMPDIR: every process of a data folder must find the same place


def socket_directory(folder: Path, socket_name: str) -> Path:
    """`folder` itself, or a short folder named after its digest where the socket's path would be too long."""
    if len(os.fsencode(folder / socket_name)) <= LONGEST_SOCKET_PATH:
        return folder
    return SHORT_FOLDERS / f"voucher-portal-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


def make_private(directory: Path, owner: int) -> None:
    """Make a directory that only `owner` (a user id) may enter.

    Raises:
        PermissionError: it exists and belongs to somebody else, who could then pretend to be our server.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid not in {owner, os.geteuid()}:
        raise PermissionError(f"{directory} belongs to another user")
    os.chown(directory, owner, -1)
    directory.chmod(0o700)


def remove_short_folder(directory: Path) -> None:
    """Clear away what `make_private` made outside the data folder."""
    if directory.parent == SHORT_FOLDERS and directory.name.startswith("voucher-portal-"):
        shutil.rmtree(directory, ignore_errors=True)
