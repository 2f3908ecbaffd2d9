"""What was asked and answered, byte for byte, by its SHA-256: evidence for as long as ARCHIVE_DAYS says.

A file is `root/ab/c/<sha256>.xml.gz`, readable by the portal's user only. Writing the same bytes again only renews
their time. There is no fsync: after a loss of power the last seconds may be missing, and reading checks the hash, so a
torn file is taken for a missing one. The password of the sender is struck out of a question before it comes here (so
its signature cannot be verified again); its hash is that of the struck-out bytes.
"""

import contextlib
import hashlib
import os
import re
import time
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path

GZIP = 31  # zlib's window bits for a gzip file
# Level, method, window bits and memory: small messages, and zlib's usual 260 KB take longer to lay out than to use.
PACKING = (1, zlib.DEFLATED, 28, 5)
MAX_BYTES = 64 * 1024 * 1024  # of one archived message, unpacked
DAY = 24 * 3600  # seconds
STRUCK_OUT = b"<password>***</password>"

_PASSWORD = re.compile(rb"<password>[^<]*</password>")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotArchived(LookupError):
    """These bytes are not in the archive: never put, purged, or torn."""


def without_password(request: bytes) -> bytes:
    """A question as it may be kept."""
    return _PASSWORD.sub(STRUCK_OUT, request)


@dataclass(frozen=True)
class Archive:
    """The folder. Safe for any number of threads and processes at once."""

    root: Path

    def put(self, content: bytes) -> str:
        """Keep `content`; gives its SHA-256 in hexadecimal. Raises OSError."""
        name = hashlib.sha256(content).hexdigest()
        packer = zlib.compressobj(*PACKING)
        self._write(str(self._path(name)), packer.compress(content) + packer.flush())
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that SHA-256. Raises NotArchived."""
        if not _SHA256.fullmatch(name):
            raise NotArchived(name)
        try:
            unpacker = zlib.decompressobj(wbits=GZIP)
            content = unpacker.decompress(self._path(name).read_bytes(), MAX_BYTES)
        except (OSError, zlib.error):
            raise NotArchived(name) from None
        if hashlib.sha256(content).hexdigest() != name:
            raise NotArchived(name)
        return content

    def purge(self, days: int, now: float | None = None) -> int:
        """Remove what was last put more than `days` ago; gives how many files. Safe to repeat and to interrupt."""
        oldest = (time.time() if now is None else now) - days * DAY
        removed = 0
        for path in self.root.glob("??/?/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, name: str) -> Path:
        return self.root / name[:2] / name[2] / f"{name}.xml.gz"

    @staticmethod
    def _write(path: str, packed: bytes) -> None:
        """Also over the same bytes, whose time is so renewed: most are new, and looking first would cost more."""
        fresh = f"{path}.{uuid.uuid4().hex}"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True, mode=0o700)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb", buffering=0) as file:
                file.write(packed)
            os.replace(fresh, path)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh)
            raise
