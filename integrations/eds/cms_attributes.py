"""The signed attributes of a signature: what they must say of content and certificate. RFC 5652 §11, RFC 5035."""

import hashlib
import hmac

from asn1crypto import core, tsp
from asn1crypto import x509 as asn1_x509

from integrations.eds.cms import (
    ASN1_ERRORS,
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    TAG_OCTET_STRING,
    TAG_OID,
    SignedAttributes,
    SignerPart,
)
from integrations.eds.cms_encoding import BadEncoding, content
from integrations.eds.verdicts import Reason, Refused

CERTIFICATE_HASHES = ("sha1", "sha256", "sha384", "sha512")  # a SHA-1 may name a certificate, it proves nothing


class WrongAttributes(Refused):
    """They do not say what they must: `SIGNED_ATTRIBUTES`, `OTHER_DATA` or `OTHER_CERTIFICATE`."""


def required(signer: SignerPart) -> SignedAttributes:
    """The signed attributes. Raises WrongAttributes when there are none: the content alone may have been signed
    for another end.
    """
    if signer.signed_attributes is None:
        raise WrongAttributes(Reason.SIGNED_ATTRIBUTES, "there are none")
    return signer.signed_attributes


def refuse_other_content(attributes: SignedAttributes, content_type: str, digest: bytes) -> None:
    """Raises WrongAttributes unless they name this type of content and this hash of it."""
    if _dotted(_only(attributes, CONTENT_TYPE, "contentType")) != content_type:
        raise WrongAttributes(Reason.SIGNED_ATTRIBUTES, "contentType is another")
    try:
        found = content(_only(attributes, MESSAGE_DIGEST, "messageDigest"), TAG_OCTET_STRING)
    except BadEncoding:
        raise WrongAttributes(Reason.SIGNED_ATTRIBUTES, "messageDigest") from None
    if not hmac.compare_digest(found, digest):
        raise WrongAttributes(Reason.OTHER_DATA, "messageDigest")


def names_certificate(attributes: SignedAttributes, certificate: bytes) -> bool:
    """Whether they name a certificate at all. Raises WrongAttributes when it is another one than this (DER)."""
    is_named = False
    kinds = ((SIGNING_CERTIFICATE_V2, tsp.SigningCertificateV2), (SIGNING_CERTIFICATE, tsp.SigningCertificate))
    for oid, kind in kinds:
        if oid in attributes.values:
            _refuse_other(kind, _only(attributes, oid, "signingCertificate"), certificate)
            is_named = True
    return is_named


def _refuse_other(kind: type, value: bytes, certificate: bytes) -> None:
    try:
        named = kind.load(value, strict=True)["certs"][0]
        name = named["hash_algorithm"]["algorithm"].native if kind is tsp.SigningCertificateV2 else "sha1"
        found, issuer_serial = named["cert_hash"].native, named["issuer_serial"]
        is_same = name in CERTIFICATE_HASHES and hashlib.new(name, certificate).digest() == found
        if is_same and not isinstance(issuer_serial, core.Void):
            is_same = _is_serial_of(issuer_serial, certificate)
    except ASN1_ERRORS:
        raise WrongAttributes(Reason.SIGNED_ATTRIBUTES, "signingCertificate") from None
    if not is_same:
        raise WrongAttributes(Reason.OTHER_CERTIFICATE, "signingCertificate")


def _is_serial_of(issuer_serial, certificate: bytes) -> bool:
    return issuer_serial["serial_number"].native == asn1_x509.Certificate.load(certificate).serial_number


def _only(attributes: SignedAttributes, oid: str, name: str) -> bytes:
    values = attributes.values.get(oid, ())
    if len(values) != 1:
        raise WrongAttributes(Reason.SIGNED_ATTRIBUTES, f"{name} must have one value")
    return values[0]


def _dotted(element: bytes) -> str:
    try:
        content(element, TAG_OID)
        return core.ObjectIdentifier.load(element).dotted
    except (BadEncoding, *ASN1_ERRORS):
        return ""
