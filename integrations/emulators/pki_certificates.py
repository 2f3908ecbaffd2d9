"""Certificates of the test certification centre, its authorities and its services."""

import datetime
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048
ADDRESS = "http://127.0.0.1:8092"  # where a reader of these certificates is sent; the portal never follows it
POLICY = x509.ObjectIdentifier("1.2.398.3.3.2")
ROOT_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
ISSUING_FROM = datetime.datetime(2022, 1, 1, tzinfo=datetime.UTC)
LEAVES_FROM = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
LEAF_LIFE = datetime.timedelta(days=730)

Dates = tuple[datetime.datetime, datetime.datetime]


class Keys(dict[str, rsa.RSAPrivateKey]):
    """A fresh RSA key for every name."""

    def __init__(self, names: Iterable[str]) -> None:
        names = list(names)
        with ThreadPoolExecutor(2) as pool:
            super().__init__(zip(names, pool.map(lambda _name: new_key(), names), strict=True))


def new_key(bits: int = KEY_BITS) -> rsa.RSAPrivateKey:
    """A fresh RSA key."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Authority:
    """A certification authority and its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes = field(repr=False)

    @staticmethod
    def leaf_dates(now: datetime.datetime) -> Dates:
        """From when to when a good certificate made now holds; it begins early, so that the demo's past has keys."""
        return LEAVES_FROM, now + LEAF_LIFE

    def issue(
        self,
        subject: x509.Name,
        public_key: PublicKeyTypes,
        dates: Dates,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        *,
        serial_number: int | None = None,
    ) -> x509.Certificate:
        """A certificate with the given extensions, each with its criticality, and those of every certificate."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(serial_number or x509.random_serial_number())
            .not_valid_before(dates[0])
            .not_valid_after(dates[1])
        )
        for extension, is_critical in (*extensions, *self._common_extensions(public_key)):
            builder = builder.add_extension(extension, critical=is_critical)
        return builder.sign(self.key, hashes.SHA256())

    def _common_extensions(self, public_key: PublicKeyTypes) -> list[tuple[x509.ExtensionType, bool]]:
        issuer_key = self.certificate.public_key()
        access = [
            (AuthorityInformationAccessOID.OCSP, f"{ADDRESS}/ocsp"),
            (AuthorityInformationAccessOID.CA_ISSUERS, f"{ADDRESS}/ca/issuing.cer"),
        ]
        revoked = [x509.UniformResourceIdentifier(f"{ADDRESS}/crl/issuing.crl")]
        return [
            (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False),
            (x509.AuthorityInformationAccess([_access(*pair) for pair in access]), False),
            (x509.CRLDistributionPoints([x509.DistributionPoint(revoked, None, None, None)]), False),
        ]


def authority_extensions(path_length: int | None = None) -> list[tuple[x509.ExtensionType, bool]]:
    """What makes a certificate that of an authority."""
    return [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (key_usage("key_cert_sign", "crl_sign"), True),
    ]


def leaf_extensions(usages: Sequence[str], extended: Sequence[x509.ObjectIdentifier], *, is_critical: bool = False):
    """What says that a certificate is no authority's, and what its key is for."""
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage(*usages), True),
        (x509.ExtendedKeyUsage(extended), is_critical),
    ]


def key_usage(*allowed: str) -> x509.KeyUsage:
    """A key usage with the named bits."""
    bits = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{bit: bit in allowed for bit in bits})


def made_authorities(keys: Keys, now: datetime.datetime) -> dict[str, Authority]:
    """The root, which signs itself, and the issuer of everything else."""
    name = authority_name("ТЕСТ НЕГІЗГІ КО (RSA)")
    root = self_signed(name, keys["root"], (ROOT_FROM, now + datetime.timedelta(days=3650)))
    issuing = root.issue(
        authority_name("ТЕСТ ҰЛТТЫҚ КО (RSA)"),
        keys["issuing"].public_key(),
        (ISSUING_FROM, now + datetime.timedelta(days=2190)),
        authority_extensions(path_length=0),
    )
    return {"root": root, "issuing": Authority(issuing, keys["issuing"])}


def self_signed(name: x509.Name, key: CertificateIssuerPrivateKeyTypes, dates: Dates) -> Authority:
    """A root of that name."""
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), *dates)
    for extension, is_critical in authority_extensions():
        builder = builder.add_extension(extension, critical=is_critical)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def authority_name(common_name: str) -> x509.Name:
    """The name of an authority."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def made_services(issuing: Authority, keys: Keys, now: datetime.datetime) -> dict[str, x509.Certificate]:
    """Certificates of the portal, the gateway, the OCSP responder and the time-stamping authority."""
    system = leaf_extensions(["digital_signature", "key_encipherment"], [ExtendedKeyUsageOID.CLIENT_AUTH])
    responder = leaf_extensions(["digital_signature"], [ExtendedKeyUsageOID.OCSP_SIGNING])
    responder.append((x509.OCSPNoCheck(), False))
    stamps = leaf_extensions(
        ["digital_signature", "content_commitment"], [ExtendedKeyUsageOID.TIME_STAMPING], is_critical=True
    )
    wanted = {
        "portal": ("ВАУЧЕРЛІК ПОРТАЛ (ТЕСТ)", system),
        "gateway": ("SHEP (TEST)", system),
        "ocsp": ("OCSP RESPONDER (TEST)", responder),
        "tsa": ("TIMESTAMPING AUTHORITY (TEST)", stamps),
    }
    return {
        slug: issuing.issue(
            authority_name(name), keys[slug].public_key(), issuing.leaf_dates(now), [*extensions, policies()]
        )
        for slug, (name, extensions) in wanted.items()
    }


def policies() -> tuple[x509.ExtensionType, bool]:
    """The one policy that certificates have had since about 2022."""
    return x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]), False


def _access(method: x509.ObjectIdentifier, address: str) -> x509.AccessDescription:
    return x509.AccessDescription(method, x509.UniformResourceIdentifier(address))
