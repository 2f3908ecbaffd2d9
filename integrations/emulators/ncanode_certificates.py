"""What the emulated NCANode knows of certificates: its own store of authorities, revocation, and `CertificateInfo`.

Written after NCANode's CertificateWrapper, CertificateService, OcspService and CrlService: contracts/ncalayer.md §4.
"""

import base64
import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from integrations.emulators import gost
from integrations.emulators.ncanode_script import Script

KEY_USERS = {
    "1.2.398.3.3.4.1.1": "INDIVIDUAL",
    "1.2.398.3.3.4.1.2": "ORGANIZATION",
    "1.2.398.3.3.4.1.2.1": "CEO",
    "1.2.398.3.3.4.1.2.2": "CAN_SIGN",
    "1.2.398.3.3.4.1.2.3": "CAN_SIGN_FINANCIAL",
    "1.2.398.3.3.4.1.2.4": "HR",
    "1.2.398.3.3.4.1.2.5": "EMPLOYEE",
    "1.2.398.3.3.4.2": "NCA_PRIVILEGES",
    "1.2.398.3.3.4.2.1": "NCA_ADMIN",
    "1.2.398.3.3.4.2.2": "NCA_MANAGER",
    "1.2.398.3.3.4.2.3": "NCA_OPERATOR",
}
_RSA_SHA256 = "SHA256WithRSAEncryption"
_NAMES_IN_DN = {
    NameOID.COMMON_NAME: "CN",
    NameOID.SURNAME: "SURNAME",
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "S",
    NameOID.EMAIL_ADDRESS: "E",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.GIVEN_NAME: "G",
}
_FIELDS = {
    "CN": "commonName",
    "SURNAME": "surName",
    "G": "lastName",
    "E": "email",
    "O": "organization",
    "C": "country",
    "L": "locality",
    "S": "state",
}


class Store:
    """The authorities that NCANode was given, and who is revoked. `folders` are those of `pki` and `gost_pki`."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.authorities: list[x509.Certificate] = []
        self.revoked_serials: set[int] = set()
        for folder in folders:
            self.authorities += [_certificate(path) for path in sorted((folder / "trust").glob("*.pem"))]
            rows = json.loads((folder / "people.json").read_text(encoding="utf-8"))
            self.revoked_serials |= {
                _certificate(folder / "people" / f"{row['slug']}.pem").serial_number
                for row in rows
                if row["state"] == "revoked"
            }

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """The authority whose key signed the certificate: one step, no further."""
        return next((issuer for issuer in self.authorities if _is_issued_by(certificate, issuer)), None)


def looked_at(
    certificate: x509.Certificate, store: Store, script: Script, checks: frozenset[str], now: datetime.datetime
) -> dict[str, Any]:
    """The `CertificateInfo` of a certificate."""
    issuer = store.issuer_of(certificate)
    revocations = _revocations(certificate, issuer, store, script, checks)
    is_valid = (
        issuer is not None
        and all(_holds(known, now) for known in (certificate, issuer))
        and all(is_active for _entry, is_active in revocations)
    )
    algorithm = gost.algorithm_of(certificate)
    return {
        "valid": is_valid,
        "revocations": [entry for entry, _is_active in revocations],
        "notBefore": as_json(certificate.not_valid_before_utc),
        "notAfter": as_json(certificate.not_valid_after_utc),
        "keyUsage": _key_usage(certificate),
        "serialNumber": f"{certificate.serial_number:x}",
        "signAlg": algorithm.name if algorithm else _RSA_SHA256,
        "keyUser": _key_users(certificate),
        "publicKey": base64.b64encode(_public_key_info(certificate)).decode(),
        "signature": base64.b64encode(certificate.signature).decode(),
        "subject": _person(certificate.subject),
        "issuer": _person(certificate.issuer),
    }


def as_json(moment: datetime.datetime) -> str:
    """An instant as Jackson writes a Date."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")


def verifies(certificate: x509.Certificate, signature: bytes, data: bytes, *, hash_name: str) -> bool:
    """Whether the key of `certificate` made `signature` over `data`: GOST's stand-in, RSA or ECDSA."""
    if gost.has_gost_key(certificate):
        algorithm = gost.algorithm_of(certificate)
        return algorithm is not None and gost.is_signed_by(certificate, algorithm, signature, data)
    return _is_signed_by(certificate, signature, data, hashes.SHA512() if hash_name == "sha512" else hashes.SHA256())


def _is_signed_by(
    certificate: x509.Certificate, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm
) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
        else:
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    algorithm = gost.algorithm_of(certificate)
    if algorithm is None and not gost.has_gost_key(issuer):
        return _is_signed_by(
            issuer, certificate.signature, certificate.tbs_certificate_bytes, certificate.signature_hash_algorithm
        )
    return (
        algorithm is not None
        and gost.has_gost_key(issuer)
        and gost.is_signed_by(issuer, algorithm, certificate.signature, certificate.tbs_certificate_bytes)
    )


def _revocations(
    certificate: x509.Certificate,
    issuer: x509.Certificate | None,
    store: Store,
    script: Script,
    checks: frozenset[str],
) -> list[tuple[dict[str, Any], bool]]:
    """Entries of `revocations`, each with whether it lets the certificate be valid."""
    is_revoked = certificate.serial_number in store.revoked_serials.union(int(serial, 16) for serial in script.revoked)
    entries = []
    if "CRL" in checks:
        entries.append(_from_list(is_revoked, script))
    if "OCSP" in checks and script.ocsp != "none":
        entries.append(_from_ocsp(is_revoked, issuer, script))
    return entries


def _from_list(is_revoked: bool, script: Script) -> tuple[dict[str, Any], bool]:
    if script.crl == "down":
        raise ValueError('Cannot load CRL file "nca_gost2022.crl"')
    is_revoked = is_revoked and script.crl != "off"
    return _entry("CRL", is_revoked, "unspecified" if is_revoked else None), not is_revoked


def _from_ocsp(is_revoked: bool, issuer: x509.Certificate | None, script: Script) -> tuple[dict[str, Any], bool]:
    if issuer is None:
        return _entry("OCSP", False, "Cannot find root certificate in NCANode."), False
    if script.ocsp == "down":
        return _entry("OCSP", False, "Connect to ocsp.example:80 failed: Connection refused"), False
    if script.ocsp == "unknown":
        return _entry("OCSP", False, "Unknown status"), False
    return _entry("OCSP", is_revoked, "OK"), not is_revoked


def _entry(by: str, is_revoked: bool, reason: str | None) -> dict[str, Any]:
    revoked_at = datetime.datetime(2025, 7, 1, tzinfo=datetime.UTC)
    return {
        "revoked": is_revoked,
        "by": by,
        "revocationTime": as_json(revoked_at) if is_revoked else None,
        "reason": reason,
    }


def _holds(certificate: x509.Certificate, now: datetime.datetime) -> bool:
    return certificate.not_valid_before_utc < now < certificate.not_valid_after_utc


def _key_usage(certificate: x509.Certificate) -> str:
    usage = _extension(certificate, x509.KeyUsage)
    if usage and usage.digital_signature and usage.content_commitment:
        return "SIGN"
    return "AUTH" if usage and usage.digital_signature and usage.key_encipherment else "UNKNOWN"


def _key_users(certificate: x509.Certificate) -> list[str]:
    usages = _extension(certificate, x509.ExtendedKeyUsage) or ()
    return [KEY_USERS[usage.dotted_string] for usage in usages if usage.dotted_string in KEY_USERS]


def _extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _person(name: x509.Name) -> dict[str, str]:
    """`CertificateSubject`: lastName is the patronymic, for it is read from G."""
    parts = [(_NAMES_IN_DN.get(part.oid, part.oid.dotted_string), str(part.value)) for part in name]
    person = {_FIELDS[key]: value for key, value in parts if key in _FIELDS}
    for key, value in parts:
        if key == "SERIALNUMBER" and not value.startswith("BIN"):
            person["iin"] = value.removeprefix("IIN")
        elif key in ("SERIALNUMBER", "OU"):
            person["bin"] = value.removeprefix("BIN")
    return person | {"dn": ", ".join(f"{key}={value}" for key, value in parts)}


def _public_key_info(certificate: x509.Certificate) -> bytes:
    return gost.children(certificate.tbs_certificate_bytes)[gost.TBS_KEY]


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def der(certificate: x509.Certificate) -> bytes:
    """The certificate's bytes."""
    return certificate.public_bytes(Encoding.DER)
