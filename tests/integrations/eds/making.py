"""Certificates and signatures for tests, right or wrong in one respect."""

import datetime
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import cms as asn1
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.eds.chain import Trust
from integrations.eds.cms_encoding import encoded
from integrations.eds.evidence import SignatureCheck
from integrations.eds.revocation import Standing, State
from integrations.eds.verifier import verify
from integrations.emulators.cms import sign, sign_cms
from integrations.emulators.pki import Credential
from integrations.emulators.pki_certificates import (
    Authority,
    authority_extensions,
    authority_name,
    leaf_extensions,
    new_key,
    self_signed,
)

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
YEAR = (NOW - 180 * DAY, NOW + 180 * DAY)
DATA = "Акт A-2025-11-0007".encode()
IIN, BIN = "850630399010", "250140990016"
INDIVIDUAL = x509.ObjectIdentifier("1.2.398.3.3.4.1.1")
FOR_SIGNING = (ExtendedKeyUsageOID.EMAIL_PROTECTION, INDIVIDUAL)
SIGN_BITS = ("digital_signature", "content_commitment")


class Told:
    """An authority that always tells the same."""

    def __init__(self, state: State = State.GOOD, revoked_at: datetime.datetime | None = None) -> None:
        self.told = Standing(state, revoked_at)
        self.asked: list[x509.Certificate] = []

    def standing(self, certificate: x509.Certificate, _issuer: x509.Certificate, _at: datetime.datetime) -> Standing:
        self.asked.append(certificate)
        return self.told


@functools.cache
def rsa_key(bits: int = 2048, number: int = 0):
    """An RSA key; the same one for the same arguments."""
    return new_key(bits)


@functools.cache
def ec_key(number: int = 0, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """A key on a curve, P-256 by default; the same one for the same arguments."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def person(iin: str = IIN, *more: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """The subject of a natural person."""
    pairs = [
        (NameOID.COMMON_NAME, "ТЕСТОВ ТЕСТ"),
        (NameOID.SURNAME, "ТЕСТОВ"),
        (NameOID.SERIAL_NUMBER, f"IIN{iin}"),
        (NameOID.GIVEN_NAME, "ТЕСТОВИЧ"),
        *more,
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


@dataclass(frozen=True)
class Centre:
    """A root and an issuer below it, both with EC keys: made in no time."""

    root: Authority
    issuing: Authority

    @property
    def trust(self) -> Trust:
        """Both of them pinned."""
        return Trust.of([self.root.certificate, self.issuing.certificate])

    def leaf(
        self,
        *,
        subject: x509.Name | None = None,
        usages: Sequence[str] = SIGN_BITS,
        extended: Sequence[x509.ObjectIdentifier] = FOR_SIGNING,
        more: Sequence[tuple[x509.ExtensionType, bool]] = (),
        extensions: Sequence[tuple[x509.ExtensionType, bool]] | None = None,
        dates: tuple[datetime.datetime, datetime.datetime] = YEAR,
        key=None,
        issuer: Authority | None = None,
        serial_number: int | None = None,
    ) -> Credential:
        """A person's certificate and key."""
        key = key or ec_key(3)
        if extensions is None:
            extensions = [*leaf_extensions(usages, extended), *more]
        certificate = (issuer or self.issuing).issue(
            subject or person(),
            key.public_key(),
            dates,
            extensions,
            serial_number=serial_number,
        )
        return Credential("test", certificate, key)

    def tsa(self, *, is_critical: bool = True, extended=(ExtendedKeyUsageOID.TIME_STAMPING,), **changes) -> Credential:
        """A time-stamping authority."""
        extensions = leaf_extensions(["digital_signature"], extended, is_critical=is_critical)
        return self.leaf(**{"subject": authority_name("TSA"), "extensions": extensions, "key": ec_key(4), **changes})


def authority_below(
    above: Authority, name: str, *, number: int, path_length: int | None = None, extensions=None, dates=YEAR, key=None
) -> Authority:
    """An authority whose certificate another one signed."""
    key = key or ec_key(number)
    extensions = authority_extensions(path_length) if extensions is None else extensions
    certificate = above.issue(authority_name(name), key.public_key(), dates, extensions)
    return Authority(certificate, key)


@functools.cache
def centre() -> Centre:
    """The test's own certification centre."""
    root = self_signed(authority_name("КОРЕНЬ"), ec_key(1), (NOW - 900 * DAY, NOW + 900 * DAY))
    return Centre(
        root, authority_below(root, "ИЗДАТЕЛЬ", number=2, path_length=0, dates=(NOW - 800 * DAY, NOW + 800 * DAY))
    )


def judged(cms: bytes | str, data: bytes = DATA, **changes) -> SignatureCheck:
    """The verdict on a signature under the test's centre, nothing revoked, received now."""
    options = {"trust": centre().trust, "revocation": Told(), "received_at": NOW} | changes
    return verify(cms, data, **options)


def over_sha1(certificate: x509.Certificate, issuer: Authority) -> x509.Certificate:
    """The certificate signed anew over SHA-1, which the library does not do any more."""
    made = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    made["tbs_certificate"]["signature"] = made["signature_algorithm"] = {"algorithm": "sha1_ecdsa"}
    made["signature_value"] = issuer.key.sign(made["tbs_certificate"].dump(), ec.ECDSA(hashes.SHA1()))
    return x509.load_der_x509_certificate(made.dump())


def edited(cms: bytes, edit) -> bytes:
    """The CMS after `edit` had its SignedData, encoded anew."""
    info = asn1.ContentInfo.load(cms)
    edit(info["content"])
    return info.dump()


def with_attributes(leaf: Credential, **changes: list[bytes] | bytes) -> bytes:
    """A signature rightly made over changed attributes: values in DER by name, or the whole attribute as bytes."""
    parsed = cms_of(sign_cms(leaf, DATA))["signer_infos"][0]["signed_attrs"]
    attributes = {one["type"].native: one.dump() for one in parsed}
    for name, change in changes.items():
        if isinstance(change, list):
            kind = asn1.CMSAttributeType(name).dump()
            change = encoded(0x30, kind + encoded(0x31, b"".join(change)))
        attributes[name] = change
    joined = b"".join(sorted(attributes.values()))

    def put(content):
        info = content["signer_infos"][0]
        info["signed_attrs"] = asn1.CMSAttributes.load(encoded(0x31, joined))
        info["signature"] = sign(leaf.key, encoded(0x31, joined), "sha256")

    return edited(sign_cms(leaf, DATA), put)


def cms_of(der: bytes) -> asn1.SignedData:
    """The SignedData inside."""
    return asn1.ContentInfo.load(der)["content"]
