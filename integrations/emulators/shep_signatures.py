"""Signatures of the gateway: it checks those of a request and signs its answers. RSA only. Source: shep.md §2."""

import base64
import binascii
import copy
import datetime
import hashlib
import hmac
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import NameOID
from lxml import etree

from integrations.emulators.shep_wire import SOAP, WSU, Received, Refusal

DS = "http://www.w3.org/2000/09/xmldsig#"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"

_SIGNED_INFO = (
    "<ds:SignedInfo{declaration}>"
    f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod>'
    f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>'
    '<ds:Reference URI="#{target}">'
    f'<ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>{digest}</ds:DigestValue>"
    "</ds:Reference></ds:SignedInfo>"
)
_SECURITY = (
    f'<soap:Header><wsse:Security xmlns:wsse="{WSSE}" soap:mustUnderstand="1"><ds:Signature xmlns:ds="{DS}">'
    "{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
    f'<wsse:KeyIdentifier EncodingType="{BASE64}" ValueType="{X509V3}">{{certificate}}</wsse:KeyIdentifier>'
    "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security></soap:Header>"
)


@dataclass(frozen=True)
class Signer:
    """A key with its certificate (Base64 of the DER)."""

    key: RSAPrivateKey
    certificate: str

    @classmethod
    def of(cls, key_pem: bytes, certificate_pem: bytes) -> "Signer":
        """From PEM files. Raises ValueError for anything but an RSA key and a certificate."""
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the gateway signs with RSA only")
        return cls(key, base64.b64encode(der_of(certificate_pem)).decode())

    @classmethod
    def with_own_certificate(cls, key: RSAPrivateKey) -> "Signer":
        """A signer whom nobody knows: its certificate is signed by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "STRANGER")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        certificate = builder.not_valid_after(now + datetime.timedelta(days=30)).sign(key, hashes.SHA256())
        return cls(key, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode())

    def signed(self, root: etree._Element, *, is_digest_broken: bool = False) -> bytes:
        """The envelope with the signature of its Body in its header, which must be empty."""
        body = root.find(f"{{{SOAP}}}Body")
        digest = hashlib.sha256(etree.tostring(body, method="c14n", exclusive=True, with_comments=False)).digest()
        digest = digest[::-1] if is_digest_broken else digest
        fields = {"target": body.get(f"{{{WSU}}}Id"), "digest": base64.b64encode(digest).decode()}
        canonical = _SIGNED_INFO.format(declaration=f' xmlns:ds="{DS}"', **fields).encode()
        value = base64.b64encode(self.key.sign(canonical, PKCS1v15(), hashes.SHA256())).decode()
        signed_info = _SIGNED_INFO.format(declaration="", **fields)
        header = _SECURITY.format(signed_info=signed_info, value=value, certificate=self.certificate)
        return etree.tostring(root, encoding="utf-8").replace(b"<soap:Header/>", header.encode(), 1)


@dataclass(frozen=True)
class Known:
    """The one client that the gateway knows, by its certificate."""

    der: bytes
    public_key: RSAPublicKey

    @classmethod
    def of(cls, certificate_pem: bytes) -> "Known":
        """From a PEM file. Raises ValueError for anything but a certificate with an RSA key."""
        public_key = x509.load_pem_x509_certificate(certificate_pem).public_key()
        if not isinstance(public_key, RSAPublicKey):
            raise ValueError("the gateway knows RSA only")
        return cls(der_of(certificate_pem), public_key)

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Whether this is our client's RSA-SHA256 signature of these bytes."""
        try:
            self.public_key.verify(signature, content, PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def der_of(certificate_pem: bytes) -> bytes:
    """The DER of the first certificate of a PEM file. Raises ValueError."""
    return x509.load_pem_x509_certificate(certificate_pem).public_bytes(serialization.Encoding.DER)


def check_transport(request: Received, known: Known) -> None:
    """Raises Refusal when the Body is not signed by our client in the one way of the contract."""
    security = request.envelope.findall(f"{{{SOAP}}}Header/{{{WSSE}}}Security")
    if len(security) != 1:
        raise Refusal("WSS-MISSING", f"wsse:Security is missing: the header must have one, it has {len(security)}.")
    if security[0].get(f"{{{SOAP}}}mustUnderstand") != "1":
        raise Refusal("WSS-HEADER", 'wsse:Security must have soap:mustUnderstand="1".')
    signature = _one(security[0], f"{{{DS}}}Signature", "WSS-SIGNATURE")
    signed_info = _checked_method(signature, "WSS-METHOD", (EXCLUSIVE,))
    _check_key_identifier(signature, known)
    reference = _one(signed_info, f"{{{DS}}}Reference", "WSS-REFERENCE")
    _check_target(request, reference)
    _check_transforms(reference, "WSS-METHOD", ((EXCLUSIVE,),))
    canonical = etree.tostring(request.body, method="c14n", exclusive=True, with_comments=False)
    _check_digest(reference, canonical, "WSS-DIGEST")
    _check_value(signature, signed_info, EXCLUSIVE, known, "WSS-SIGNATURE")


def check_payload(element: etree._Element, known: Known, canonical_forms: tuple[str, ...]) -> None:
    """Raises Refusal when the business element has no enveloped signature of our client.

    The element is judged as a document of its own, which it was when it was signed.
    """
    root = copy.deepcopy(element)
    signature = _one(root, f"{{{DS}}}Signature", "PAYLOAD-SIGNATURE")
    signed_info = _checked_method(signature, "PAYLOAD-METHOD", canonical_forms)
    method = signed_info.find(f"{{{DS}}}CanonicalizationMethod").get("Algorithm")
    reference = _one(signed_info, f"{{{DS}}}Reference", "PAYLOAD-REFERENCE")
    if reference.get("URI") != "":
        raise Refusal("PAYLOAD-REFERENCE", 'The Reference of an enveloped signature has URI="".')
    _check_transforms(reference, "PAYLOAD-METHOD", tuple((ENVELOPED, form) for form in canonical_forms))
    stated = _text(signature, f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    _check_certificate(stated, known, "PAYLOAD-CERTIFICATE")
    _check_value(signature, signed_info, method, known, "PAYLOAD-SIGNATURE")
    root.remove(signature)
    form = reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")[-1].get("Algorithm")
    _check_digest(reference, _canonical(root, form), "PAYLOAD-DIGEST")


def _one(parent: etree._Element, tag: str, code: str) -> etree._Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise Refusal(code, f"{_name(parent.tag)} must have exactly one {_name(tag)}, it has {len(found)}.")
    return found[0]


def _checked_method(signature: etree._Element, code: str, canonical_forms: tuple[str, ...]) -> etree._Element:
    signed_info = _one(signature, f"{{{DS}}}SignedInfo", code)
    for name, allowed in (("CanonicalizationMethod", canonical_forms), ("SignatureMethod", (RSA_SHA256,))):
        algorithm = _one(signed_info, f"{{{DS}}}{name}", code).get("Algorithm")
        if algorithm not in allowed:
            raise Refusal(code, f"{name} {algorithm} is not taken here, only {', '.join(allowed)}.")
    return signed_info


def _check_key_identifier(signature: etree._Element, known: Known) -> None:
    path = f"{{{DS}}}KeyInfo/{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}KeyIdentifier"
    identifiers = signature.findall(path)
    if len(identifiers) != 1:
        raise Refusal("WSS-KEY", "KeyInfo must have one wsse:SecurityTokenReference/wsse:KeyIdentifier.")
    for name, value in (("EncodingType", BASE64), ("ValueType", X509V3)):
        if identifiers[0].get(name) != value:
            raise Refusal("WSS-KEY", f"wsse:KeyIdentifier must have {name}={value}.")
    _check_certificate(identifiers[0].text or "", known, "WSS-CERTIFICATE")


def _check_certificate(stated: str, known: Known, code: str) -> None:
    if not hmac.compare_digest(_decoded(stated, code), known.der):
        raise Refusal(code, "The certificate is not the one that is known for this sender.")


def _check_target(request: Received, reference: etree._Element) -> None:
    identifier = request.body.get(f"{{{WSU}}}Id")
    if not identifier or reference.get("URI") != f"#{identifier}":
        raise Refusal("WSS-REFERENCE", "The Reference does not point at the wsu:Id of the Body.")
    same = sum(
        value == identifier
        for element in request.envelope.iter(etree.Element)
        for name, value in element.items()
        if etree.QName(name).localname.lower() == "id"
    )
    if same != 1:
        raise Refusal("WSS-REFERENCE", f"{same} elements have the Id of the Body.")


def _check_transforms(reference: etree._Element, code: str, allowed: tuple[tuple[str, ...], ...]) -> None:
    transforms = reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")
    found = tuple(transform.get("Algorithm") for transform in transforms)
    if found not in allowed:
        raise Refusal(code, f"The transforms {found} are not taken here.")
    method = _one(reference, f"{{{DS}}}DigestMethod", code).get("Algorithm")
    if method != SHA256:
        raise Refusal(code, f"DigestMethod {method} is not taken here, only {SHA256}.")


def _check_digest(reference: etree._Element, canonical: bytes, code: str) -> None:
    stated = _decoded(_text(reference, f"{{{DS}}}DigestValue"), code)
    if not hmac.compare_digest(stated, hashlib.sha256(canonical).digest()):
        raise Refusal(code, "The digest does not belong to what is signed: it was changed after signing.")


def _check_value(signature: etree._Element, signed_info: etree._Element, method: str, known: Known, code: str) -> None:
    value = _decoded(_text(signature, f"{{{DS}}}SignatureValue"), code)
    if not known.verifies(value, _canonical(signed_info, method)):
        raise Refusal(code, "The signature value is wrong.")


def _canonical(element: etree._Element, method: str) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=method == EXCLUSIVE, with_comments=False)


def _decoded(text: str, code: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(code, "This is not Base64.") from None


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(path) or ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
