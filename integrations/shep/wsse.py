"""The transport's signature over the body (WS-Security), and the enveloped one of a business element.

Source: contracts/shep.md §2. A body is believed when `Trust.verified_body` gave it: what was verified is the very
element that is read, nothing is looked up by its Id.
"""

import base64
import functools
import hashlib
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
    XMLSigner,
)

from integrations.shep.envelope import SOAP, WSU

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


class CannotSign(Exception):
    """What signs for us did not: its words, without any of ours. `is_passing`: it may when asked again."""

    def __init__(self, text: str, *, is_passing: bool = False):
        super().__init__(text)
        self.is_passing = is_passing


def new_body_id() -> str:
    """An Id for a body: never the same twice."""
    return f"id-{uuid.uuid4()}"


class Signer(Protocol):
    """Signs what we send. `signed` gives the bytes to send: they must not be formatted again."""

    def signed(self, envelope: etree._Element) -> bytes:
        """The envelope with a signature over its body in its header."""

    def signed_element(self, element: etree._Element) -> etree._Element:
        """A business element with an enveloped signature, as a document of its own."""


@dataclass(frozen=True)
class RsaSigner:
    """Signs with a key that this process holds."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def load(cls, key_file: Path, certificate_file: Path, password: str = "") -> Self:
        """From two PEM files. Raises ValueError, which names the file and nothing of its content, or OSError."""
        try:
            key = serialization.load_pem_private_key(key_file.read_bytes(), password.encode() or None)
        except (ValueError, TypeError):
            raise ValueError(f"{key_file} is not a PEM private key that opens with this password") from None
        try:
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except ValueError:
            raise ValueError(f"{certificate_file} is not a PEM certificate") from None
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError(f"{key_file} is not the RSA key of {certificate_file}")
        return cls(key, certificate)

    def signed(self, envelope: etree._Element) -> bytes:
        """As the contract has it: one reference, to the body; by hand, because every question pays for it."""
        header, body = envelope
        security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
        security.set(f"{{{SOAP}}}mustUnderstand", "1")
        signature = etree.SubElement(security, f"{{{DS}}}Signature", nsmap={"ds": DS})
        info = _signed_info(signature, body)
        value = self.key.sign(canonical(info), padding.PKCS1v15(), hashes.SHA256())
        etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
        signature.append(self._key_info())
        return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")

    def signed_element(self, element: etree._Element) -> etree._Element:
        signer = XMLSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        return signer.sign(element, key=self.key, cert=[self.certificate])

    def token(self, content: bytes) -> bytes:
        """The RS256 signature over `content`, for a JSON web token."""
        return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())

    @functools.cached_property
    def _certificate_text(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    def _key_info(self) -> etree._Element:
        info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
        reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
        identifier = etree.SubElement(reference, f"{{{WSSE}}}KeyIdentifier", EncodingType=BASE64, ValueType=X509V3)
        identifier.text = self._certificate_text
        return info


def canonical(element: etree._Element) -> bytes:
    """Exclusive canonical XML 1.0 without comments."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def _signed_info(signature: etree._Element, body: etree._Element) -> etree._Element:
    info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXC_C14N)
    etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=RSA_SHA256)
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=f"#{body.get(f'{{{WSU}}}Id')}")
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXC_C14N)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=SHA256)
    digest = base64.b64encode(hashlib.sha256(canonical(body)).digest()).decode()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = digest
    return info
