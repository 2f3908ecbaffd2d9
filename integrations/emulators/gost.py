"""A stand-in for GOST: certificates and CMS with the OIDs of GOST 34.310-2004 and 34.10-2015 in the right places.

The arithmetic behind them is Ed25519 over SHA-256 or SHA-512, which only the emulators know. So Python refuses these
keys exactly as it refuses real ones (UnsupportedAlgorithm), and what NCANode would compute with the Kalkan library its
double computes here, for real: a changed byte makes a signature wrong.
OIDs: contracts/ncalayer.md §6; XML names: contracts/shep.md §2.
"""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from asn1crypto import algos, cms, core, parser
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from integrations.emulators.cms import Signing, time_stamp_token

_UNIVERSAL, _CONSTRUCTED, _SEQUENCE = 0, 1, 16
_TBS_SIGNATURE, _TBS_ISSUER, TBS_KEY = 2, 3, 6  # places in TBSCertificate
_XML_2015 = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
_XML_2004 = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(frozen=True)
class GostAlgorithm:
    """One of the three algorithms: its OIDs, its names in XML, NCANode's name for it, and the hash in its place."""

    name: str
    signature_oid: str
    key_oid: str
    digest_oid: str
    xml_signature: str
    xml_digest: str
    hash_name: str

    def digest(self, data: bytes) -> bytes:
        """What stands in for the GOST digest of `data`."""
        return hashlib.new(self.hash_name, data).digest()


GOST_2004 = GostAlgorithm(
    "ECGOST34310",
    "1.2.398.3.10.1.1.1.2",
    "1.2.398.3.10.1.1.1.1",
    "1.2.398.3.10.1.3.1",
    f"{_XML_2004}gost34310-gost34311",
    f"{_XML_2004}gost34311",
    "sha256",
)
GOST_2015_256 = GostAlgorithm(
    "ECGOST3410-2015-256",
    "1.2.398.3.10.1.1.2.3.1",
    "1.2.398.3.10.1.1.2.2",
    "1.2.398.3.10.1.3.2",
    f"{_XML_2015}gostr34102015-gostr34112015-256",
    f"{_XML_2015}gostr34112015-256",
    "sha256",
)
GOST_2015_512 = GostAlgorithm(
    "ECGOST3410-2015-512",
    "1.2.398.3.10.1.1.2.3.2",
    "1.2.398.3.10.1.1.2.2",
    "1.2.398.3.10.1.3.3",
    f"{_XML_2015}gostr34102015-gostr34112015-512",
    f"{_XML_2015}gostr34112015-512",
    "sha512",
)
ALGORITHMS = (GOST_2004, GOST_2015_256, GOST_2015_512)


class Credential(Protocol):
    """Whoever signs: a certificate and its private key."""

    certificate: x509.Certificate
    key: Ed25519PrivateKey


def algorithm_of(certificate: x509.Certificate) -> GostAlgorithm | None:
    """The GOST algorithm that the certificate is signed with, None when it is another."""
    oid = certificate.signature_algorithm_oid.dotted_string
    return next((known for known in ALGORITHMS if known.signature_oid == oid), None)


def has_gost_key(certificate: x509.Certificate) -> bool:
    """Whether the certificate holds a GOST key."""
    oid = certificate.public_key_algorithm_oid.dotted_string
    return any(known.key_oid == oid for known in ALGORITHMS)


def sign_digest(key: Ed25519PrivateKey, algorithm: GostAlgorithm, data: bytes) -> bytes:
    """The signature of `data`, as GOST signs: over its digest."""
    return key.sign(algorithm.digest(data))


def is_signed_by(certificate: x509.Certificate, algorithm: GostAlgorithm, signature: bytes, data: bytes) -> bool:
    """Whether the key of `certificate` made `signature` over `data`."""
    try:
        public_key(certificate).verify(signature, algorithm.digest(data))
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(certificate: x509.Certificate) -> Ed25519PublicKey:
    """The key that hides in the public key bits. Raises ValueError when the certificate is not of this stand-in."""
    key_info = children(certificate.tbs_certificate_bytes)[TBS_KEY]
    _algorithm, bits = children(key_info)
    return Ed25519PublicKey.from_public_bytes(core.OctetString.load(bytes(core.OctetBitString.load(bits))).native)


def as_gost(
    template: x509.Certificate, key: Ed25519PrivateKey, algorithm: GostAlgorithm, issuer: Credential | None = None
) -> x509.Certificate:
    """`template` with a GOST key and a GOST signature; the issuer's name is his own. Self-signed without an issuer."""
    fields = children(template.tbs_certificate_bytes)
    signature_algorithm = _algorithm_identifier(algorithm.signature_oid)
    key_bits = core.OctetBitString(core.OctetString(key.public_key().public_bytes_raw()).dump()).dump()
    issuer_name = issuer.certificate.subject if issuer else template.subject
    fields[_TBS_SIGNATURE] = signature_algorithm
    fields[_TBS_ISSUER] = issuer_name.public_bytes()
    fields[TBS_KEY] = sequence(_algorithm_identifier(algorithm.key_oid), key_bits)
    body = sequence(*fields)
    signature = sign_digest(issuer.key if issuer else key, algorithm, body)
    return x509.load_der_x509_certificate(
        sequence(body, signature_algorithm, core.OctetBitString(signature).dump()),
    )


def sign_gost_cms(
    credential: Credential,
    data: bytes,
    *,
    attached: bool = False,
    certificates: Iterable[x509.Certificate] | None = None,
    signed_at: datetime.datetime | None = None,
    tsa: Signing | None = None,
    stamped_at: datetime.datetime | None = None,
) -> bytes:
    """A CMS (DER) with one GOST signature over `data`: signed attributes, signer named by issuer and serial.

    `certificates` go into it in place of the signer's own; with `tsa` it has a time stamp of `stamped_at` (now).
    """
    algorithm = algorithm_of(credential.certificate)
    if algorithm is None:
        raise ValueError("the certificate is not of GOST")
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    attributes = _signed_attributes(algorithm.digest(data), signed_at or now)
    signer = _signer_info(credential, algorithm, attributes)
    if tsa:
        signer["unsigned_attrs"] = _time_stamp(tsa, signer["signature"].native, stamped_at or now)
    return signed_data([signer], [credential.certificate] if certificates is None else certificates, data, attached)


def signed_data(
    signers: list[cms.SignerInfo], certificates: Iterable[x509.Certificate], data: bytes, attached: bool
) -> bytes:
    """The CMS around these signers."""
    content = {"content_type": "data"} | ({"content": data} if attached else {})
    body = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [signer["digest_algorithm"] for signer in signers],
            "encap_content_info": content,
            "certificates": [
                cms.CertificateChoices(
                    "certificate", asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
                )
                for certificate in certificates
            ],
            "signer_infos": signers,
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": body}).dump()


def key_file(credential: Credential, password: str) -> bytes:
    """PKCS#12 with the key and its certificate, for NCANode's signing calls.

    The certificate stands among the additional ones: Python cannot tell that it belongs to the key.
    """
    return pkcs12.serialize_key_and_certificates(
        None, credential.key, None, [credential.certificate], BestAvailableEncryption(password.encode())
    )


def children(der: bytes) -> list[bytes]:
    """The elements of a DER sequence, each with its head."""
    content, parts = parser.parse(der)[4], []
    while content:
        _class, _method, _tag, head, body, tail = parser.parse(content)
        parts.append(head + body + tail)
        content = content[len(parts[-1]) :]
    return parts


def sequence(*parts: bytes) -> bytes:
    """A DER sequence of these elements."""
    return parser.emit(_UNIVERSAL, _CONSTRUCTED, _SEQUENCE, b"".join(parts))


def _algorithm_identifier(oid: str) -> bytes:
    return sequence(core.ObjectIdentifier(oid).dump())


def _issuer_and_serial(certificate: x509.Certificate) -> cms.IssuerAndSerialNumber:
    issuer = asn1_x509.Name.load(certificate.issuer.public_bytes())
    return cms.IssuerAndSerialNumber({"issuer": issuer, "serial_number": certificate.serial_number})


def _signer_info(credential: Credential, algorithm: GostAlgorithm, attributes: cms.CMSAttributes) -> cms.SignerInfo:
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": _issuer_and_serial(credential.certificate)}),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": algorithm.digest_oid}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm.signature_oid}),
            "signature": sign_digest(credential.key, algorithm, attributes.dump()),
        }
    )


def _time_stamp(tsa: Signing, signature: bytes, stamped_at: datetime.datetime) -> cms.CMSAttributes:
    token = time_stamp_token(tsa, hashlib.sha256(signature).digest(), gen_time=stamped_at)
    return cms.CMSAttributes([{"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(token)]}])


def _signed_attributes(digest: bytes, signed_at: datetime.datetime) -> cms.CMSAttributes:
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": signed_at})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
        ]
    )
