"""Reads a CMS signature (RFC 5652): wire format -> frozen dataclasses. Believes nothing, decides little.

Nothing here touches a public key, so that GOST signatures are read as well.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from asn1crypto import cms as asn1

from integrations.eds.cms_encoding import MAX_BYTES, BadEncoding, children, content, encoded, normalised
from integrations.eds.verdicts import Reason, Refused

MAX_CERTIFICATES = 20
MAX_TOKENS = 3  # time stamps looked at; signing programs put one
DATA, TIME_STAMP_INFO = "1.2.840.113549.1.7.1", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
GOST_ARC = "1.2.398.3.10."  # algorithms of the Kazakhstani standards
TAG_OID, TAG_OCTET_STRING, TAG_SET = 0x06, 0x04, 0x31
# What asn1crypto raises for broken input, beside ValueError.
ASN1_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)

_PEM = re.compile(rb"\s*-----BEGIN (CMS|PKCS7|PKCS #7 SIGNED DATA)-----\s(.*)-----END \1-----\s*", re.DOTALL)
_BLANKS = bytes.maketrans(b"", b""), b" \t\r\n"


class BadCms(Refused):
    """The bytes are not a signature that we read; `reason` says why."""


@dataclass(frozen=True)
class SignedAttributes:
    """`encoded` is what the signature is over: a SET OF in DER. Values, in DER, by object identifier."""

    encoded: bytes
    values: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True)
class SignerPart:
    """One SignerInfo. `certificate_key` is issuer (DER) and serial, None when the signer is named otherwise."""

    certificate_key: tuple[bytes, int] | None
    digest_algorithm: str
    signature_algorithm: str
    signature_parameters: bytes
    signed_attributes: SignedAttributes | None
    signature: bytes = field(repr=False)
    time_stamp_tokens: tuple[bytes, ...] = field(repr=False)

    @property
    def is_gost(self) -> bool:
        """Whether one of its algorithms is a Kazakhstani GOST."""
        return any(oid.startswith(GOST_ARC) for oid in (self.digest_algorithm, self.signature_algorithm))


@dataclass(frozen=True)
class SignedMessage:
    """A signature as read. `content` is None when it is detached; `certificates` are DER by issuer and serial."""

    der: bytes = field(repr=False)
    content_type: str
    content: bytes | None = field(repr=False)
    certificates: tuple[tuple[tuple[bytes, int], bytes], ...] = field(repr=False)
    signers: tuple[SignerPart, ...]

    def certificates_of(self, signer: SignerPart) -> list[bytes]:
        """The certificates inside that the signer names, in DER."""
        return [der for key, der in self.certificates if key == signer.certificate_key]


def parse(signature: bytes | str) -> SignedMessage:
    """Read DER, BER, Base64 or PEM, up to 5 MiB. Raises BadCms."""
    der = to_der(signature)
    try:
        return _read(der)
    except BadCms:
        raise
    except ASN1_ERRORS as error:
        raise BadCms(Reason.NOT_CMS, type(error).__name__) from None


def to_der(signature: bytes | str) -> bytes:
    """The bytes of a CMS that came as DER, BER, Base64 or PEM, with all lengths written out. Raises BadCms."""
    if len(signature) > MAX_BYTES * 3 // 2:
        raise BadCms(Reason.TOO_LARGE, "before decoding")
    try:
        raw = signature.encode("ascii") if isinstance(signature, str) else bytes(signature)
        if raw[:1] != b"\x30":
            raw = _from_text(raw)
        if len(raw) > MAX_BYTES:
            raise BadCms(Reason.TOO_LARGE, "after decoding")
        return normalised(raw)
    except (BadEncoding, UnicodeEncodeError, binascii.Error) as error:
        raise BadCms(Reason.NOT_CMS, str(error) if isinstance(error, BadEncoding) else "not Base64") from None


def _from_text(text: bytes) -> bytes:
    pem = _PEM.fullmatch(text)
    body = pem[2] if pem else text
    return base64.b64decode(body.translate(*_BLANKS), validate=True)


def _read(der: bytes) -> SignedMessage:
    info = asn1.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise BadCms(Reason.NOT_CMS, "not SignedData")
    signed = info["content"]
    inside = signed["encap_content_info"]
    content_type = inside["content_type"].dotted
    return SignedMessage(
        der=der,
        content_type=content_type,
        content=_content_of(inside),
        certificates=_certificates_of(signed),
        signers=tuple(map(_signer_of, signed["signer_infos"])),
    )


def _content_of(inside: asn1.EncapsulatedContentInfo) -> bytes | None:
    explicit = children(inside.dump())[1]
    if len(explicit) == 1:
        return None
    wrapped = children(explicit[1])[1]
    if len(explicit) != 2 or len(wrapped) != 1:
        raise BadCms(Reason.NOT_CMS, "content")
    return content(wrapped[0], TAG_OCTET_STRING)


def _certificates_of(signed: asn1.SignedData) -> tuple[tuple[tuple[bytes, int], bytes], ...]:
    found = []
    if len(signed["certificates"]) > MAX_CERTIFICATES:
        raise BadCms(Reason.CERTIFICATE_COUNT, f"more than {MAX_CERTIFICATES} certificates")
    for choice in signed["certificates"]:
        if choice.name == "certificate":
            body = choice.chosen["tbs_certificate"]
            found.append(((body["issuer"].dump(), body["serial_number"].native), choice.chosen.dump()))
    return tuple(found)


def _signer_of(info: asn1.SignerInfo) -> SignerPart:
    key = None
    if info["sid"].name == "issuer_and_serial_number":
        named = info["sid"].chosen
        key = (named["issuer"].dump(), named["serial_number"].native)
    algorithm = info["signature_algorithm"]
    # The parameters are left unread: their type hangs on the algorithm, which may be one that asn1crypto has not.
    parts = children(algorithm.dump())[1]
    return SignerPart(
        certificate_key=key,
        digest_algorithm=info["digest_algorithm"]["algorithm"].dotted,
        signature_algorithm=algorithm["algorithm"].dotted,
        signature_parameters=b"".join(parts[1:]),
        signed_attributes=_signed_attributes(info),
        signature=info["signature"].native,
        time_stamp_tokens=_time_stamp_tokens(info),
    )


def _signed_attributes(info: asn1.SignerInfo) -> SignedAttributes | None:
    """The attributes by type; one that comes twice would leave open which of the two was meant."""
    sent = info["signed_attrs"].dump()
    if not sent:
        return None
    try:
        attributes = children(sent)[1]
        pairs = [_attribute(attribute) for attribute in attributes]
    except BadEncoding as error:
        raise BadCms(Reason.SIGNED_ATTRIBUTES, str(error)) from None
    if len({oid for oid, _values in pairs}) != len(pairs):
        raise BadCms(Reason.SIGNED_ATTRIBUTES, "one of them comes twice")
    # Sent with the tag [0] and in any order, signed as SET OF in DER (RFC 5652 §5.4).
    return SignedAttributes(encoded(TAG_SET, b"".join(sorted(attributes))), dict(pairs))


def _attribute(attribute: bytes) -> tuple[str, tuple[bytes, ...]]:
    parts = children(attribute)[1]
    if len(parts) != 2 or parts[1][0] != TAG_SET:
        raise BadEncoding("not an attribute")
    return _dotted(parts[0]), tuple(children(parts[1])[1])


def _dotted(element: bytes) -> str:
    content(element, TAG_OID)
    return asn1.CMSAttributeType.load(element).dotted


def _time_stamp_tokens(info: asn1.SignerInfo) -> tuple[bytes, ...]:
    """Tokens of RFC 3161 over the signature, unread."""
    sent = info["unsigned_attrs"].dump()
    tokens: list[bytes] = []
    if not sent:
        return ()
    for attribute in children(sent)[1]:
        oid, values = _attribute(attribute)
        if oid == "1.2.840.113549.1.9.16.2.14":
            tokens.extend(values)
    return tuple(tokens[:MAX_TOKENS])
