"""The asynchronous channel's messages, by the examples of our profile (docs/integrations.md)."""

import copy
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import asynchronous, payload
from integrations.shep.asynchronous import Message, MessageState
from integrations.shep.envelope import Question, Sender, body_of, message_of
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.gateway_messages import FOLDER, canonical, in_envelope, without_indents
from voucher_portal.dates import ALMATY

SENDER = Sender("TEST_SENDER", "from-secret-store")
ASKED = "7c1f0a52-6a1f-4a34-9a43-2b64c2b0a108"
ANSWER = "e0a1f3c4-0b52-4f0d-9d58-7f9b1f9d3308"
READERS = {
    "send_message_response": asynchronous.read_receipt,
    "get_messages_response": asynchronous.read_messages,
    "get_message_status_response": asynchronous.read_state,
    "send_delivery_notification_response": asynchronous.read_acknowledgement,
}


def at(minute: int, second: int = 0) -> datetime.datetime:
    return datetime.datetime(2025, 11, 5, 10, minute, second, tzinfo=ALMATY)


def example(name: str) -> bytes:
    return (FOLDER / f"async_{name}.xml").read_bytes()


def body(content: bytes) -> etree._Element:
    return body_of(message_of(etree.tostring(in_envelope(content))))


def changed(name: str, old: bytes, new: bytes) -> etree._Element:
    content = example(name)
    assert old in content
    return body(content.replace(old, new))


def test_a_question_is_handed_over_as_in_the_example():
    expected = without_indents(example("send_message"))
    question = Question(ASKED, "NOBD_Enrolment", at(20), SENDER, correlation_id=ASKED)
    data = copy.deepcopy(expected.find("request/messageData/data"))
    assert canonical(asynchronous.send_message(question, data)) == canonical(expected)


def test_answers_are_fetched_as_in_the_example():
    written = asynchronous.get_messages("NOBD_Enrolment", SENDER, at(21), 50)
    assert canonical(written) == canonical(without_indents(example("get_messages")))


def test_an_answer_is_acknowledged_as_in_the_example():
    message = Message(ANSWER, ASKED, "NOBD_Enrolment", "RESPONSE", None)
    written = asynchronous.send_delivery_notification(message, SENDER, at(21, 1))
    assert canonical(written) == canonical(without_indents(example("send_delivery_notification")))


def test_a_message_that_we_cannot_use_is_refused_with_its_reason():
    message = Message(ANSWER, ASKED, "NOBD_Enrolment", "RESPONSE", None)
    written = asynchronous.send_delivery_notification(message, SENDER, at(21), ("UNREADABLE", "No"))
    status = written.find("request/notification/deliveryStatus")
    assert [child.tag for child in status] == ["receiveStatus", "statusDate", "resendMessage", "error"]
    assert (status.findtext("receiveStatus"), status.findtext("error/errorCode")) == ("NOT_DELIVERED", "UNREADABLE")


def test_a_state_is_asked_for_as_in_the_example():
    written = asynchronous.get_message_status(ASKED, SENDER, at(22))
    assert canonical(written) == canonical(without_indents(example("get_message_status")))


def test_a_receipt_is_read():
    receipt = asynchronous.read_receipt(body(example("send_message_response")))
    assert (receipt.message_id, receipt.correlation_id) == (ASKED, ASKED)


def test_messages_are_read():
    (message,) = asynchronous.read_messages(body(example("get_messages_response")))
    assert (message.message_id, message.correlation_id) == (ANSWER, ASKED)
    assert (message.service_id, message.message_type) == ("NOBD_Enrolment", "RESPONSE")
    assert REGISTERS["NOBD"].read(payload.content_of(message.data)).outcome == "FOUND"


def test_no_messages_are_none():
    root = without_indents(example("get_messages_response"))
    response = root.find("response")
    response.remove(response.find("messages"))
    assert asynchronous.read_messages(body(etree.tostring(root))) == ()
    etree.SubElement(response, "messages").set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
    assert asynchronous.read_messages(body(etree.tostring(root))) == ()


@pytest.mark.parametrize("state", MessageState)
def test_every_state_is_read(state):
    found = changed("get_message_status_response", b"<messageState>DELIVERED", b"<messageState>%b" % state.encode())
    assert asynchronous.read_state(found) is state


def test_an_unknown_state_is_refused():
    with pytest.raises(BadMessage):
        asynchronous.read_state(
            changed("get_message_status_response", b"<messageState>DELIVERED", b"<messageState>LOST")
        )


def test_an_acknowledgement_is_read():
    found = asynchronous.read_acknowledgement(body(example("send_delivery_notification_response")))
    assert found == "3f0a4d0e-3b1f-4c77-8f0e-0d8e5a4b9a12"


def test_more_messages_than_anybody_asked_for_are_refused():
    root = without_indents(example("get_messages_response"))
    message = root.find("response/messages")
    for _ in range(asynchronous.MAX_MESSAGES):
        root.find("response").append(copy.deepcopy(message))
    with pytest.raises(BadMessage):
        asynchronous.read_messages(body(etree.tostring(root)))


@pytest.mark.parametrize("name", READERS)
def test_an_answer_to_another_operation_is_refused(name):
    other = next(each for each in READERS if each != name)
    with pytest.raises(BadMessage):
        READERS[name](body(example(other)))


@settings(max_examples=150)
@given(st.data())
def test_any_mutation_of_an_answer_is_read_or_refused(data):
    name = data.draw(st.sampled_from(sorted(READERS)))
    original = etree.tostring(in_envelope(example(name)))
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 60)))
    middle = data.draw(
        st.one_of(st.binary(max_size=20), st.text(alphabet="<>/&; ='abc0", max_size=40).map(str.encode))
    )
    try:
        READERS[name](body_of(message_of(original[:start] + middle + original[end:])))
    except BadMessage:
        return
