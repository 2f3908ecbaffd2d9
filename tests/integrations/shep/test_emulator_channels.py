"""The asynchronous channel and the consent of the emulated gateway, seen from a raw connection."""

import base64
import json
import time
import uuid

import pytest

from integrations.emulators.shep_consent import FIELDS
from tests.integrations.shep.emulator_requests import (
    BIN,
    IIN,
    SENDER,
    Answer,
    Client,
    has_good_signature,
    info,
    person,
    query,
    send_message,
)

NOBD = "NOBD_Enrolment"
DATE = "2025-11-05T10:20:00+05:00"
SENDER_XML = f"<sender><senderId>{SENDER[0]}</senderId><password>{SENDER[1]}</password></sender>"


def operation(name: str, content: str) -> str:
    return f'<as:{name} xmlns:as="http://bip.bee.kz/AsyncChannel/v10/Types"><request>{content}</request></as:{name}>'


def question(message_id: str, number: str = IIN, kind: str = "iin", message_type: str = "REQUEST") -> str:
    return operation(
        "sendMessage",
        f"<messageInfo><messageId>{message_id}</messageId><correlationId>c-{message_id}</correlationId>"
        f"<serviceId>{NOBD}</serviceId><messageType>{message_type}</messageType><messageDate>{DATE}</messageDate>"
        f"{SENDER_XML}</messageInfo><messageData>"
        f"{query('NOBD', message_id, f'<v:{kind}>{number}</v:{kind}>')}</messageData>",
    )


def send(client: Client, **more) -> str:
    message_id = str(uuid.uuid4())
    answer = client.send(question(message_id, **more), "/async")
    assert (answer.status, answer.text("messageId")) == (200, message_id)
    assert answer.text("correlationId") == f"c-{message_id}"
    return message_id


def fetch(client: Client, amount: int = 100, correlation_id: str = "") -> Answer:
    chain = f"<correlationId>{correlation_id}</correlationId>" if correlation_id else ""
    content = f"{chain}<requestDate>{DATE}</requestDate><serviceId>{NOBD}</serviceId>{SENDER_XML}"
    return client.send(operation("getMessages", f"{content}<amount>{amount}</amount>"), "/async")


def fetched(client: Client, message_id: str) -> list:
    return fetch(client, correlation_id=f"c-{message_id}").root.findall(".//messages")


def acknowledge(client: Client, answer_id: str, status: str = "DELIVERED", resend: str = "false") -> Answer:
    return client.send(
        operation(
            "sendDeliveryNotification",
            f"<notification><messageId>{answer_id}</messageId><serviceId>{NOBD}</serviceId>"
            f"<notificationDate>{DATE}</notificationDate><deliveryStatus><receiveStatus>{status}</receiveStatus>"
            f"<statusDate>{DATE}</statusDate><resendMessage>{resend}</resendMessage></deliveryStatus></notification>"
            f"<requestDate>{DATE}</requestDate>{SENDER_XML}",
        ),
        "/async",
    )


def state(client: Client, message_id: str) -> Answer:
    content = f"<messageId>{message_id}</messageId><requestDate>{DATE}</requestDate>{SENDER_XML}"
    return client.send(operation("getMessageStatus", content), "/async")


def test_an_answer_is_given_again_and_again_until_it_is_acknowledged(gateway, client: Client, pki):
    message_id = send(client)
    first = fetch(client, correlation_id=f"c-{message_id}")
    assert has_good_signature(first.body, pki.certificate("gateway"))
    answer_id = first.root.findtext(".//messages/messageInfo/messageId")
    assert first.root.findtext(".//messages/messageInfo/messageType") == "RESPONSE"
    assert (first.text("requestId"), first.text("result")) == (message_id, "FOUND")
    assert len(first.root.xpath("//*[local-name()='record']")) == 2
    assert fetched(client, message_id)[0].findtext("messageInfo/messageId") == answer_id
    assert acknowledge(client, answer_id).text("notificationId")
    assert fetched(client, message_id) == []
    assert acknowledge(client, answer_id).status == 200


def test_the_same_message_twice_is_one_question(gateway, client: Client):
    message_id = str(uuid.uuid4())
    for _number in range(2):
        assert client.send(question(message_id), "/async").status == 200
    assert len(fetched(client, message_id)) == 1
    assert gateway.calls.count(message_id) == 2


def test_an_answer_comes_when_the_register_is_ready(gateway, client: Client):
    gateway.control({"answer_seconds": 0.3, "deliver_seconds": 0.15})
    message_id = send(client)
    assert state(client, message_id).text("messageState") == "ON_DELIVERY"
    assert fetched(client, message_id) == []
    time.sleep(0.35)
    assert state(client, message_id).text("messageState") == "DELIVERED"
    assert len(fetched(client, message_id)) == 1


def test_a_message_that_could_not_be_read_is_given_again_only_when_it_is_wanted(gateway, client: Client):
    message_id = send(client)
    answer_id = fetched(client, message_id)[0].findtext("messageInfo/messageId")
    acknowledge(client, answer_id, "NOT_DELIVERED", "true")
    assert len(fetched(client, message_id)) == 1
    acknowledge(client, answer_id, "NOT_DELIVERED", "false")
    assert fetched(client, message_id) == []


def test_no_more_messages_than_were_asked_for_come_oldest_first(gateway, client: Client):
    for entry in fetch(client).root.findall(".//messages"):
        acknowledge(client, entry.findtext("messageInfo/messageId"))
    sent = [send(client) for _number in range(3)]
    given = fetch(client, amount=2).root.findall(".//messages")
    assert [entry.findtext("messageInfo/correlationId") for entry in given] == [f"c-{each}" for each in sent[:2]]


def test_a_question_about_an_organisation_finds_its_children(gateway, client: Client):
    message_id = send(client, number=BIN, kind="bin")
    assert fetch(client, correlation_id=f"c-{message_id}").text("schoolBin") == BIN


@pytest.mark.parametrize("delivery", ["NOT_DELIVERED", "DELIVERY_STOPPED", "ON_DELIVERY"])
def test_a_question_that_does_not_arrive_has_its_state_and_no_answer(gateway, client: Client, delivery: str):
    gateway.control({"rules": [{"service": "NOBD", "delivery": delivery}]})
    message_id = send(client)
    assert state(client, message_id).text("messageState") == delivery
    assert fetched(client, message_id) == []


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        ("not_found", "NOT_FOUND"),
        ("no_match", "NOT_FOUND"),
        ("no_data_in_answer", "NO_DATA"),
        ("denied", "DENIED"),
        ("error", "ERROR"),
        ("no_data", None),
        ("data_missing", None),
    ],
)
def test_an_outcome_stands_in_the_later_answer_itself(gateway, client: Client, outcome: str, result: str | None):
    gateway.control({"rules": [{"service": "NOBD", "outcome": outcome}]})
    message_id = send(client)
    assert fetch(client, correlation_id=f"c-{message_id}").text("result") == result


def test_an_unknown_message_has_no_state(gateway, client: Client):
    answer = state(client, str(uuid.uuid4()))
    assert (answer.status, answer.fault[0]) == (500, "MESSAGE_NOT_FOUND")
    assert b"getMessageStatusFault1_getMessageStatusFault" in answer.body


def test_a_later_answer_can_belong_to_another_chain(gateway, client: Client):
    gateway.control({"rules": [{"operation": "getMessages", "wrong": "foreign_correlation"}]})
    message_id = send(client)
    found = fetched(client, message_id)[0].findtext("messageInfo/correlationId")
    assert found != f"c-{message_id}"


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (("<messageType>REQUEST", "<messageType>RESPONSE"), "/async", "VAL-TYPE"),
        (("<messageType>REQUEST", "<messageType>QUESTION"), "/async", "VAL-XSD"),
        (("<messageType>REQUEST</messageType>", ""), "/async", "VAL-XSD"),
        ((NOBD, "ELIC_LicenseByBin"), "/async", "SERVICE-CHANNEL"),
        ((NOBD, "NOTHING"), "/async", "SERVICE-UNKNOWN"),
        ((SENDER[1], "guess"), "/async", "SEC-SENDER"),
        (("", ""), "/sync", "VAL-CHANNEL"),
    ],
)
def test_a_message_that_the_profile_does_not_allow_is_a_fault(gateway, client: Client, change, path, code):
    answer = client.send(question(str(uuid.uuid4())).replace(*change), path)
    assert (answer.status, answer.fault[0]) == (500, code)


def test_a_synchronous_message_does_not_belong_on_the_asynchronous_channel(gateway, client: Client):
    message_id = str(uuid.uuid4())
    content = send_message(info(message_id, "GBDFLUniversal_token"), person(message_id))
    assert client.send(content, "/async").fault[0] == "VAL-CHANNEL"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def web_token(client: Client, message_id: str, **changes) -> str:
    now = int(time.time())
    claims = {"cbin": BIN, "mcheck": message_id, "iat": now, "exp": now + 300} | changes
    head = encoded(json.dumps({"alg": changes.pop("alg", "RS256"), "typ": "JWT"}).encode())
    content = f"{head}.{encoded(json.dumps(claims).encode())}"
    return f"{content}.{encoded(base64.b64decode(client.signature(content.encode())))}"


def ask_consent(client: Client, number: str = IIN, claims: dict | None = None, **changes) -> Answer:
    message_id = str(uuid.uuid4())
    fields = {
        "uin": number, "company": "Портал", "company_bin": BIN, "company_responsible": "Тестов",
        "employee_name": "Тестов", "access_name": "GBDFLUniversal_token", "personal_data_name": "ФИО",
        "expiresIn": "600", "omit-sms": "false", "ovt": web_token(client, message_id, **(claims or {})),
    } | changes  # fmt: skip
    data = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value is not None)
    return client.send(send_message(info(message_id, "KDP_SERVICE"), f"<data>{data}</data>"))


def test_a_person_who_confirms_gives_a_token_that_opens_the_register(gateway, client: Client):
    gateway.control({"check_tokens": True})
    consent = ask_consent(client)
    assert (consent.text("code"), status(consent)) == ("SCSS001", "CONFIRMED")
    parts = f"<kdpToken>{consent.text('token')}</kdpToken><publicKey>{consent.text('publicKey')}</publicKey>"

    def ask(iin: str, given: str) -> str | None:
        message_id = str(uuid.uuid4())
        content = send_message(info(message_id, "GBDFLUniversal_token"), person(message_id, iin, given))
        return client.send(content).text("code")

    assert ask(IIN, parts) == "SCSS001"
    assert ask("200229699015", parts) == "SBF-AD-1"
    assert ask(IIN, "<kdpToken>made up</kdpToken><publicKey>K</publicKey>") == "SBF-AD-1"
    gateway.control({"check_tokens": False})
    assert ask(IIN, "<kdpToken>made up</kdpToken><publicKey>K</publicKey>") == "SCSS001"


def status(answer: Answer) -> str | None:
    return answer.root.findtext(".//data/status")


def test_a_person_confirms_later(gateway, client: Client):
    gateway.control({"consent": "later", "consent_seconds": 0.3})
    number = "721231499014"
    assert status(ask_consent(client, number)) == "PENDING"
    assert gateway.desk.consent.pending() == [number]
    page = client.get("/").decode()
    assert "7212******14" in page
    assert number not in page
    time.sleep(0.3)
    assert status(ask_consent(client, number)) == "CONFIRMED"
    assert gateway.desk.consent.pending() == []


def test_a_person_waits_until_the_script_changes_and_another_refuses(gateway, client: Client):
    gateway.control({"consents": {IIN: "wait", "200229699015": "refuse"}})
    assert status(ask_consent(client)) == "PENDING"
    assert status(ask_consent(client, "200229699015")) == "REFUSED"
    gateway.control({"consents": {}})
    assert status(ask_consent(client)) == "CONFIRMED"


@pytest.mark.parametrize("name", FIELDS)
def test_a_question_for_consent_needs_every_field(gateway, client: Client, name: str):
    assert ask_consent(client, **{name: None}).fault[0] == "VAL-DATA"
    assert ask_consent(client, **{name: ""}).fault[0] == "VAL-DATA"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"uin": "1901"}, "VAL-DATA"),
        ({"access_name": "NOTHING"}, "VAL-DATA"),
        ({"expiresIn": "soon"}, "VAL-DATA"),
        ({"expiresIn": "0"}, "VAL-DATA"),
        ({"omit-sms": "yes"}, "VAL-DATA"),
        ({"ovt": "a.b"}, "KDP-OVT"),
        ({"ovt": "a.b.c"}, "KDP-OVT"),
        ({"ovt": "ä.b.c"}, "KDP-OVT"),
        ({"claims": {"cbin": "230540990017"}}, "KDP-OVT"),
        ({"claims": {"mcheck": "x"}}, "KDP-OVT"),
        ({"claims": {"exp": 1}}, "KDP-OVT"),
        ({"claims": {"exp": "soon"}}, "KDP-OVT"),
        ({"claims": {"iat": 9_999_999_999}}, "KDP-OVT"),
        ({"claims": {"alg": "none"}}, "KDP-OVT"),
    ],
)
def test_a_question_for_consent_that_is_wrong_is_a_fault(gateway, client: Client, changes: dict, code: str):
    assert ask_consent(client, **changes).fault[0] == code
