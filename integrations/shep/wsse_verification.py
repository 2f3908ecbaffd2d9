"""Whether a body came from the gateway: its signature under a pinned certificate, with every way of wrapping closed.

The checks, in this order, each a function of its own: one body, one signature in the header, a signature of exactly
the shape of contracts/shep.md §2, one reference that can only mean our body, algorithms that we accept, a certificate
that we pinned, then the signature and the digest themselves. Nothing is looked up by Id: the body that is checked is
the body that is read.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from integrations.shep.envelope import SOAP, WSU, body_of
from integrations.shep.wsse import DS, EXC_C14N, RSA_SHA256, SHA256, WSSE

_GOST = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
# Signature algorithm and the digest that may stand beside it; GOST is checked by NCANode.
RSA_PAIRS = frozenset({(RSA_SHA256, SHA256)})
GOST_PAIRS = frozenset(
    {
        (f"{_MORE}gost34310-gost34311", f"{_MORE}gost34311"),
        (f"{_GOST}:gostr34102015-gostr34112015-512", f"{_GOST}:gostr34112015-512"),
        (f"{_GOST}:gostr34102015-gostr34112015-256", f"{_GOST}:gostr34112015-256"),
    }
)
MAX_PREFIXES = 200  # characters of a list of prefixes

_PARTS_OF_SIGNATURE = ["SignedInfo", "SignatureValue", "KeyInfo"]
_PARTS_OF_SIGNED_INFO = ["CanonicalizationMethod", "SignatureMethod", "Reference"]
_PARTS_OF_REFERENCE = ["Transforms", "DigestMethod", "DigestValue"]


Gost = Callable[[bytes, x509.Certificate], bool]


class BadSignature(ValueError):
    """The answer must not be believed; `reason` says which check it failed."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Trust:
    """Whose answers are believed: the gateway's certificates, pinned by the SHA-256 of their DER form.

    Two certificates may be pinned while one replaces the other. A pin is the operator's own decision and holds
    whatever dates stand in the certificate. `gost` does the arithmetic of a GOST signature: the whole document and our
    pinned certificate in, True when it fits; without it such a signature is refused.
    """

    certificates: dict[bytes, x509.Certificate]
    gost: Gost | None = None

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate], gost: Gost | None = None) -> Self:
        """Trust these certificates. Raises ValueError for none of them."""
        pins = {certificate.fingerprint(hashes.SHA256()): certificate for certificate in certificates}
        if not pins:
            raise ValueError("no certificate of the gateway is pinned")
        return cls(pins, gost)

    @classmethod
    def load(cls, pem_file: Path, gost: Gost | None = None) -> Self:
        """Trust every certificate of a PEM file. Raises ValueError or OSError."""
        try:
            return cls.of(x509.load_pem_x509_certificates(pem_file.read_bytes()), gost)
        except ValueError:
            raise ValueError(f"{pem_file} holds no PEM certificate") from None

    def verified_body(self, document: etree._Element) -> etree._Element:
        """The body of `document`, which the gateway has signed.

        Raises:
            BadSignature: it has not, or in a way that could mean another body.
            BadMessage: it is no SOAP envelope with one body.
        """
        body = body_of(document)
        signature = _only_signature(document)
        info, value, key_info = _parts(signature, _PARTS_OF_SIGNATURE)
        c14n, method, reference = _parts(info, _PARTS_OF_SIGNED_INFO)
        transforms, digest_method, digest = _parts(reference, _PARTS_OF_REFERENCE)
        _must_mean(reference, document, body)
        transform = _only_transform(transforms)
        pair = _accepted_algorithms(c14n, transform, method, digest_method)
        certificate = self._pinned(key_info)
        if pair in GOST_PAIRS:
            self._verify_gost(document, signature, certificate)
        else:
            # In this order: nothing as large as a body is canonicalised for somebody who is not the gateway.
            _must_be_signed(info, c14n, value, certificate)
            _must_digest(body, transform, digest)
        return body

    def _pinned(self, key_info: etree._Element) -> x509.Certificate:
        """Our own copy of the certificate that the signature names."""
        (reference,) = _parts(key_info, [f"{{{WSSE}}}SecurityTokenReference"])
        (identifier,) = _parts(reference, [f"{{{WSSE}}}KeyIdentifier"])
        pinned = self.certificates.get(hashlib.sha256(_binary(identifier)).digest())
        if pinned is None:
            raise BadSignature("the certificate is not the gateway's")
        return pinned

    def _verify_gost(self, document: etree._Element, signature: etree._Element, certificate: x509.Certificate) -> None:
        """NCANode takes the first element of a name with the usual prefix, so ours must be those."""
        first = next(document.iter(f"{{{DS}}}Signature"))
        token = next(document.iter(f"{{{WSSE}}}SecurityTokenReference"))
        is_ours = first is signature and signature in token.iterancestors()
        if self.gost is None or not is_ours or signature.prefix != "ds" or token.prefix != "wsse":
            raise BadSignature("a GOST signature that NCANode cannot verify for us")
        if self.gost(etree.tostring(document, encoding="UTF-8"), certificate) is not True:
            raise BadSignature("the signature does not fit")


def _only_signature(document: etree._Element) -> etree._Element:
    """The one signature of the header, a child of its one wsse:Security."""
    header = document[0]
    if header.tag != f"{{{SOAP}}}Header":
        raise BadSignature("the answer has no header, so no signature")
    security = header.findall(f"{{{WSSE}}}Security")
    everywhere = list(header.iter(f"{{{DS}}}Signature"))
    if len(security) != 1 or len(everywhere) != 1 or everywhere[0].getparent() is not security[0]:
        raise BadSignature("not exactly one signature in the header")
    return everywhere[0]


def _parts(element: etree._Element, names: list[str]) -> list[etree._Element]:
    """The children, which must be exactly these, each once and in this order."""
    wanted = [name if name.startswith("{") else f"{{{DS}}}{name}" for name in names]
    if [child.tag for child in element] != wanted:
        raise BadSignature(f"{etree.QName(element).localname} has other parts than a signature has here")
    return list(element)


def _must_mean(reference: etree._Element, document: etree._Element, body: etree._Element) -> None:
    """The reference names our body, and no other attribute of the document has the value by which it does."""
    body_id = body.get(f"{{{WSU}}}Id")
    if not body_id or reference.get("URI") != f"#{body_id}":
        raise BadSignature("the reference does not name the body")
    bearers = document.xpath("//*[@*[. = $id]]", id=body_id)
    if len(bearers) != 1 or bearers[0] is not body or list(body.attrib.values()).count(body_id) != 1:
        raise BadSignature("the Id of the body stands twice")


def _only_transform(transforms: etree._Element) -> etree._Element:
    (transform,) = _parts(transforms, ["Transform"])
    return transform


def _accepted_algorithms(c14n, transform, method, digest_method) -> tuple[str, str]:
    """The pair of signature and digest. SHA-1 and every transform but the exclusive c14n are out."""
    if c14n.get("Algorithm") != EXC_C14N or transform.get("Algorithm") != EXC_C14N:
        raise BadSignature("another canonicalisation than the exclusive one")
    pair = (method.get("Algorithm"), digest_method.get("Algorithm"))
    if pair not in RSA_PAIRS | GOST_PAIRS or len(method) or len(digest_method):
        raise BadSignature("an algorithm that is not accepted")
    return pair


def _canonical(element: etree._Element, method: etree._Element) -> bytes:
    """Exclusive canonical form; `method` may list prefixes to be kept, as WSS4J does."""
    prefixes = None
    if len(method):
        (listed,) = _parts(method, [f"{{{EXC_C14N}}}InclusiveNamespaces"])
        prefixes = listed.get("PrefixList", "")[:MAX_PREFIXES].split()
    return etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes)


def _must_digest(body: etree._Element, transform: etree._Element, digest: etree._Element) -> None:
    found = hashlib.sha256(_canonical(body, transform)).digest()
    if not hmac.compare_digest(found, _binary(digest)):
        raise BadSignature("the body is not the one that was signed")


def _must_be_signed(info, c14n, value, certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature("the pinned certificate has no RSA key")
    try:
        key.verify(_binary(value), _canonical(info, c14n), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise BadSignature("the signature does not fit") from None


def _binary(element: etree._Element) -> bytes:
    """What the Base64 text of a leaf stands for."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature(f"{etree.QName(element).localname} is not Base64") from None
