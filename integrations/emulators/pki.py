"""A certification centre for tests and the demo: roots, responders and the keys of the demo's people, made on disk.

    python -m integrations.emulators.pki --out DIR --scale demo --seed 2025

Certificates look as those of НУЦ РК do (contracts/ncalayer.md §5), with RSA keys. Folder:

    trust/*.pem                             root and issuer: what EDS_TRUST_DIR points at
    authority/{root,issuing}.key.pem        their keys, for lists of revoked certificates
    services/{portal,gateway,ocsp,tsa}.pem  and .key.pem
    people/<slug>.pem                       and .key.pem
    people.json, pki.json                   who has which certificate; how this folder was made
"""

import argparse
import contextlib
import datetime
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from integrations.emulators import pki_people
from integrations.emulators.pki_certificates import Authority, Keys, made_authorities, made_services
from integrations.emulators.pki_people import Holder

VERSION = 1
SERVICES = ("portal", "gateway", "ocsp", "tsa")
AUTHORITIES = ("root", "issuing")
MADE_AGAIN_WITHIN = datetime.timedelta(days=60)  # of the day on which the good certificates end


@dataclass(frozen=True)
class Credential:
    """A certificate and the private key that belongs to it."""

    slug: str
    certificate: x509.Certificate
    key: PrivateKeyTypes = field(repr=False)


@dataclass(frozen=True)
class Pki:
    """A certification centre on disk."""

    folder: Path
    scale: str
    seed: int

    @cached_property
    def people(self) -> list[Holder]:
        """Every certificate of a person, in a fixed order."""
        return [Holder(**row) for row in json.loads((self.folder / "people.json").read_text())]

    @property
    def trust(self) -> Path:
        """The folder with the root's and the issuer's certificate."""
        return self.folder / "trust"

    def holder(self, slug: str) -> Holder:
        """The row of `people` with that slug. Raises KeyError."""
        found = next((holder for holder in self.people if holder.slug == slug), None)
        if found is None:
            raise KeyError(slug)
        return found

    def certificate(self, slug: str) -> x509.Certificate:
        """The certificate of a person, a service, `root` or `issuing`. Raises KeyError."""
        return x509.load_pem_x509_certificate(self._path(slug, "pem").read_bytes())

    def credential(self, slug: str) -> Credential:
        """Certificate and key of a person, a service, `root` or `issuing`. Raises KeyError."""
        key = serialization.load_pem_private_key(self._path(slug, "key.pem").read_bytes(), password=None)
        return Credential(slug, self.certificate(slug), key)

    def _path(self, slug: str, ending: str) -> Path:
        if slug in SERVICES:
            return self.folder / "services" / f"{slug}.{ending}"
        if slug in AUTHORITIES:
            return self.folder / ("trust" if ending == "pem" else "authority") / f"{slug}.{ending}"
        return self.folder / "people" / f"{self.holder(slug).slug}.{ending}"


def open_pki(folder: Path | str) -> Pki:
    """The certification centre in `folder`. Raises OSError or ValueError when there is none."""
    folder = Path(folder)
    made = json.loads((folder / "pki.json").read_text())
    if made["version"] != VERSION:
        raise ValueError(f"{folder} was made by another version of this program")
    return Pki(folder, made["scale"], made["seed"])


def make_pki(folder: Path | str, scale: str = "demo", seed: int = 2025) -> Pki:
    """The certification centre in `folder`, made unless a fresh one for that scale and seed stands there: 5 s.

    Whoever looks sees either nothing or all of it; of two that make it at once the second takes the first one's.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not _is_fresh(folder, scale, seed):
            _replace(folder, scale, seed)
    return open_pki(folder)


def _is_fresh(folder: Path, scale: str, seed: int) -> bool:
    try:
        made = json.loads((folder / "pki.json").read_text())
        ends_at = datetime.datetime.fromisoformat(made["ends_at"])
        is_same = (made["version"], made["scale"], made["seed"]) == (VERSION, scale, seed)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return is_same and ends_at - datetime.datetime.now(datetime.UTC) > MADE_AGAIN_WITHIN


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(folder: Path, scale: str, seed: int) -> None:
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write(made, scale, seed)
        made.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.rename(old)
            made.rename(folder)
            shutil.rmtree(old)
        else:
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(folder: Path, scale: str, seed: int) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    holders = pki_people.holders(scale, seed)
    # A person's sign key serves all his sign certificates: keys cost most of the time.
    keys = Keys([*AUTHORITIES, *SERVICES, *sorted({holder.key_name for holder in holders})])
    authorities = made_authorities(keys, now)
    for name, authority in authorities.items():
        _save_certificate(folder / "trust" / f"{name}.pem", authority.certificate)
        _save_key(folder / "authority" / f"{name}.key.pem", authority.key)
    issuing = authorities["issuing"]
    for name, certificate in made_services(issuing, keys, now).items():
        _save_certificate(folder / "services" / f"{name}.pem", certificate)
        _save_key(folder / "services" / f"{name}.key.pem", keys[name])
    _save_people(folder, issuing, keys, holders, now)
    ends_at = issuing.leaf_dates(now)[1]
    made = {"version": VERSION, "scale": scale, "seed": seed, "ends_at": ends_at.isoformat()}
    (folder / "pki.json").write_text(json.dumps(made))


def _save_people(folder: Path, issuing: Authority, keys: Keys, holders: list[Holder], now: datetime.datetime) -> None:
    for holder in holders:
        certificate = pki_people.certificate_of(holder, issuing, keys[holder.key_name], now)
        _save_certificate(folder / "people" / f"{holder.slug}.pem", certificate)
        _save_key(folder / "people" / f"{holder.slug}.key.pem", keys[holder.key_name])
    rows = [asdict(holder) for holder in holders]
    (folder / "people.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))


def _save_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _save_key(path: Path, key: PrivateKeyTypes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def main(arguments: list[str] | None = None) -> int:
    """Make the certification centre and print its folder. Exit code 2: it cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.pki", description="Test PKI")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--scale", default="demo", help="scale of the demo region")
    parser.add_argument("--seed", type=int, default=2025, help="seed of the demo region")
    options = parser.parse_args(arguments)
    try:
        pki = make_pki(options.out, options.scale, options.seed)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{pki.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
