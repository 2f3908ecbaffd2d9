"""What the emulated gateway takes and what it refuses: contracts/shep.md §1, §2. Requests are built by hand."""

import re
import uuid
from pathlib import Path

import pytest
from lxml import etree

from integrations.emulators.shep_services import BY_CODE, SERVICES
from tests.integrations.shep.emulator_requests import (
    BIN,
    EXCLUSIVE,
    IIN,
    INCLUSIVE,
    SENDER,
    Client,
    has_good_signature,
    info,
    person,
    query,
    send_message,
)

EXAMPLES = Path(__file__).parent / "examples"
ELIC = "ELIC_LicenseByBin"
ORDER = ["messageId", "correlationId", "serviceId", "messageDate", "routeId", "sender", "properties", "sessionId"]
FULL = {
    "correlationId": "<correlationId>c</correlationId>",
    "routeId": "<routeId>r</routeId>",
    "properties": "<properties><key>CONNECTOR_CLIENT</key><value>true</value></properties>",
    "sessionId": "<sessionId>{5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10}</sessionId>",
}


def elic_message(message_id: str = "", **more: str) -> str:
    message_id = message_id or str(uuid.uuid4())
    return send_message(info(message_id, ELIC, **more), query("ELIC", message_id, f"<v:bin>{BIN}</v:bin>"))


def test_a_question_as_the_contract_writes_it_is_answered_and_the_answer_is_signed(client: Client, pki):
    message_id = str(uuid.uuid4())
    answer = client.elic(message_id=message_id)
    assert (answer.status, answer.text("code"), answer.text("result")) == (200, "SCSS001", "FOUND")
    assert answer.text("messageId") == answer.text("requestId") == message_id
    assert answer.text("number") == "KZ00TEST0001"
    assert has_good_signature(answer.body, pki.certificate("gateway"))


def test_every_optional_element_in_its_place_is_taken(client: Client):
    answer = client.send(elic_message(**FULL))
    assert (answer.status, answer.text("correlationId")) == (200, "c")


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_two_elements_that_changed_places_are_a_fault(client: Client, place: int):
    text = info(str(uuid.uuid4()), ELIC, **FULL)
    parts = [re.search(rf"<{name}>.*</{name}>", text)[0] for name in ORDER]
    parts[place], parts[place + 1] = parts[place + 1], parts[place]
    answer = client.send(send_message("".join(parts), query("ELIC", str(uuid.uuid4()), f"<v:bin>{BIN}</v:bin>")))
    assert (answer.status, answer.fault[0]) == (500, "VAL-XSD")
    assert "not expected" in answer.fault[1]
    assert ORDER[place + 1] in answer.fault[1] or ORDER[place] in answer.fault[1]


BROKEN = {
    "messageId missing": (r"<messageId>.*?</messageId>(?=<serviceId)", "", "VAL-XSD"),
    "messageId not a UUID": (r"<messageId>.*?</messageId>(?=<serviceId)", "<messageId>1</messageId>", "VAL-XSD"),
    "messageDate without offset": (r"10:15:00\+05:00", "10:15:00", "VAL-XSD"),
    "messageDate not a date": (r"2025-11-05T", "2025-13-05T", "VAL-XSD"),
    "serviceId missing": (r"<serviceId>.*?</serviceId>", "", "VAL-XSD"),
    "sender missing": (r"<sender>.*?</sender>", "", "VAL-XSD"),
    "a child in a namespace": (r"<serviceId>", '<serviceId xmlns="urn:x">', "VAL-XSD"),
    "an unknown element": (r"<serviceId>", "<colour>red</colour><serviceId>", "VAL-XSD"),
    "root in no namespace": (r"sc:SendMessage( xmlns:sc=\"[^\"]*\")?", "SendMessage", "VAL-XSD"),
    "root of another version": (r"SyncChannel/v10", "SyncChannel/v11", "VAL-XSD"),
    "default namespace for the children": (r"(</?)sc:SendMessage( xmlns):sc", r"\1SendMessage\2", "VAL-XML"),
    "an unknown service": (ELIC, "NO_SUCH_SERVICE", "SERVICE-UNKNOWN"),
    "the asynchronous service": (ELIC, "NOBD_Enrolment", "SERVICE-CHANNEL"),
    "another password": (SENDER[1], "guess", "SEC-SENDER"),
    "another sender": (SENDER[0], "SOMEBODY", "SEC-SENDER"),
    "data missing": (r"<data>.*</data>", "", "VAL-DATA"),
    "data with text": (r"<data>.*</data>", "<data>text</data>", "VAL-DATA"),
    "another profile": (r'profile="ELIC/1"', 'profile="FIRE/1"', "VAL-PROFILE"),
    "another version of the profile": (r'profile="ELIC/1"', 'profile="ELIC/2"', "VAL-PROFILE"),
    "key of another kind": (r"<v:bin>.*?</v:bin>", f"<v:iin>{IIN}</v:iin>", "VAL-KEY"),
    "key empty": (r"<v:bin>.*?</v:bin>", "", "VAL-XSD"),
    "key too short": (BIN, "12345", "VAL-XSD"),
    "three keys": (r"<v:key>", f"<v:key><v:iin>{IIN}</v:iin><v:iin>{IIN}</v:iin>", "VAL-XSD"),
    "asOf before key": (r"(<v:key>.*</v:key>)(<v:asOf>.*</v:asOf>)", r"\2\1", "VAL-XSD"),
    "requestId missing": (r"<v:requestId>.*</v:requestId>", "", "VAL-XSD"),
}


@pytest.mark.parametrize(("pattern", "replacement", "code"), BROKEN.values(), ids=BROKEN)
def test_a_request_that_the_contract_does_not_allow_is_a_fault(client: Client, pattern, replacement, code):
    changed = re.sub(pattern, replacement, elic_message())
    try:
        content = client.envelope(changed)
    except SyntaxError:  # not well-formed, so it cannot be signed
        content = client.envelope(elic_message()).replace(elic_message()[:20], changed[:20])
    answer = client.post(content)
    assert (answer.status, answer.fault[0]) == (500, code)
    assert answer.text("faultstring") == "SendMessageFault"
    assert "SendMessageFault1_SendMessageFault" in answer.body.decode()


def test_a_default_namespace_that_is_taken_back_on_the_child_is_as_good_as_a_prefix(client: Client):
    message = elic_message().replace("sc:SendMessage", "SendMessage").replace("xmlns:sc", "xmlns")
    assert client.send(message.replace("<request>", '<request xmlns="">')).status == 200
    assert client.send(message).fault[0] == "VAL-XSD"


@pytest.mark.parametrize(("name", "limit"), [("key", 30), ("value", 500)])
def test_a_property_has_its_length(client: Client, name: str, limit: int):
    def properties(length: int) -> str:
        parts = {"key": "k", "value": "v"} | {name: "x" * length}
        return f"<properties><key>{parts['key']}</key><value>{parts['value']}</value></properties>"

    assert client.send(elic_message(properties=properties(limit))).status == 200
    refused = client.send(elic_message(properties=properties(limit + 1)))
    assert (refused.status, refused.fault[0]) == (500, "VAL-XSD")


@pytest.mark.parametrize(
    ("session_id", "status"),
    [
        ("{5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10}", 200),
        ("5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10", 200),
        ("{5c0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a10", 500),
        ("session", 500),
    ],
)
def test_a_session_is_taken_with_braces_and_without(client: Client, session_id: str, status: int):
    assert client.send(elic_message(sessionId=f"<sessionId>{session_id}</sessionId>")).status == status


NOT_SOAP = {
    "nothing": b"",
    "garbage": bytes(range(256)),
    "SOAP 1.2": b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
    "empty body": b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    "a document type": b'<!DOCTYPE x [<!ENTITY e "x">]><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    b"<s:Body/></s:Envelope>",
    "too large": b" " * (5 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("content", NOT_SOAP.values(), ids=NOT_SOAP)
def test_what_is_no_soap_message_is_a_fault(client: Client, content: bytes):
    answer = client.post(content)
    assert answer.status == 500
    assert answer.fault[0].startswith("VAL-")
    assert answer.fault[1]


def test_without_a_signature_the_fault_says_that_security_is_missing(client: Client):
    answer = client.post(re.sub(r"<soap:Header>.*</soap:Header>", "", client.envelope(elic_message())))
    assert answer.status == 500
    assert "wsse:Security is missing" in answer.fault[1]


SPOILT_SIGNATURES = {
    "changed after signing": (BIN, "230540990017", "WSS-DIGEST"),
    "another Id": (r'wsu:Id="id-', 'wsu:Id="id-x', "WSS-REFERENCE"),
    "Reference to nothing": (r'URI="#id-', 'URI="#id-x', "WSS-REFERENCE"),
    "Reference to the whole document": (r'URI="#[^"]*"', 'URI=""', "WSS-REFERENCE"),
    "another digest method": (r"xmlenc#sha256", "xmlenc#sha512", "WSS-METHOD"),
    "another signature method": (r"rsa-sha256", "rsa-sha1", "WSS-METHOD"),
    "another canonical form": (r'CanonicalizationMethod Algorithm="[^"]*"',
                               f'CanonicalizationMethod Algorithm="{INCLUSIVE}"', "WSS-METHOD"),
    "one transform more": (r"(<ds:Transform .*?</ds:Transform>)", r"\1\1", "WSS-METHOD"),
    "wrong value": (r"<ds:SignatureValue>....", "<ds:SignatureValue>AAAA", "WSS-SIGNATURE"),
    "value is no Base64": (r"<ds:SignatureValue>....", "<ds:SignatureValue>!", "WSS-SIGNATURE"),
    "two signatures": (r"(<ds:Signature .*</ds:Signature>)", r"\1\1", "WSS-SIGNATURE"),
    "two references": (r"(<ds:Reference.*</ds:Reference>)", r"\1\1", "WSS-REFERENCE"),
    "not mustUnderstand": (r'soap:mustUnderstand="1"', "", "WSS-HEADER"),
    "another value type": (r"X509v3", "X509PKIPathv1", "WSS-KEY"),
    "no certificate": (r"<wsse:KeyIdentifier.*</wsse:KeyIdentifier>", "", "WSS-KEY"),
    "an element with the Id of the Body": (r"<wsse:Security ", '<wsse:Security Id="{id}" ', "WSS-REFERENCE"),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "replacement", "code"), SPOILT_SIGNATURES.values(), ids=SPOILT_SIGNATURES)
def test_a_transport_signature_that_is_wrong_is_a_fault(client: Client, pattern, replacement, code):
    good = client.envelope(elic_message())
    replacement = replacement.replace("{id}", re.search(r'wsu:Id="([^"]*)"', good)[1])
    answer = client.post(re.sub(pattern, replacement, good, count=1))
    assert (answer.status, answer.fault[0]) == (500, code)


def test_a_good_signature_of_somebody_else_is_a_fault(gateway, pki):
    stranger = Client(pki.credential("school-director-sign"), gateway.port)
    assert stranger.send(elic_message()).fault[0] == "WSS-CERTIFICATE"


def test_a_signature_by_another_key_under_our_certificate_is_a_fault(client: Client, pki):
    content = Client(pki.credential("gateway"), client.port).envelope(elic_message())
    theirs, ours = (Client(pki.credential(slug), 0).certificate for slug in ("gateway", "portal"))
    assert client.post(content.replace(theirs, ours)).fault[0] == "WSS-SIGNATURE"


def legal_entity(client: Client, sign=lambda text: text, form=lambda text: text):
    text = (
        '<u:Request xmlns:u="http://gbdulinfobybin_v2.egp.gbdul.tamur.kz">'
        f"<RequestorBIN>250140990016</RequestorBIN><BIN>{BIN}</BIN></u:Request>"
    )
    content = form(sign(text))
    return client.send(send_message(info(str(uuid.uuid4()), "GbdulInfoByBin_v2"), f"<data>{content}</data>"))


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("method", [EXCLUSIVE, INCLUSIVE])
def test_the_register_of_legal_entities_takes_a_signed_document_as_a_string(client: Client, method: str):
    answer = legal_entity(client, lambda text: client.signed_element(text, method), escaped)
    assert answer.status == 200
    assert "<Code>002</Code>" in answer.text("data")
    assert f"<BIN>{BIN}</BIN>" in answer.text("data")


@pytest.mark.parametrize(
    ("change", "form", "code"),
    [
        (lambda signed: signed, lambda text: text, "VAL-DATA"),
        (lambda signed: signed.replace(BIN, "230540990017"), escaped, "PAYLOAD-DIGEST"),
        (lambda signed: re.sub(r"<ds:Signature .*</ds:Signature>", "", signed), escaped, "PAYLOAD-SIGNATURE"),
        (
            lambda signed: signed.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
            escaped,
            "PAYLOAD-SIGNATURE",
        ),
        (lambda signed: signed.replace('URI=""', 'URI="#x"'), escaped, "PAYLOAD-REFERENCE"),
        (lambda signed: signed.replace("BIN>", "Bin>"), escaped, "VAL-DATA"),
        (lambda signed: "not XML", escaped, "VAL-XML"),
        (lambda signed: "", escaped, "VAL-XML"),
    ],
    ids=["inline", "changed", "unsigned", "wrong value", "another reference", "another element", "no XML", "empty"],
)
def test_the_register_of_legal_entities_refuses_any_other_payload(client: Client, change, form, code):
    answer = legal_entity(client, lambda text: change(client.signed_element(text, EXCLUSIVE)), form)
    assert (answer.status, answer.fault[0]) == (500, code)


def tax(client: Client, method: str = INCLUSIVE, change=lambda text: text):
    message_id = str(uuid.uuid4())
    text = (
        f'<edw:request xmlns:edw="http://xmlns.kztc-cits/sign"><edw:messageId>{message_id}</edw:messageId>'
        "<edw:chainId>c</edw:chainId><edw:sendTime>2025-11-05T10:17:00</edw:sendTime>"
        f"<edw:messageType>request</edw:messageType><edw:iinBin>{BIN}</edw:iinBin></edw:request>"
    )
    content = change(client.signed_element(text, method))
    return client.send(send_message(info(message_id, "CITS_DEBTS"), f"<data>{content}</data>"))


def test_the_tax_authority_takes_signed_elements_in_its_namespace(client: Client):
    answer = tax(client)
    assert (answer.status, answer.text("responseCode"), answer.text("totalArrear")) == (200, "OK", "12500.00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("edw:iinBin", "iinBin"), "VAL-XSD"),
        (lambda text: text.replace(BIN, "230540990017"), "PAYLOAD-DIGEST"),
        (lambda text: re.sub(r"<ds:Signature .*</ds:Signature>", "", text), "PAYLOAD-SIGNATURE"),
        (lambda text: text.replace("type>request<", "type>answer<").replace("Type>request<", "Type>x<"), "VAL-XSD"),
    ],
    ids=["unqualified child", "changed", "unsigned", "another type"],
)
def test_the_tax_authority_refuses_any_other_payload(client: Client, change, code):
    assert tax(client, change=change).fault[0] == code


def test_the_tax_authority_takes_the_inclusive_canonical_form_only(client: Client):
    assert tax(client, EXCLUSIVE).fault[0] == "PAYLOAD-METHOD"


def test_the_register_of_persons_takes_its_type(client: Client):
    message_id = str(uuid.uuid4())
    answer = client.send(send_message(info(message_id, "GBDFLUniversal_token"), person(message_id)))
    assert (answer.status, answer.text("surname"), answer.text("requestId")) == (200, "ТЕСТОВ", message_id)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("xsi:type=\"cs:Request\"", ""), "VAL-DATA"),
        (("cs:Request", "cs:Response"), "VAL-XSD"),
        (("<kdpToken>T</kdpToken>", ""), "VAL-XSD"),
        (("<publicKey>K</publicKey>", ""), "VAL-XSD"),
        (("<senderCode>TEST</senderCode>", ""), "VAL-XSD"),
        ((f"<iin>{IIN}</iin>", ""), "VAL-KEY"),
        (("<kdpToken>T</kdpToken><publicKey>K</publicKey>", "<publicKey>K</publicKey><kdpToken>T</kdpToken>"),
         "VAL-XSD"),
    ],
    ids=["no type", "another type", "no token", "no key", "no sender", "no number", "another order"],
)  # fmt: skip
def test_the_register_of_persons_refuses_any_other_payload(client: Client, change, code):
    message_id = str(uuid.uuid4())
    body = send_message(info(message_id, "GBDFLUniversal_token"), person(message_id).replace(*change))
    assert client.send(body).fault[0] == code


def test_a_person_with_curl_can_post_without_a_signature_when_the_script_allows_it(gateway, client: Client):
    gateway.control({"allow_unsigned": True})
    content = re.sub(r"<soap:Header>.*</soap:Header>", "", client.envelope(elic_message()))
    assert client.post(content).status == 200
    gateway.control({"allow_unsigned": False})
    assert client.post(content).status == 500


SYNCHRONOUS = [service for service in SERVICES if not service.is_asynchronous]
CONTRACT_EXAMPLES = ("gbdfl", "gbdul", "kgd", "elic", "fire")
# Made anew by every answer, or other people's business.
VOLATILE = ("messageId", "messageDate", "sendTime", "actualAt", "sender", "receiver")


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.xml").read_text(encoding="utf-8")


def ask_example(client: Client, code: str, service_id: str):
    data = example(f"{code.lower()}_request")
    found = re.search(r"<v:requestId>(.*?)<|messageId>(.*?)<", data)
    message_id = (found and (found[1] or found[2])) or str(uuid.uuid4())
    body = send_message(info(message_id, service_id), data)
    return client.post(
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )


@pytest.mark.parametrize("service", SYNCHRONOUS, ids=lambda service: service.code)
def test_every_recorded_question_is_valid_and_finds_something(gateway, client: Client, service):
    gateway.control({"allow_unsigned": True})
    answer = ask_example(client, service.code, service.service_id)
    assert (answer.status, answer.text("code")) == (200, "SCSS001")
    assert re.search(r"FOUND|00000|002|OK", answer.text("result") or answer.body.decode())


def canonical(data: etree._Element) -> bytes:
    root = etree.fromstring((data.text or "").strip()) if not len(data) else data
    for element in list(root.iter(etree.Element)):
        element.tail = None
        element.text = element.text if element.text and element.text.strip() else None
        if etree.QName(element).localname in VOLATILE:
            element.getparent().remove(element)
    return etree.tostring(root, method="c14n", exclusive=True)


@pytest.mark.parametrize("code", CONTRACT_EXAMPLES)
def test_the_answers_of_the_contract_are_given_from_the_small_world(gateway, client: Client, code: str):
    gateway.control({"allow_unsigned": True})
    answer = ask_example(client, code, BY_CODE[code.upper()].service_id)
    data = answer.root.xpath("//*[local-name()='responseData']/*")[0]
    assert canonical(data) == canonical(etree.fromstring(example(f"{code}_answer")))
