"""How the emulated NCANode signs and verifies XML: XMLDSig in a document, and WS-Security around a SOAP body.

After NCANode's XmlService and WsseService, holes included: the first `ds:Signature` by its prefix counts, and whatever
its Reference names is taken for the right thing. contracts/ncalayer.md §4, shep.md §2.
"""

import base64
import hashlib
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from integrations.emulators import gost
from integrations.emulators.ncanode_certificates import der, verifies

DS = "http://www.w3.org/2000/09/xmldsig#"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{_OASIS}wssecurity-secext-1.0.xsd", f"{_OASIS}wssecurity-utility-1.0.xsd"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_WITH_COMMENTS = f"{INCLUSIVE}#WithComments"
ENVELOPED = f"{DS}enveloped-signature"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
etree.register_namespace("wsu", WSU)
_HASHES = {algorithm.xml_digest: algorithm.hash_name for algorithm in gost.ALGORITHMS} | {_SHA256: "sha256"}


def parsed(text: str):
    """The document. Raises ValueError for what is not well formed, or wants entities."""
    try:
        root = etree.fromstring(text.strip().encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.LxmlError as error:
        raise ValueError(f"Cannot read XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("Cannot read XML: DOCTYPE")
    return root


def signed(text: str, credentials: list[gost.Credential], *, clear: bool) -> str:
    """The document with an enveloped signature of each credential at its end."""
    root = parsed(text)
    if clear:
        for old in _by_prefix(root, "Signature"):
            _take_out(old)
    for credential in credentials:
        digest_of = _canonical(root, INCLUSIVE_WITH_COMMENTS)
        signature = _signature(credential, "", [ENVELOPED, INCLUSIVE_WITH_COMMENTS], digest_of)
        certificate = etree.SubElement(
            etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data"),
            f"{{{DS}}}X509Certificate",
        )
        certificate.text = base64.b64encode(der(credential.certificate)).decode()
        root.append(signature)
        _sign(signature, credential)
    return etree.tostring(root, encoding="unicode")


def wrapped(text: str, credential: gost.Credential) -> str:
    """The SOAP envelope with its body signed."""
    root = parsed(text)
    body = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or body is None:
        raise ValueError("The message is no SOAP envelope.")
    body_id = f"id-{uuid.uuid4()}"
    body.set(f"{{{WSU}}}Id", body_id)
    header = root.find(f"{{{SOAP}}}Header")
    if header is None:
        header = etree.Element(f"{{{SOAP}}}Header")
        root.insert(0, header)
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    security.set(f"{{{SOAP}}}mustUnderstand", "1")
    signature = _signature(credential, f"#{body_id}", [EXCLUSIVE], _canonical(body, EXCLUSIVE))
    reference = etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{WSSE}}}SecurityTokenReference")
    identifier = etree.SubElement(reference, f"{{{WSSE}}}KeyIdentifier")
    identifier.set("EncodingType", f"{_OASIS}soap-message-security-1.0#Base64Binary")
    identifier.set("ValueType", f"{_OASIS}x509-token-profile-1.0#X509v3")
    identifier.text = base64.b64encode(der(credential.certificate)).decode()
    security.append(signature)
    _sign(signature, credential)
    return etree.tostring(root, encoding="unicode")


def verified(text: str) -> tuple[bool, list[x509.Certificate]]:
    """Whether every signature in the document is right, and whose they are. Without one it is not valid."""
    root = parsed(text)
    results = []
    for signature in reversed(_by_prefix(root, "Signature")):  # the last first: it stands over the earlier ones
        certificate = _certificate(signature.find(f".//{{{DS}}}X509Certificate"))
        signed_info = _signed_info(signature)
        _take_out(signature)
        results.append((certificate, _holds(signature, signed_info, certificate, root)))
    return bool(results) and all(holds for _certificate, holds in results), [known for known, _holds in results]


def unwrapped(text: str) -> tuple[bool, list[x509.Certificate]]:
    """Whether the first `ds:Signature` of the envelope is right, and whose it is."""
    root = parsed(text)
    signatures = _by_prefix(root, "Signature")
    if not signatures:
        return False, []
    identifier = root.find(f".//{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}KeyIdentifier")
    certificate = _certificate(identifier)
    return _holds(signatures[0], _signed_info(signatures[0]), certificate, root), [certificate]


def _by_prefix(root, name: str) -> list:
    """By its name with the prefix, as getElementsByTagName("ds:Signature") finds it."""
    return [node for node in root.iter(f"{{*}}{name}") if node.prefix == "ds"]


def _take_out(element) -> None:
    """Remove the element, and leave the text behind it where it was."""
    parent, before = element.getparent(), element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _certificate(element) -> x509.Certificate:
    if element is None or not element.text:
        raise ValueError("The signature has no certificate.")
    return x509.load_der_x509_certificate(base64.b64decode(element.text))


def _names(certificate: x509.Certificate) -> tuple[str, str]:
    algorithm = gost.algorithm_of(certificate)
    return (algorithm.xml_signature, algorithm.xml_digest) if algorithm else (_RSA, _SHA256)


def _signature(credential: gost.Credential, uri: str, transforms: list[str], digest_of: bytes):
    method, digest_method = _names(credential.certificate)
    signature = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    canonical = EXCLUSIVE if uri else INCLUSIVE
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=canonical)
    etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=method)
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=uri)
    steps = etree.SubElement(reference, f"{{{DS}}}Transforms")
    for transform in transforms:
        etree.SubElement(steps, f"{{{DS}}}Transform", Algorithm=transform)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=digest_method)
    digest = hashlib.new(_HASHES[digest_method], digest_of).digest()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = base64.b64encode(digest).decode()
    etree.SubElement(signature, f"{{{DS}}}SignatureValue")
    return signature


def _sign(signature, credential: gost.Credential) -> None:
    """Fill the signature value in; the element stands in its document, whose namespaces count."""
    data = _signed_info(signature)
    algorithm = gost.algorithm_of(credential.certificate)
    value = (
        gost.sign_digest(credential.key, algorithm, data)
        if algorithm
        else credential.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    )
    signature.find(f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()


def _holds(signature, signed_info: bytes, certificate: x509.Certificate, root) -> bool:
    references = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
    value = base64.b64decode(signature.findtext(f"{{{DS}}}SignatureValue") or "")
    return (
        bool(references)
        and all(_reference_holds(reference, root) for reference in references)
        and verifies(certificate, value, signed_info, hash_name="sha256")
    )


def _reference_holds(reference, root) -> bool:
    uri = reference.get("URI", "")
    target = root if uri == "" else _named(root, uri.removeprefix("#"))
    if target is None:
        return False
    method = reference.find(f"{{{DS}}}DigestMethod").get("Algorithm")
    steps = [step.get("Algorithm") for step in reference.iter(f"{{{DS}}}Transform")]
    if method not in _HASHES:
        raise ValueError("The digest method is not known.")
    canonical = steps[-1] if steps and steps[-1] != ENVELOPED else INCLUSIVE
    digest = hashlib.new(_HASHES[method], _canonical(target, canonical)).digest()
    return base64.b64decode(reference.findtext(f"{{{DS}}}DigestValue") or "") == digest


def _named(root, identifier: str):
    return next((node for node in root.iter("*") if identifier in (node.get(f"{{{WSU}}}Id"), node.get("Id"))), None)


def _signed_info(signature) -> bytes:
    info = signature.find(f"{{{DS}}}SignedInfo")
    if info is None:
        raise ValueError("The signature has no SignedInfo.")
    return _canonical(info, info.find(f"{{{DS}}}CanonicalizationMethod").get("Algorithm"))


def _canonical(element, algorithm: str) -> bytes:
    is_exclusive, with_comments = algorithm.startswith(EXCLUSIVE), algorithm.endswith("WithComments")
    return etree.tostring(element, method="c14n", exclusive=is_exclusive, with_comments=with_comments)
