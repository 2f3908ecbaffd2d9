"""The signature over the body: its form, that others verify it, and every way of wrapping a good one.

The id of each attack names the check that stops it, in integrations/shep/wsse_verification.py unless it says another.
"""

import base64
import copy
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    SignatureConfiguration,
    SignatureConstructionMethod,
    SignatureReference,
    XMLSigner,
    XMLVerifier,
)

from integrations.safe_xml import BadMessage
from integrations.shep import wsse
from integrations.shep.envelope import SOAP, WSU, body_of, message_of, read_answer
from integrations.shep.wsse import DS, WSSE, RsaSigner
from integrations.shep.wsse_verification import EXC_C14N, BadSignature, Trust
from tests.integrations.shep.gateway_messages import (
    canonical,
    der,
    example,
    in_envelope,
    signed,
    signer,
    without_indents,
)

RESPONSE = example("6_response")
EVIL = RESPONSE.replace(b"VIOLATIONS", b"PASSED")
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"


def trust(*names: str) -> Trust:
    return Trust.of(signer(name).certificate for name in names or ("gateway",))


def document(root: bytes = RESPONSE, by: str = "gateway") -> etree._Element:
    return message_of(signed(root, by))


def part(root: etree._Element, name: str) -> etree._Element:
    namespace = WSSE if name in ("Security", "SecurityTokenReference", "KeyIdentifier") else DS
    return next(root[0].iter(f"{{{namespace}}}{name}"))


def evil_body(body_id: str | None = "id-1") -> etree._Element:
    body = in_envelope(EVIL)[-1]
    body.attrib.clear()
    if body_id:
        body.set(f"{{{WSU}}}Id", body_id)
    return body


def test_a_signed_answer_is_believed_and_read_from_the_verified_body():
    found = document()
    body = trust().verified_body(found)
    assert body is found[-1]
    assert read_answer(body).code == "SCSS001"


def test_what_we_sign_has_exactly_the_form_of_the_contract():
    expected = without_indents(example("1_request"))
    root = copy.deepcopy(body_of(expected)[0])
    body_id = body_of(expected).get(f"{{{WSU}}}Id")
    found = etree.fromstring(signer().signed(in_envelope(etree.tostring(root), body_id)))
    for name in ("DigestValue", "SignatureValue", "KeyIdentifier"):
        part(found, name).text = "BASE64"
    for name in ("SignatureMethod", "DigestMethod"):
        part(found, name).set("Algorithm", part(expected, name).get("Algorithm"))
    assert canonical(found) == canonical(expected)


def test_signxml_verifies_what_we_sign():
    settings = SignatureConfiguration(location=f"./{{{SOAP}}}Header/{{{WSSE}}}Security/")
    verified = XMLVerifier().verify(signed(RESPONSE), x509_cert=signer().certificate, expect_config=settings)
    assert verified.signed_xml.tag == f"{{{SOAP}}}Body"
    assert verified.signed_xml.get(f"{{{WSU}}}Id") == "id-1"


def test_signxml_verifies_a_signed_business_element():
    element = etree.fromstring('<u:Request xmlns:u="urn:x"><BIN>240640990012</BIN></u:Request>')
    element = signer().signed_element(element)
    verified = XMLVerifier().verify(etree.tostring(element), x509_cert=signer().certificate)
    assert verified.signed_xml.findtext("BIN") == "240640990012"
    inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    assert element[-1].find(f".//{{{DS}}}CanonicalizationMethod").get("Algorithm") == inclusive
    enveloped, c14n = element[-1].iter(f"{{{DS}}}Transform")
    assert (enveloped.get("Algorithm"), c14n.get("Algorithm")) == (f"{DS}enveloped-signature", inclusive)


def test_each_body_has_an_id_of_its_own():
    assert len({wsse.new_body_id() for _ in range(100)}) == 100


def test_two_certificates_may_be_pinned_while_one_replaces_the_other():
    both = trust("gateway", "next gateway")
    for name in ("gateway", "next gateway"):
        assert both.verified_body(document(by=name)) is not None


def test_inclusive_prefixes_are_honoured_as_wss4j_writes_them():
    found = in_envelope(RESPONSE)
    header, body = found
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    writer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    reference = SignatureReference(URI="#id-1", inclusive_ns_prefixes=["soap", "wsu"])
    security.append(writer.sign(body, key=signer().key, reference_uri=[reference], key_info=signer()._key_info()))
    assert trust().verified_body(message_of(etree.tostring(found))).tag == f"{{{SOAP}}}Body"


def unsigned(root):
    root[0].remove(part(root, "Security"))


def no_header(root):
    root.remove(root[0])


def changed_body(root):
    next(root[-1].iter("{urn:voucher-portal:shep:1}result")).text = "NOT_FOUND"


def body_moved_into_header_and_replaced(root):
    root[0].append(root[-1])
    root.append(evil_body())


def body_moved_into_header_and_replaced_under_another_id(root):
    root[0].append(root[-1])
    root.append(evil_body("id-2"))


def body_moved_and_replaced_without_an_id(root):
    root[0].append(root[-1])
    root.append(evil_body(None))


def second_body_before(root):
    root.insert(1, evil_body())


def second_body_behind(root):
    root.append(evil_body())


def id_on_another_element(root):
    etree.SubElement(root[0], "x").set(f"{{{WSU}}}Id", "id-1")


def id_under_another_name(root):
    etree.SubElement(root[0], "x").set("ID", "id-1")


def id_twice_on_the_body(root):
    root[-1].set("Id", "id-1")


def reference_to_the_header(root):
    etree.SubElement(root[0], "x").set(f"{{{WSU}}}Id", "id-2")
    part(root, "Reference").set("URI", "#id-2")


def reference_to_the_whole_document(root):
    part(root, "Reference").set("URI", "")


def reference_by_xpointer(root):
    part(root, "Reference").set("URI", "#xpointer(id('id-1'))")


def no_reference(root):
    part(root, "SignedInfo").remove(part(root, "Reference"))


def empty_signed_info(root):
    del part(root, "SignedInfo")[:]


def second_reference(root):
    part(root, "SignedInfo").append(copy.deepcopy(part(root, "Reference")))


def second_signature(root):
    part(root, "Security").append(copy.deepcopy(part(root, "Signature")))


def second_security(root):
    root[0].append(copy.deepcopy(part(root, "Security")))


def signature_elsewhere_in_the_header(root):
    etree.SubElement(root[0], "x").append(part(root, "Signature"))


def signed_object_added(root):
    etree.SubElement(part(root, "Signature"), f"{{{DS}}}Object").append(evil_body("id-2"))


def key_replaced(root):
    part(root, "KeyIdentifier").text = der("attacker")


def key_value_added(root):
    part(root, "KeyInfo").insert(0, etree.Element(f"{{{DS}}}KeyValue"))


def second_key_identifier(root):
    part(root, "SecurityTokenReference").append(copy.deepcopy(part(root, "KeyIdentifier")))


def sha1_digest(root):
    part(root, "DigestMethod").set("Algorithm", SHA1)


def sha1_signature(root):
    part(root, "SignatureMethod").set("Algorithm", f"{DS}rsa-sha1")


def hmac_signature(root):
    part(root, "SignatureMethod").set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


def gost_without_ncanode(root):
    gost = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms"
    part(root, "SignatureMethod").set("Algorithm", f"{gost}:gostr34102015-gostr34112015-512")
    part(root, "DigestMethod").set("Algorithm", f"{gost}:gostr34112015-512")


def xslt_transform(root):
    part(root, "Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")


def second_transform(root):
    etree.SubElement(part(root, "Transforms"), f"{{{DS}}}Transform", Algorithm=EXC_C14N)


def inclusive_c14n(root):
    part(root, "CanonicalizationMethod").set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")


def digest_replaced(root):
    part(root, "DigestValue").text = "AAAA"


def signature_replaced(root):
    part(root, "SignatureValue").text = "AAAA"


def signature_is_no_base64(root):
    part(root, "SignatureValue").text = "ӘЛІ"


def signature_of_another_answer(root):
    other = document(EVIL)
    part(root, "SignatureValue").text = part(other, "SignatureValue").text


def second_security_without_signature(root):
    etree.SubElement(root[0], f"{{{WSSE}}}Security")


def signed_anew(root):
    """With digest and signature as they would have to be: what is left of an attack is what it changed."""
    canonical_body = etree.tostring(root[-1], method="c14n", exclusive=True)
    part(root, "DigestValue").text = base64.b64encode(hashlib.sha256(canonical_body).digest()).decode()
    info = etree.tostring(part(root, "SignedInfo"), method="c14n", exclusive=True)
    value = signer("gateway").key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    part(root, "SignatureValue").text = base64.b64encode(value).decode()


ATTACKS = {
    "_only_signature": [
        unsigned, no_header, second_signature, second_security, second_security_without_signature,
        signature_elsewhere_in_the_header,
    ],
    "_parts": [
        no_reference, empty_signed_info, second_reference, signed_object_added, key_value_added,
        second_key_identifier, second_transform,
    ],
    "_must_mean": [
        reference_to_the_header, reference_to_the_whole_document, reference_by_xpointer, id_on_another_element,
        id_under_another_name, id_twice_on_the_body, body_moved_into_header_and_replaced,
        body_moved_into_header_and_replaced_under_another_id, body_moved_and_replaced_without_an_id,
    ],
    "_accepted_algorithms": [sha1_digest, sha1_signature, hmac_signature, xslt_transform, inclusive_c14n],
    "_pinned": [key_replaced],
    "_verify_gost": [gost_without_ncanode],
    "_must_digest": [changed_body, digest_replaced],
    "_must_be_signed": [signature_replaced, signature_of_another_answer],
    "_binary": [signature_is_no_base64],
    "envelope.body_of": [second_body_before, second_body_behind],
}  # fmt: skip
CASES = [
    pytest.param(attack, id=f"{check}-{attack.__name__}") for check, attacks in ATTACKS.items() for attack in attacks
]


# These change what the gateway itself has signed, so they are tried with a fitting signature.
SIGNED_ANEW = {
    reference_to_the_header,
    reference_to_the_whole_document,
    reference_by_xpointer,
    id_twice_on_the_body,
    sha1_digest,
    sha1_signature,
    hmac_signature,
    xslt_transform,
    inclusive_c14n,
    second_transform,
    second_reference,
}


def test_an_answer_that_is_signed_anew_is_believed():
    found = document(EVIL, by="attacker")
    part(found, "KeyIdentifier").text = der("gateway")
    signed_anew(found)
    assert trust().verified_body(found) is not None


@pytest.mark.parametrize("attack", CASES)
def test_an_answer_is_not_believed(attack):
    found = document()
    attack(found)
    if attack in SIGNED_ANEW:
        signed_anew(found)
    again = message_of(etree.tostring(found))
    with pytest.raises((BadSignature, BadMessage)):
        trust().verified_body(again)


def test_an_answer_without_a_header_is_told_so_by_only_signature():
    found = document()
    found.remove(found[0])
    with pytest.raises(BadSignature, match="no header"):
        trust().verified_body(found)


def test_a_stranger_with_a_key_of_his_own_is_not_believed_by_pinned():
    with pytest.raises(BadSignature, match="certificate"):
        trust().verified_body(document(EVIL, by="attacker"))


def test_a_stranger_who_names_the_gateways_certificate_is_not_believed_by_must_be_signed():
    found = document(EVIL, by="attacker")
    part(found, "KeyIdentifier").text = der("gateway")
    with pytest.raises(BadSignature, match="fit"):
        trust().verified_body(found)


def test_a_header_behind_the_body_is_not_read():
    found = document()
    found.append(found[0])
    with pytest.raises(BadMessage):
        trust().verified_body(message_of(etree.tostring(found)))


def gost(found: etree._Element) -> bytes:
    gost_without_ncanode(found)
    return etree.tostring(found)


@pytest.mark.parametrize("says", [True, False])
def test_the_arithmetic_of_gost_is_ncanodes(says):
    asked = []

    def ncanode(content, certificate):
        asked.append((content, certificate))
        return says

    pinned = Trust.of([signer().certificate], ncanode)
    found = message_of(gost(document()))
    if says:
        assert pinned.verified_body(found) is found[-1]
    else:
        with pytest.raises(BadSignature, match="fit"):
            pinned.verified_body(found)
    assert asked[0][1] == signer().certificate


@pytest.mark.parametrize("attack", ["prefix", "first"])
def test_ncanode_is_asked_only_about_the_signature_it_will_look_at_by_verify_gost(attack):
    content = gost(document())
    if attack == "prefix":
        content = content.replace(b"<ds:", b"<x:").replace(b"</ds:", b"</x:").replace(b"xmlns:ds", b"xmlns:x")
    else:
        decoy = b'<wsse:SecurityTokenReference xmlns:wsse="%b"/><wsse:Security ' % WSSE.encode()
        content = content.replace(b"<wsse:Security ", decoy, 1)
    with pytest.raises(BadSignature, match="NCANode"):
        Trust.of([signer().certificate], lambda *_: True).verified_body(message_of(content))


def test_nothing_is_trusted_without_a_pin(tmp_path):
    with pytest.raises(ValueError, match="pinned"):
        Trust.of([])
    (tmp_path / "x.pem").write_text("not a certificate")
    with pytest.raises(ValueError, match=r"x\.pem"):
        Trust.load(tmp_path / "x.pem")


def test_two_certificates_of_one_file_are_pinned(tmp_path):
    certificates = [signer(name).certificate for name in ("gateway", "next gateway")]
    pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    (tmp_path / "gateway.pem").write_bytes(pem)
    assert len(Trust.load(tmp_path / "gateway.pem").certificates) == 2


def key_files(folder, name: str, password: bytes = b"") -> tuple:
    kind = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    key = signer(name).key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind)
    (folder / f"{name}.key.pem").write_bytes(key)
    (folder / f"{name}.pem").write_bytes(signer(name).certificate.public_bytes(serialization.Encoding.PEM))
    return folder / f"{name}.key.pem", folder / f"{name}.pem"


def test_a_signer_is_loaded_from_files(tmp_path):
    key, certificate = key_files(tmp_path, "portal", b"secret")
    assert RsaSigner.load(key, certificate, "secret").certificate == signer("portal").certificate


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_key_that_does_not_open_is_named_and_no_more(tmp_path, password):
    key, certificate = key_files(tmp_path, "portal", b"secret")
    with pytest.raises(ValueError, match=r"portal\.key\.pem") as error:
        RsaSigner.load(key, certificate, password)
    assert "wrong" not in str(error.value)


def test_a_key_of_another_certificate_is_refused(tmp_path):
    key, _certificate = key_files(tmp_path, "portal")
    _key, certificate = key_files(tmp_path, "gateway")
    with pytest.raises(ValueError, match="not the RSA key"):
        RsaSigner.load(key, certificate)


def test_a_signer_does_not_show_its_key():
    assert "key=" not in repr(signer())


@settings(max_examples=200)
@given(st.data())
def test_any_mutation_of_a_signed_answer_is_believed_only_if_nothing_signed_changed(data):
    original = _SIGNED
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 40)))
    middle = data.draw(st.one_of(st.just(b""), st.binary(max_size=20), st.just(original[start:end] * 2)))
    try:
        body = trust().verified_body(message_of(original[:start] + middle + original[end:]))
    except (BadMessage, BadSignature):
        return
    assert etree.tostring(body, method="c14n", exclusive=True) == _CANONICAL_BODY


@settings(max_examples=100)
@given(st.data())
def test_any_rearranged_tree_is_believed_only_if_nothing_signed_changed(data):
    found = document()
    elements = [each for each in found.iter() if each is not found]
    source, target = data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(elements))
    moved = copy.deepcopy(source) if data.draw(st.booleans()) else source
    if source in target.iterancestors() or source is target:
        return
    target.insert(data.draw(st.integers(0, len(target))), moved)
    try:
        body = trust().verified_body(message_of(etree.tostring(found)))
    except (BadMessage, BadSignature):
        return
    assert etree.tostring(body, method="c14n", exclusive=True) == _CANONICAL_BODY


_SIGNED = signed(RESPONSE)
_CANONICAL_BODY = etree.tostring(message_of(_SIGNED)[-1], method="c14n", exclusive=True)
