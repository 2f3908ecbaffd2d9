"""Reading of CMS: forms, encodings, and everything that is no signature."""

import base64

import pytest
from asn1crypto import cms as asn1
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.eds.cms import BadCms, parse, to_der
from integrations.eds.cms_encoding import MAX_ELEMENTS, BadEncoding, children, content, encoded, normalised
from integrations.eds.verdicts import Form, Reason, Verdict
from integrations.emulators.cms import Wrong, sign_cms, to_pem
from tests.integrations.eds.making import DATA, NOW, centre, ec_key, judged
from tests.patience import no_hang


@pytest.fixture(scope="module")
def signature():
    return sign_cms(centre().leaf(), DATA, tsa=centre().tsa())


def with_open_lengths(der: bytes) -> bytes:
    """As BER programs write it: SEQUENCEs and SETs with their end marked, octet strings in pieces."""
    tag, length = der[0], len(der)
    if tag == 0x04 and length > 20:
        inside = der[2 + (der[1] & 0x7F if der[1] > 0x80 else 0) :]
        pieces = [encoded(0x04, inside[start : start + 10]) for start in range(0, len(inside), 10)]
        return b"\x24\x80" + b"".join(pieces) + b"\x00\x00"
    if tag & 0x20:
        return bytes((tag, 0x80)) + b"".join(map(with_open_lengths, children(der)[1])) + b"\x00\x00"
    return der


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda der: der, id="DER"),
        pytest.param(bytearray, id="bytearray"),
        pytest.param(with_open_lengths, id="BER"),
        pytest.param(lambda der: base64.b64encode(der), id="Base64"),
        pytest.param(lambda der: base64.b64encode(der).decode(), id="Base64 text"),
        pytest.param(lambda der: base64.encodebytes(der).decode().replace("\n", "\r\n"), id="Base64 in lines"),
        pytest.param(to_pem, id="PEM"),
        pytest.param(lambda der: to_pem(der, "PKCS7"), id="PEM PKCS7"),
        pytest.param(lambda der: f"\r\n{to_pem(der)}\n\n".replace("\n", "\r\n"), id="PEM from Windows"),
    ],
)
def test_every_form_is_the_same_signature(signature, form):
    assert to_der(form(signature)) == signature


def test_a_signature_in_ber_is_valid(signature):
    assert judged(with_open_lengths(signature)).verdict is Verdict.VALID


def test_parts_are_read(signature):
    message = parse(signature)
    [signer] = message.signers
    assert message.content is None
    assert len(message.certificates_of(signer)) == 1
    assert len(signer.time_stamp_tokens) == 1
    assert not signer.is_gost


def test_only_some_time_stamps_are_looked_at():
    signature = sign_cms(centre().leaf(), DATA, tsa=centre().tsa(), stamped_at=NOW)
    info = asn1.ContentInfo.load(signature)
    attributes = info["content"]["signer_infos"][0]["unsigned_attrs"]
    token = attributes[0]["values"][0]
    info["content"]["signer_infos"][0]["unsigned_attrs"] = [
        {"type": "signature_time_stamp_token", "values": [asn1.ContentInfo.load(token.dump())]} for _ in range(9)
    ]
    assert len(parse(info.dump()).signers[0].time_stamp_tokens) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", Reason.NOT_CMS, id="empty"),
        pytest.param("====", Reason.NOT_CMS, id="padding"),
        pytest.param("TUlJ", Reason.NOT_CMS, id="Base64 of something else"),
        pytest.param("\ud800", Reason.NOT_CMS, id="not a character"),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", Reason.NOT_CMS, id="certificate"
        ),
        pytest.param(b"\x30\x00", Reason.NOT_CMS, id="empty sequence"),
        pytest.param(b"\x30\x03\x06\x01\x2a", Reason.NOT_CMS, id="only an OID"),
        pytest.param("A" * 9_000_000, Reason.TOO_LARGE, id="9 MB"),
    ],
)
def test_what_is_no_signature_is_refused(text, reason):
    with pytest.raises(BadCms) as caught:
        parse(text)
    assert caught.value.reason is reason


def with_content(*explicit: bytes) -> bytes:
    """A CMS whose content is written so."""
    kind, outer = children(sign_cms(centre().leaf(), DATA, attached=True))[1]
    parts = children(children(outer)[1][0])[1]
    parts[2] = encoded(0x30, children(parts[2])[1][0] + b"".join(explicit))
    return encoded(0x30, kind + encoded(0xA0, encoded(0x30, b"".join(parts))))


OCTETS = encoded(0x04, DATA)


@pytest.mark.parametrize(
    "explicit",
    [
        pytest.param([encoded(0xA0, OCTETS + OCTETS)], id="cms:_content_of two octet strings"),
        pytest.param([encoded(0xA0, b"")], id="cms:_content_of none"),
        pytest.param([encoded(0xA0, OCTETS)] * 2, id="cms:_content_of two contents"),
        pytest.param([encoded(0xA0, encoded(0x0C, DATA))], id="cms:_content_of text"),
    ],
)
def test_content_is_one_octet_string(explicit):
    assert judged(with_content(encoded(0xA0, OCTETS)), form=Form.ATTACHED).verdict is Verdict.VALID
    with pytest.raises(BadCms):
        parse(with_content(*explicit))


def test_twenty_certificates_are_enough():
    leaf = centre().leaf()
    many = sign_cms(
        leaf, DATA, wrong=Wrong(certificates=[centre().leaf(serial_number=n).certificate for n in range(1, 22)])
    )
    with pytest.raises(BadCms, match="20 certificates"):
        parse(many)


# The encoding


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "too early", id="cms_encoding:_header empty"),
        pytest.param(b"\x30\x05\x05\x00", "too early", id="cms_encoding:_header ends early"),
        pytest.param(b"\x30\x03\x30\x05\x05", "too early", id="cms_encoding:_header inner longer than outer"),
        pytest.param(b"\x30\x80\x05\x00", "too early", id="cms_encoding:_header no end"),
        pytest.param(b"\x30\x00\x00", "follows", id="cms_encoding:_needs_rewriting rest"),
        pytest.param(b"\x04\x80\x00\x00", "without length", id="cms_encoding:_header open primitive"),
        pytest.param(b"\x3f\x81\x01\x00", "tag", id="cms_encoding:_header long tag"),
        pytest.param(b"\x30\x85\x00\x00\x00\x00\x00", "length", id="cms_encoding:_header long length"),
        pytest.param(b"\x24\x80\x02\x01\x05\x00\x00", "another element", id="cms_encoding:_rewritten pieces"),
        pytest.param(b"\x30\x80" * 41 + b"\x00\x00" * 41, "deep", id="cms_encoding:_refuse_excess depth"),
        pytest.param(encoded(0x30, b"\x05\x00" * MAX_ELEMENTS), "many", id="cms_encoding:_refuse_excess elements"),
        pytest.param(bytes(6 * 2**20), "large", id="cms_encoding:normalised size"),
    ],
)
def test_what_is_not_one_bounded_element_is_refused(data, words):
    with pytest.raises(BadEncoding, match=words):
        normalised(data)


@pytest.mark.parametrize(
    ("ber", "der"),
    [
        pytest.param("3080 0500 0000", "3002 0500", id="open"),
        pytest.param("3080 3002 0500 0000", "3004 3002 0500", id="definite inside open"),
        pytest.param("3006 3080 0500 0000", "3004 3002 0500", id="open inside definite"),
        pytest.param("3004 0000 0500", "3004 0000 0500", id="zeros that end nothing"),
        pytest.param("3080 3004 0000 0500 0000", "3006 3004 0000 0500", id="zeros that end nothing inside open"),
        pytest.param("2406 0401 78 0401 79", "0402 7879", id="pieces"),
        pytest.param("308103 020105", "308103 020105", id="a length in more bytes than needed stays"),
    ],
)
def test_one_form_comes_out(ber, der):
    assert normalised(bytes.fromhex(ber)) == bytes.fromhex(der)


@pytest.mark.parametrize(
    "ber", ["3006 3003 3080 00 00", "3081", "3084 0000", "3003 020105 00", "3005 3080 0500 00 00 00", "2403 020105"]
)
def test_no_element_passes_the_one_around_it(ber):
    with pytest.raises(BadEncoding):
        normalised(bytes.fromhex(ber))


@pytest.mark.parametrize(
    "element", [b"\x04\x00", b"\x30\x00\x00", b"\x30\x80\x00\x00", b"\x30\x02\x30\x80", b"\x30\x01\x05", b""]
)
def test_children_are_those_of_one_constructed_element__cms_encoding_children(element):
    assert children(b"\x30\x02\x05\x00") == (0x30, [b"\x05\x00"])
    with pytest.raises(BadEncoding):
        children(element)


@pytest.mark.parametrize("element", [b"\x0c\x01x", b"\x04\x01xy", b"\x04\x02x", b""])
def test_content_is_that_of_one_element_with_the_tag__cms_encoding_content(element):
    assert content(b"\x04\x01x", 0x04) == b"x"
    with pytest.raises(BadEncoding):
        content(element, 0x04)


@pytest.mark.parametrize("depth", [40, 1000, 1_000_000])
def test_deep_nesting_costs_no_time(depth):
    for nest in (b"\x30\x80" * depth, b"\x30\x84\x00\x00\xff\xff" * depth):
        with no_hang(), pytest.raises(BadEncoding):
            normalised(nest)


leaves = st.tuples(st.sampled_from([0x02, 0x04, 0x05, 0x06, 0x0C, 0x80]), st.binary(max_size=40)).map(
    lambda pair: encoded(*pair)
)
trees = st.recursive(
    leaves,
    lambda inner: st.tuples(st.sampled_from([0x30, 0x31, 0xA0, 0xA3]), st.lists(inner, max_size=4)).map(
        lambda pair: encoded(pair[0], b"".join(pair[1]))
    ),
    max_leaves=20,
)


@settings(max_examples=200)
@given(trees)
def test_ber_with_open_lengths_comes_out_as_the_der_it_was(der):
    assert normalised(der) == der
    assert normalised(with_open_lengths(der)) == der


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_one_element(junk):
    try:
        found = normalised(junk)
    except BadEncoding:
        return
    assert normalised(found) == found


# Broken signatures

flips = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


@settings(max_examples=300)
@given(changes=flips, cut=st.none() | st.integers(0, 4000))
def test_a_flipped_signature_gets_a_verdict(signature, changes, cut):
    changed = bytearray(signature)
    for place, value in changes:
        changed[place % len(changed)] = value
    check = judged(bytes(changed[:cut] if cut else changed))
    assert check.verdict in (Verdict.VALID, Verdict.INVALID, Verdict.UNVERIFIED)
    if check.verdict is Verdict.VALID:
        # What may change without harm: the time stamp, which only loses its moment, and what nobody signs or reads.
        assert check.signer == judged(signature).signer


@settings(max_examples=300)
@given(st.binary(max_size=300) | st.text(max_size=300))
def test_random_input_gets_a_verdict(junk):
    assert judged(junk).verdict is Verdict.INVALID


@settings(max_examples=150)
@given(changes=flips)
def test_a_flipped_attribute_is_never_valid(changes):
    """Every byte between the signer's certificate and the end of his signature counts."""
    signature = sign_cms(centre().leaf(key=ec_key(3), serial_number=77), DATA)
    attributes = asn1.ContentInfo.load(signature)["content"]["signer_infos"][0]["signed_attrs"].contents
    start = signature.index(attributes)
    changed = bytearray(signature)
    for place, value in changes:
        changed[start + place % len(attributes)] = value
    if bytes(changed) != signature:
        assert judged(bytes(changed)).verdict is not Verdict.VALID
