"""The envelope: every example of contracts/shep.md §6, and answers that nobody should have sent."""

import copy
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.shep import envelope, payload
from integrations.shep.envelope import Question, Sender
from integrations.shep.registers import Form
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.gateway_messages import AT, canonical, example, in_envelope, without_indents
from voucher_portal.dates import ALMATY

SENDER = Sender("TEST_SENDER", "from-secret-store")
REQUESTS = {
    "1": ("8a1e52a0-6a1f-4a34-9a43-2b64c2b0a101", "GBDFLUniversal_token", None, 15),
    "2": ("1b4a2c9d-53e6-4a0e-8a0d-6f9a3f5b2b02", "GbdulInfoByBin_v2", None, 16),
    "3": ("5d0b7c1e-9f0a-4a8b-a4fb-4b1b92a7c303", "CITS_DEBTS", "7e0b2f42-17c8-4d0e-8d33-7c2f3cb0d4f4", 17),
    "6": ("3e9d2b7a-4b60-4a53-9c0f-0a8e1d5f6c06", "FIRE_Inspection", None, 19),
}
ANSWERS = {number: request[0] for number, request in REQUESTS.items()}


def root_of(name: str) -> etree._Element:
    """The element of the channel in an example, as a document of its own."""
    document = without_indents(example(name))
    return copy.deepcopy(envelope.body_of(document)[0]) if document.tag.endswith("}Envelope") else document


def answer_to(root: bytes | etree._Element) -> envelope.Answer:
    content = root if isinstance(root, bytes) else etree.tostring(root)
    return envelope.read_answer(envelope.body_of(envelope.message_of(etree.tostring(in_envelope(content)))))


@pytest.mark.parametrize("number", REQUESTS)
def test_a_request_is_written_as_the_contract_has_it(number):
    expected = root_of(f"{number}_request")
    message_id, service_id, correlation_id, minute = REQUESTS[number]
    question = Question(message_id, service_id, AT.replace(minute=minute), SENDER, correlation_id)
    data = copy.deepcopy(expected.find("request/requestData/data"))
    assert canonical(envelope.send_message(question, data)) == canonical(expected)


@pytest.mark.parametrize(
    ("number", "form"), [("1", Form.TYPED), ("2", Form.ESCAPED), ("3", Form.CHILD), ("6", Form.CHILD)]
)
def test_data_takes_the_form_that_the_contract_has(number, form):
    expected = copy.deepcopy(root_of(f"{number}_request").find("request/requestData/data"))
    business = payload.content_of(copy.deepcopy(expected))
    if form is Form.TYPED:
        namespace = "http://message.persistence.interactive.nat"
        element = etree.Element(f"{{{namespace}}}Request", nsmap={"cs": namespace})
        element.extend(list(business))
    else:
        element = business[0]
    assert canonical(payload.data_of(element, form)) == canonical(expected)


@pytest.mark.parametrize("number", ANSWERS)
def test_a_response_is_read_as_the_contract_has_it(number):
    answer = answer_to(root_of(f"{number}_response"))
    assert (answer.message_id, answer.code) == (ANSWERS[number], "SCSS001")
    assert answer.message == "Message has been processed successfully"
    code = {"1": "GBDFL", "2": "GBDUL", "3": "KGD", "6": "FIRE"}[number]
    assert REGISTERS[code].read(payload.content_of(answer.data)).outcome == "FOUND"


def test_the_fault_of_the_contract_is_read_with_its_cause():
    fault = envelope.fault_of(envelope.body_of(envelope.message_of(example("5_fault"))))
    assert (fault.code, fault.message) == ("TEST-001", "Service is not available")
    assert fault.codes == ("TEST-001", "TEST-002")
    assert fault.causes[0].message == "Connection refused"
    assert fault.occurred_at == datetime.datetime(2025, 11, 5, 10, 18, tzinfo=ALMATY)


def test_a_fault_without_detail_speaks_by_its_string():
    soap = f'<soap:Envelope xmlns:soap="{envelope.SOAP}"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode>'
    soap += "<faultstring>wsse:Security is missing</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    fault = envelope.fault_of(envelope.body_of(envelope.message_of(soap.encode())))
    assert (fault.code, fault.message) == ("soap:Client", "wsse:Security is missing")


def test_endless_causes_of_a_fault_are_cut_off():
    inner = "<errorCode>X</errorCode><errorMessage>m</errorMessage>"
    errors = "<subError>".join([inner] * 50) + "</subError>" * 49
    soap = f'<s:Envelope xmlns:s="{envelope.SOAP}"><s:Body><s:Fault><detail><f>{errors}</f></detail></s:Fault>'
    soap += "</s:Body></s:Envelope>"
    fault = envelope.fault_of(envelope.body_of(envelope.message_of(soap.encode())))
    assert len(fault.codes) == envelope.MAX_FAULT_DEPTH + 1


@pytest.mark.parametrize("written", ["{5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10}", "5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10"])
def test_a_session_id_may_have_braces(written):
    root = root_of("1_response")
    root.find(".//sessionId").text = written
    assert answer_to(root).session_id == "5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10"


@pytest.mark.parametrize(("written", "hour"), [("+05:00", 10), ("+06:00", 9), ("", 10), ("Z", 15)])
def test_a_moment_without_offset_is_almatys(written, hour):
    root = root_of("1_response")
    root.find(".//responseDate").text = f"2025-11-05T10:15:02{written}"
    assert answer_to(root).answered_at == datetime.datetime(2025, 11, 5, hour, 15, 2, tzinfo=ALMATY)


def test_no_value_becomes_markup():
    nasty = "</messageId><x a='1'>&amp;<![CDATA["
    question = Question(nasty, nasty, AT, Sender(nasty, nasty), nasty, (("k&<", nasty),))
    root = etree.fromstring(etree.tostring(envelope.send_message(question, etree.Element("data"))))
    info = root.find("request/requestInfo")
    assert [child.tag for child in info] == [
        "messageId",
        "correlationId",
        "serviceId",
        "messageDate",
        "sender",
        "properties",
    ]
    assert {info.findtext(name) for name in ("messageId", "serviceId", "sender/senderId", "sender/password")} == {
        nasty
    }
    assert info.findtext("properties/value") == nasty


@pytest.mark.parametrize("properties", [(("k" * 31, "v"),), (("k", "v" * 501),)])
def test_a_property_that_the_gateway_does_not_take_is_refused(properties):
    question = Question("m", "s", AT, SENDER, properties=properties)
    with pytest.raises(ValueError, match="too long"):
        envelope.send_message(question, etree.Element("data"))


def test_the_password_is_in_no_representation():
    assert "from-secret-store" not in repr(Question("m", "s", AT, SENDER))


def test_a_moment_needs_its_offset():
    with pytest.raises(ValueError, match="offset"):
        envelope.moment(AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("declared", "content_type", "is_read"),
    [
        ("windows-1251", "text/xml; charset=utf-8", True),
        ("windows-1251", "text/xml;charset='UTF-8'", True),
        ("windows-1251", "text/xml", False),
        ("utf-8", "text/xml; charset=windows-1251", False),
        ("utf-8", "text/xml", True),
        ("utf-16", "text/xml; charset=utf-8", True),
        ("utf-8", "", True),
    ],
)
def test_the_charset_of_http_wins_over_the_declaration(declared, content_type, is_read):
    content = f'<?xml version="1.0" encoding="{declared}"?>\n<a>ӘЛІ</a>'.encode()
    if is_read:
        assert envelope.message_of(content, content_type).text == "ӘЛІ"
    else:
        with pytest.raises(BadMessage):
            envelope.message_of(content, content_type)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<a>",
        "<a>ӘЛІ</a>".encode("cp1251", "replace").replace(b"?", b"\xd8"),
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b"<a>" * 300 + b"</a>" * 300,
        b"<a>" + b"<b/>" * (envelope.MAX_TAGS + 1) + b"</a>",
        b"<a>" + b'<b c="1"/>' * (envelope.MAX_EQUAL_SIGNS + 1) + b"</a>",
        b"<a " + b" ".join(b'b%d="1"' % number for number in range(envelope.MAX_ATTRIBUTES + 1)) + b"/>",
        b"<a>" + b'<b xmlns="u"/>' * (envelope.MAX_NAMESPACES + 1) + b"</a>",
        b"<a>" + b"x" * MAX_BYTES + b"</a>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
    ],
    ids=[
        "empty",
        "text",
        "open",
        "not utf-8",
        "entity",
        "dtd",
        "deep",
        "tags",
        "attributes",
        "attributes of one",
        "namespaces",
        "large",
        "utf-16",
    ],
)
@pytest.mark.parametrize("content_type", ["text/xml; charset=utf-8", "text/xml"])
def test_what_is_no_safe_xml_is_refused(content, content_type):
    with pytest.raises(BadMessage):
        envelope.message_of(content, content_type)


@pytest.mark.parametrize(
    "markup",
    [
        "<a/>",
        '<s:Envelope xmlns:s="{0}"/>',
        '<s:Envelope xmlns:s="{0}"><s:Header/></s:Envelope>',
        '<s:Envelope xmlns:s="{0}"><s:Body/><s:Body/></s:Envelope>',
        '<s:Envelope xmlns:s="{0}"><s:Header/><s:Header/><s:Body/></s:Envelope>',
        '<s:Envelope xmlns:s="{0}"><s:Body/><s:Header/></s:Envelope>',
        '<s:Envelope xmlns:s="{0}"><s:Header/><x><s:Body/></x></s:Envelope>',
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
    ],
)
def test_only_an_envelope_with_one_body_has_a_body(markup):
    with pytest.raises(BadMessage):
        envelope.body_of(envelope.message_of(markup.format(envelope.SOAP).encode()))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: root.find("response").remove(root.find("response/responseInfo")),
        lambda root: root.find("response").append(etree.fromstring("<responseInfo/>")),
        lambda root: setattr(root.find(".//responseDate"), "text", "yesterday"),
        lambda root: root.find(".//messageId").append(etree.Element("x")),
        lambda root: root.find(".//responseData").append(etree.Element("data")),
    ],
)
def test_an_answer_that_leaves_doubt_is_refused(change):
    root = root_of("6_response")
    change(root)
    with pytest.raises(BadMessage):
        answer_to(root)


def test_an_answer_without_data_has_none():
    root = root_of("6_response")
    root.find("response").remove(root.find("response/responseData"))
    assert answer_to(root).data is None


MARKUP = st.text(alphabet="<>/&;\"'=![]-?: abcdeéӘ0\n", max_size=200)


@settings(max_examples=150)
@given(
    content=st.one_of(st.binary(max_size=300), MARKUP.map(str.encode)),
    content_type=st.sampled_from(["", "text/xml; charset=utf-8"]),
)
def test_any_bytes_are_read_or_refused(content, content_type):
    try:
        body = envelope.body_of(envelope.message_of(content, content_type))
        envelope.fault_of(body)
        envelope.read_answer(body)
    except BadMessage:
        return


@settings(max_examples=150)
@given(st.data())
def test_any_mutation_of_an_answer_is_read_or_refused(data):
    original = etree.tostring(
        in_envelope(etree.tostring(root_of(data.draw(st.sampled_from(["1_response", "2_response", "3_response"])))))
    )
    if data.draw(st.booleans()):
        original = example("5_fault")
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 60)))
    middle = data.draw(st.one_of(st.just(original[start:end] * 2), st.binary(max_size=40), MARKUP.map(str.encode)))
    test_any_bytes_are_read_or_refused.hypothesis.inner_test(
        original[:start] + middle + original[end:], "text/xml; charset=utf-8"
    )
