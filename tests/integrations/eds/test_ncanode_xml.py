"""Signing and verifying XML with NCANode: what it signs holds, what it calls valid need not be the body."""

import base64
import copy

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from integrations.eds.ncanode import KeyFile, NcaNodeError, NcaNodeUnavailable
from integrations.emulators.gost import GOST_2015_512, key_file
from integrations.emulators.gost_pki import KEY_PASSWORD
from integrations.safe_xml import document_of
from integrations.shep.wsse_ncanode import NcanodeVerification
from integrations.shep.wsse_verification import BadSignature, Trust

DS = "http://www.w3.org/2000/09/xmldsig#"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{_OASIS}wssecurity-secext-1.0.xsd", f"{_OASIS}wssecurity-utility-1.0.xsd"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPE = (
    f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header/><soap:Body><a xmlns="urn:a">1</a></soap:Body></soap:Envelope>'
)


@pytest.fixture
def key(gost_pki) -> KeyFile:
    """The portal's own key for ШЭП."""
    return KeyFile((gost_pki.folder / "services" / "portal.p12").read_bytes(), KEY_PASSWORD)


@pytest.fixture
def portal(gost_pki):
    """The certificate of that key."""
    return gost_pki.certificate("portal")


def test_signed_envelope_has_the_parts_of_the_gateways_profile(ncanode, key, portal):
    root = document_of(ncanode.sign_wsse(ENVELOPE, key).encode())
    body, security = root.find(f"{{{SOAP}}}Body"), root.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security")
    signature = security.find(f"{{{DS}}}Signature")
    reference = signature.find(f".//{{{DS}}}Reference")
    assert security.get(f"{{{SOAP}}}mustUnderstand") == "1"
    assert reference.get("URI") == f"#{body.get(f'{{{WSU}}}Id')}"
    assert [step.get("Algorithm") for step in signature.iter(f"{{{DS}}}Transform")] == [EXCLUSIVE]
    assert signature.find(f".//{{{DS}}}SignatureMethod").get("Algorithm") == GOST_2015_512.xml_signature
    assert signature.find(f".//{{{DS}}}DigestMethod").get("Algorithm") == GOST_2015_512.xml_digest
    identifier = signature.find(f".//{{{WSSE}}}SecurityTokenReference/{{{WSSE}}}KeyIdentifier")
    assert identifier.get("ValueType") == f"{_OASIS}x509-token-profile-1.0#X509v3"
    assert base64.b64decode(identifier.text).endswith(portal.signature)


def test_signed_envelope_is_verified_with_its_certificate(ncanode, key, portal, gost_pki):
    signed = ncanode.sign_wsse(ENVELOPE, key).encode()
    assert ncanode.verify_wsse(signed, portal)
    assert not ncanode.verify_wsse(signed.replace(b">1<", b">2<"), portal)


@pytest.mark.parametrize("check", ["ncanode.py:verify_wsse"])
def test_envelope_signed_with_another_key_is_not_the_gateways(ncanode, key, gost_pki, check):
    signed = ncanode.sign_wsse(ENVELOPE, key).encode()
    assert not ncanode.verify_wsse(signed, gost_pki.certificate("issuing"))


@pytest.mark.parametrize("check", ["ncanode.py:verify_wsse"])
def test_certificate_put_before_the_signature_does_not_verify_it_for_the_gateway(ncanode, portal, gost_pki, check):
    """NCANode takes the document's first wsse:SecurityTokenReference. A citizen signs, names the gateway in his
    signature, and puts his own certificate before it."""
    stranger = gost_pki.credential("stranger-sign")
    own = KeyFile(key_file(stranger, "x" * 8), "x" * 8)
    root = document_of(ncanode.sign_wsse(ENVELOPE, own).encode())
    header = root.find(f"{{{SOAP}}}Header")
    named = header.find(f".//{{{WSSE}}}SecurityTokenReference")
    header.insert(0, copy.deepcopy(named))
    identifier = named.find(f"{{{WSSE}}}KeyIdentifier")
    identifier.text = base64.b64encode(portal.public_bytes(Encoding.DER)).decode()
    forged = etree.tostring(root)
    assert _says_valid(ncanode, forged)
    assert not ncanode.verify_wsse(forged, portal)


@pytest.mark.parametrize("check", ["wsse_verification.py:_must_mean"])
def test_signed_body_put_aside_for_another_one_is_valid_to_ncanode_and_refused_by_us(ncanode, key, portal, check):
    """NCANode takes whatever the Reference names for the right thing, wherever it stands."""
    root = document_of(ncanode.sign_wsse(ENVELOPE, key).encode())
    trust = Trust.of([portal], gost=NcanodeVerification(ncanode))
    assert trust.verified_body(root)[0].text == "1"
    header, signed_body = root
    other = copy.deepcopy(signed_body)
    del other.attrib[f"{{{WSU}}}Id"]
    other[0].text = "2"
    root.replace(signed_body, other)
    etree.SubElement(header, "aside").append(signed_body)
    assert _says_valid(ncanode, etree.tostring(root))
    with pytest.raises(BadSignature):
        trust.verified_body(root)


def test_enveloped_signature_holds_until_the_document_changes(ncanode, key):
    signed = ncanode.sign_xml("<doc><amount>100.00</amount></doc>", key)
    root = document_of(signed.encode())
    assert [child.tag for child in root] == ["amount", f"{{{DS}}}Signature"]
    assert _says_valid(ncanode, signed.encode(), "/xml/verify")
    assert not _says_valid(ncanode, signed.replace("100.00", "900.00").encode(), "/xml/verify")


@pytest.mark.parametrize("path", ["/wsse/sign", "/xml/sign"])
def test_wrong_password_is_told_without_the_password_or_the_key(ncanode, key, order, path):
    wrong = KeyFile(key.content, "pass-word-that-is-wrong")
    sign = ncanode.sign_wsse if path == "/wsse/sign" else ncanode.sign_xml
    with pytest.raises(NcaNodeError) as told:
        sign(ENVELOPE, wrong)
    assert "pass-word-that-is-wrong" not in str(told.value)
    assert "pass-word-that-is-wrong" not in repr(wrong)
    assert str(key.content) not in repr(key)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("503", NcaNodeUnavailable),
        ("drop", NcaNodeUnavailable),
        ("truncate", NcaNodeUnavailable),
        ("400", NcaNodeError),
        ("garbage", NcaNodeError),
        ("huge", NcaNodeError),
        ("deep", NcaNodeError),
    ],
)
def test_signing_that_fails_is_one_of_two_errors(ncanode, key, order, fault, error):
    order(faults=[fault])
    with pytest.raises(error):
        ncanode.sign_wsse(ENVELOPE, key)


def _says_valid(ncanode, document: bytes, path: str = "/wsse/verify") -> bool:
    return requests.post(f"{ncanode.url}{path}", json={"xml": document.decode()}, timeout=5).json()["valid"]
