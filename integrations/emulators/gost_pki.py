"""A certification centre whose keys look like GOST (see `gost`): the twin of `pki`, with the same people and slugs.

`make_gost_pki(folder)` makes what `open_pki(folder)` opens. Its `trust/*.pem` belong beside those of the RSA centre:
`trust_gost(folder, pki_folder)`.
"""

import contextlib
import datetime
import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from integrations.emulators import gost, pki, pki_people
from integrations.emulators.gost import GostAlgorithm
from integrations.emulators.pki import Credential, Pki
from integrations.emulators.pki_certificates import (
    ISSUING_FROM,
    LEAVES_FROM,
    ROOT_FROM,
    Authority,
    Dates,
    authority_extensions,
    authority_name,
    leaf_extensions,
    policies,
)
from integrations.emulators.pki_people import EXPIRED, EXPIRED_ON, PURPOSES, WITHOUT_ORGANISATION, Holder

Extensions = Sequence[tuple[x509.ExtensionType, bool]]

KEY_PASSWORD = "the-demo-has-no-secrets"  # of services/portal.p12
_AUTHORITY_LIFE = datetime.timedelta(days=2190)


def make_gost_pki(folder: Path | str, scale: str = "demo", seed: int = 2025) -> Pki:
    """The centre in `folder`, made unless one for that scale and seed stands there: a quarter of a second.

    Whoever looks sees either nothing or all of it; of two that make it at once the second takes the first one's.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not _is_there(folder, scale, seed):
            _replace(folder, scale, seed)
    return pki.open_pki(folder)


def trust_gost(centre: Pki, trust: Path) -> None:
    """Put the root's and the issuer's certificate into the folder that the portal trusts."""
    for name in pki.AUTHORITIES:
        shutil.copyfile(centre.trust / f"{name}.pem", trust / f"gost-{name}.pem")


def issue(
    issuer: Credential | None,
    key: Ed25519PrivateKey,
    subject: x509.Name,
    dates: Dates,
    extensions: Extensions,
    *,
    algorithm: GostAlgorithm = gost.GOST_2015_512,
    serial_number: int | None = None,
) -> x509.Certificate:
    """A certificate of GOST for `key`, with the identifiers of both keys; signed by itself without an issuer."""
    serial_number = serial_number or x509.random_serial_number()
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), serial_number, *dates)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if issuer:
        identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        builder = builder.add_extension(authority, critical=False)
    return gost.as_gost(builder.sign(key, None), key, algorithm, issuer)


def made_authorities(now: datetime.datetime, algorithm: GostAlgorithm = gost.GOST_2015_512) -> dict[str, Credential]:
    """The root and the issuer of everything else."""
    names = {"root": "ТЕСТ НЕГІЗГІ КО (GOST)", "issuing": "ТЕСТ ҰЛТТЫҚ КО (GOST)"}
    made: dict[str, Credential] = {}
    for (slug, name), begins_at, path_length in zip(names.items(), (ROOT_FROM, ISSUING_FROM), (None, 0), strict=True):
        key, dates = Ed25519PrivateKey.generate(), (begins_at, now + _AUTHORITY_LIFE)
        certificate = issue(
            made.get("root"), key, authority_name(name), dates, authority_extensions(path_length), algorithm=algorithm
        )
        made[slug] = Credential(slug, certificate, key)
    return made


def issue_to(
    issuer: Credential,
    holder: Holder,
    now: datetime.datetime,
    *,
    key: Ed25519PrivateKey | None = None,
    algorithm: GostAlgorithm = gost.GOST_2015_512,
) -> Credential:
    """The certificate of one of the demo's people."""
    key = key or Ed25519PrivateKey.generate()
    purpose, bit = PURPOSES[holder.purpose]
    roles = [] if holder.role in WITHOUT_ORGANISATION else [pki_people.ORGANISATION_OID]
    usages = [purpose, *map(x509.ObjectIdentifier, [*roles, pki_people.ROLE_OIDS[holder.role]])]
    extensions = [*leaf_extensions(["digital_signature", bit], usages), policies()]
    dates = (LEAVES_FROM, EXPIRED_ON) if holder.state == EXPIRED else Authority.leaf_dates(now)
    subject = pki_people.subject_of(holder)
    return Credential(holder.slug, issue(issuer, key, subject, dates, extensions, algorithm=algorithm), key)


def _is_there(folder: Path, scale: str, seed: int) -> bool:
    try:
        made = json.loads((folder / "pki.json").read_text())
        ends_at = datetime.datetime.fromisoformat(made["ends_at"])
    except (OSError, ValueError, KeyError):
        return False
    is_same = (made["version"], made["scale"], made["seed"]) == (pki.VERSION, scale, seed)
    return is_same and ends_at - datetime.datetime.now(datetime.UTC) > pki.MADE_AGAIN_WITHIN


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
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(folder: Path, scale: str, seed: int) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    authorities = made_authorities(now)
    for name, authority in authorities.items():
        _save(folder / "trust", folder / "authority", name, authority)
    issuing, people = authorities["issuing"], pki_people.holders(scale, seed)
    for holder in people:
        _save(folder / "people", folder / "people", holder.slug, issue_to(issuing, holder, now))
    _save_portal(folder / "services", issuing, now)
    (folder / "people.json").write_text(json.dumps([asdict(holder) for holder in people], ensure_ascii=False))
    ends_at = Authority.leaf_dates(now)[1]
    made = {"version": pki.VERSION, "scale": scale, "seed": seed, "ends_at": ends_at.isoformat()}
    (folder / "pki.json").write_text(json.dumps(made))


def _save_portal(folder: Path, issuing: Credential, now: datetime.datetime) -> None:
    """The portal's own key for ШЭП, as the PKCS#12 file that NCANode is given."""
    key = Ed25519PrivateKey.generate()
    usages = leaf_extensions(["digital_signature", "key_encipherment"], [ExtendedKeyUsageOID.CLIENT_AUTH])
    name = authority_name("ВАУЧЕРЛІК ПОРТАЛ (ТЕСТ)")
    portal = Credential("portal", issue(issuing, key, name, Authority.leaf_dates(now), usages), key)
    _save(folder, folder, "portal", portal)
    _write_secret(folder / "portal.p12", gost.key_file(portal, KEY_PASSWORD))


def _save(certificates: Path, keys: Path, slug: str, credential: Credential) -> None:
    certificates.mkdir(exist_ok=True)
    keys.mkdir(exist_ok=True)
    (certificates / f"{slug}.pem").write_bytes(credential.certificate.public_bytes(Encoding.PEM))
    pem = credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_secret(keys / f"{slug}.key.pem", pem)


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
