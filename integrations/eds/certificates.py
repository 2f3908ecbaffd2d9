"""A certificate -> person and organisation. Source: contracts/ncalayer.md §5.

Works for GOST certificates as well: the public key is never touched here.
"""

import warnings
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.eds.cms import GOST_ARC
from integrations.eds.verdicts import Purpose, Role, Signer
from voucher_portal.identifiers import bin_error, iin_error

ExtensionT = TypeVar("ExtensionT", bound=x509.ExtensionType)
MAX_CERTIFICATE_BYTES = 16 * 1024  # real ones have 2 KB; the caches below hold hundreds that strangers sent
PURPOSE_OIDS = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string: Purpose.SIGN,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string: Purpose.AUTH,
}
_ROLE_OF_OID = {role.oid: role for role in Role}
# What cryptography raises for broken certificates when a field is read.
X509_ERRORS = (ValueError, TypeError, KeyError, OverflowError, UnsupportedAlgorithm, x509.DuplicateExtension)
X509_ERRORS += (x509.UnsupportedGeneralNameType, x509.InvalidVersion)


class BadCertificate(ValueError):
    """The certificate cannot be read."""


@lru_cache(maxsize=512)
def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate out of its DER; the same bytes give the same object, read once. Raises BadCertificate."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise BadCertificate("too large")
    try:
        with warnings.catch_warnings():
            # Old certificates bend the standard in small ways, of which cryptography warns; we decide by our checks.
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            # Read now, because a broken part raises only when it is looked at.
            _ = certificate.extensions, certificate.issuer, certificate.subject, certificate.not_valid_before_utc
            _ = certificate.not_valid_after_utc, certificate.serial_number
    except X509_ERRORS as error:
        raise BadCertificate(type(error).__name__) from None
    if certificate.version is not x509.Version.v3 or not list(certificate.subject):
        raise BadCertificate("not a certificate of version 3 with a subject")
    return certificate


def load_bundle(folder: Path) -> list[x509.Certificate]:
    """Every certificate in the `*.pem` files of a folder. Raises OSError, or BadCertificate naming the file."""
    found = []
    for path in sorted(folder.glob("*.pem")):
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except X509_ERRORS:
            raise BadCertificate(f"{path} has no certificate that can be read") from None
    return found


def is_gost(certificate: x509.Certificate) -> bool:
    """Whether its key or the signature on it is one of the Kazakhstani GOST."""
    oids = (certificate.signature_algorithm_oid, certificate.public_key_algorithm_oid)
    return any(oid.dotted_string.startswith(GOST_ARC) for oid in oids)


def signer_of(certificate: x509.Certificate) -> Signer:
    """Who holds the certificate. GIVENNAME is the patronymic; the first name stands in CN after the family name."""
    serial = _only(certificate.subject, NameOID.SERIAL_NUMBER)
    last_name = _only(certificate.subject, NameOID.SURNAME)
    bin_ = _number("BIN", [*_values(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME), serial])
    extended = extended_usages(certificate)
    return Signer(
        iin=serial[3:] if serial.startswith("IIN") and iin_error(serial[3:]) is None else "",
        bin=bin_ if bin_error(bin_) is None else "",
        last_name=last_name,
        first_name=_only(certificate.subject, NameOID.COMMON_NAME).removeprefix(last_name).strip(),
        middle_name=_only(certificate.subject, NameOID.GIVEN_NAME),
        organisation=_only(certificate.subject, NameOID.ORGANIZATION_NAME),
        roles=frozenset(_roles(extended)),
        purposes=frozenset(purpose for oid, purpose in PURPOSE_OIDS.items() if oid in extended),
        serial_number=f"{certificate.serial_number:x}",
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        is_gost=is_gost(certificate),
    )


def has_wrong_bin(certificate: x509.Certificate) -> bool:
    """Whether it names an organisation by a number that is no BIN, or by two."""
    units = [unit for unit in _values(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME) if unit.startswith("BIN")]
    return len(units) > 1 or any(bin_error(unit[3:]) for unit in units)


def extended_usages(certificate: x509.Certificate) -> frozenset[str]:
    """What the key may be used for besides the bits of key usage, as dotted identifiers."""
    extension = extension_of(certificate, x509.ExtendedKeyUsage)
    return frozenset(oid.dotted_string for oid in extension) if extension else frozenset()


def extension_of(certificate: x509.Certificate, kind: type[ExtensionT]) -> ExtensionT | None:
    """The extension of that kind, None when there is none."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def allows(certificate: x509.Certificate, *usages: str) -> bool:
    """Whether the key usage is there and has all these bits, named as cryptography names them."""
    usage = extension_of(certificate, x509.KeyUsage)
    return usage is not None and all(getattr(usage, name) for name in usages)


def _roles(extended: Iterable[str]) -> Iterable[Role]:
    for oid in extended:
        if oid in _ROLE_OF_OID:
            yield _ROLE_OF_OID[oid]
        elif oid.startswith(f"{Role.NCA_STAFF.oid}."):
            yield Role.NCA_STAFF


def _number(prefix: str, texts: Iterable[str]) -> str:
    return next((text.removeprefix(prefix) for text in texts if text.startswith(prefix)), "")


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value).strip() for attribute in name.get_attributes_for_oid(oid)]


def _only(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The one value of that attribute; "" when it is missing or there are two, which leaves open whose it is."""
    values = _values(name, oid)
    return values[0] if len(values) == 1 else ""
