import json
import uuid

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.messages.outcomes import BadMessage, ChannelMisconfigured, State
from integrations.messages.sms import SmsChannel
from integrations.messages.statuses import BadStatus, read_status
from tests.integrations.messages.examples import (
    QUICK,
    TOKEN,
    eventually,
    http_talk,
    message,
    serving,
    to_chat,
    to_mailbox,
    to_phone,
)
from voucher_portal.http import Retries

STATUS = {"state": "accepted", "at": "2025-10-03T12:00:00+05:00", "gateway_id": "g-1"}


def rule(other, do, **more):
    other.control({"rules": [{"do": do} | more]})


def state_of(sms, sent, wanted):
    return eventually(lambda: (found := sms.ask(sent.our_id)).state == wanted and found)


def answered(status, body, our_id=None, headers=""):
    """The receipt for a message when the gateway answers like this."""
    sent = to_phone(our_id=our_id or uuid.uuid4())
    with serving(http_talk(status, body, headers)) as port:
        channel = SmsChannel(f"http://127.0.0.1:{port}", TOKEN, sender="V", timeouts=(1, 1), retries=QUICK)
        try:
            return channel.send(sent), channel.ask(sent.our_id)
        finally:
            channel.close()


def test_a_message_is_accepted_sent_and_delivered(other, sms):
    sent = to_phone(text="Вашему ребёнку предложен ваучер.\nhttps://portal.example/v/1")
    receipt = sms.send(sent)
    assert (receipt.state, receipt.our_id, receipt.reason) == (State.ACCEPTED, sent.our_id, "")
    assert receipt.their_id
    assert receipt.at.tzinfo
    state_of(sms, sent, State.DELIVERED)
    (item,) = other.box.select()
    assert (item.to, item.text, item.sender, item.parts) == ("+77010000001", sent.text, "VOUCHER", 1)
    assert [step.state for step in item.steps] == ["accepted", "sent", "delivered"]


def test_the_same_message_again_is_recognised_by_our_id(other, sms):
    sent = to_phone()
    first, second = sms.send(sent), sms.send(sent)
    assert (first.state, second.state, first.their_id) == (State.ACCEPTED, State.ACCEPTED, second.their_id)
    assert len(other.box.select()) == 1


def test_other_words_under_the_same_id_are_refused(sms):
    sent = to_phone()
    sms.send(sent)
    receipt = sms.send(to_phone(text="Другое", our_id=sent.our_id))
    assert (receipt.state, receipt.reason) == (State.FAILED_FOR_GOOD, "conflict")


@pytest.mark.parametrize(
    ("do", "reason", "state"),
    [
        ("fail_for_good", "absent_subscriber", State.FAILED_FOR_GOOD),
        ("fail_for_now", "switched_off", State.FAILED_FOR_NOW),
        ("expire", "", State.EXPIRED),
    ],
)
def test_what_becomes_of_an_accepted_message_is_asked_by_our_id(other, sms, do, reason, state):
    rule(other, do, reason=reason)
    sent = to_phone()
    assert sms.send(sent).state == State.ACCEPTED
    assert state_of(sms, sent, state).reason == reason


def test_a_message_of_which_nothing_is_heard_stays_accepted(other, sms):
    rule(other, "stay")
    sent = to_phone()
    sms.send(sent)
    assert sms.ask(sent.our_id).state == State.ACCEPTED


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("invalid_number", State.FAILED_FOR_GOOD),
        ("blocked", State.FAILED_FOR_GOOD),
        ("no_funds", State.FAILED_FOR_NOW),
        ("a_code_of_tomorrow", State.FAILED_FOR_GOOD),
    ],
)
def test_a_refusal_is_for_good_unless_waiting_cures_it(other, sms, reason, state):
    rule(other, "refuse", reason=reason)
    sent = to_phone()
    receipt = sms.send(sent)
    assert (receipt.state, receipt.reason) == (state, reason)
    assert (sms.ask(sent.our_id).state, sms.ask(sent.our_id).reason) == (State.FAILED_FOR_NOW, "never_arrived")


def test_too_many_messages_are_to_wait_as_long_as_the_gateway_says(other, sms):
    rule(other, "too_many", after=7)
    receipt = sms.send(to_phone())
    assert (receipt.state, receipt.reason, receipt.retry_after) == (State.FAILED_FOR_NOW, "too_many", 7.0)
    assert other.box.select() == []


def test_a_wait_without_end_is_cut(sms):
    receipt, _ = answered(429, b"", headers="Retry-After: " + "9" * 400 + "\r\n")
    assert receipt.retry_after == 86_400


def test_an_answer_that_was_lost_once_is_asked_for_again_and_the_message_goes_once(other, sms):
    rule(other, "drop_after", times=1)
    sent = to_phone()
    assert sms.send(sent).state == State.ACCEPTED
    assert len(other.box.select()) == 1


def test_an_answer_that_stays_lost_leaves_the_outcome_unknown_until_we_ask(other):
    rule(other, "drop_after")
    sent = to_phone()
    once = SmsChannel(f"{other.url}/sms", TOKEN, sender="VOUCHER", retries=Retries(attempts=1))
    assert once.send(sent).state == State.UNKNOWN
    assert once.ask(sent.our_id).state in (State.ACCEPTED, State.SENT, State.DELIVERED)
    once.close()


def test_a_message_that_never_arrived_may_be_sent_again(other, sms):
    rule(other, "drop_before", times=2)
    sent = to_phone()
    assert sms.send(sent).state == State.UNKNOWN
    never = sms.ask(sent.our_id)
    assert (never.state, never.reason) == (State.FAILED_FOR_NOW, "never_arrived")
    assert sms.send(sent).state == State.ACCEPTED


def test_a_gateway_that_is_down_took_nothing():
    with serving(lambda connection: None) as port:
        pass
    channel = SmsChannel(f"http://127.0.0.1:{port}", TOKEN, sender="V", retries=QUICK)
    receipt = channel.send(to_phone())
    assert (receipt.state, receipt.reason) == (State.FAILED_FOR_NOW, "no_connection")
    assert channel.ask(receipt.our_id).state == State.UNKNOWN
    channel.close()


def test_a_broken_gateway_leaves_the_outcome_unknown(other, sms):
    rule(other, "unavailable")
    assert sms.send(to_phone()).state == State.UNKNOWN


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_gateway_that_does_not_know_us_is_for_a_person_to_mend(status):
    with pytest.raises(ChannelMisconfigured) as caught:
        answered(status, b"")
    assert TOKEN not in str(caught.value)


def test_a_wrong_token_is_for_a_person_to_mend(other):
    channel = SmsChannel(f"{other.url}/sms", "wrong", sender="V", retries=QUICK)
    with pytest.raises(ChannelMisconfigured):
        channel.send(to_phone())
    with pytest.raises(ChannelMisconfigured):
        channel.ask(uuid.uuid4())
    channel.close()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (to_mailbox(), "recipient"),
        (to_chat(), "recipient"),
        (message(to_phone().to, html="<p>"), "text_only"),
        (to_phone(text="я" * 403), "text_too_long"),
        (to_phone(text="a" * 919), "text_too_long"),
    ],
)
def test_what_no_sms_can_carry_is_not_sent(other, sms, wrong, code):
    with pytest.raises(BadMessage) as caught:
        sms.send(wrong)
    assert caught.value.code == code
    assert other.box.select() == []


def test_six_parts_are_sent(sms):
    assert sms.send(to_phone(text="я" * 402)).state == State.ACCEPTED


def test_the_profile_is_kept_to_the_letter():
    seen, sent = [], to_phone(text="Қазақша")
    body = json.dumps(STATUS | {"id": str(sent.our_id)}).encode()
    with serving(http_talk(202, body, seen=seen)) as port:
        url = "https://portal.example/sms/"
        channel = SmsChannel(f"http://127.0.0.1:{port}/v1", TOKEN, sender="VOUCHER", callback_url=url)
        channel.send(sent)
        channel.close()
    head, content = seen[0]
    assert head.startswith(b"POST /v1/messages HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}".encode() in head
    assert json.loads(content) == {
        "id": str(sent.our_id),
        "to": "+77010000001",
        "from": "VOUCHER",
        "text": "Қазақша",
        "callback_url": url,
        "valid_seconds": 3600,
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[" * 50_000,
        b"x" * 100_000,
        b"\xff\xfe",
        json.dumps(STATUS).encode(),
        json.dumps(STATUS | {"id": str(uuid.uuid4())}).encode(),
    ],
)
def test_an_answer_that_is_no_status_of_this_message_leaves_the_outcome_unknown(body):
    sent, asked = answered(202, body)
    assert (sent.state, asked.state) == (State.UNKNOWN, State.UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "read"},
        {"at": "2025-10-03T12:00:00"},
        {"at": "yesterday"},
        {"at": 1764000000},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"id": "1"},
        {"gateway_id": "a\x00b"},
        {"gateway_id": "g\n"},
        {"gateway_id": "x" * 101},
        {"reason": "+7 701 000 00 01"},
        {"permanent": "yes"},
    ],
)
def test_a_status_with_a_value_of_the_wrong_form_is_refused(change):
    good = STATUS | {"id": str(uuid.uuid4())}
    assert read_status(json.dumps(good).encode()).state == State.ACCEPTED
    with pytest.raises(BadStatus) as caught:
        read_status(json.dumps(good | change).encode())
    assert str(next(iter(change.values()))) not in str(caught.value)


@settings(max_examples=200)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*STATUS, "id"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_a_status_or_a_typed_error(body):
    with pytest.raises(BadStatus):
        read_status(body)


def test_the_emulated_gateway_asks_for_its_token(other):
    assert requests.post(f"{other.url}/sms/messages", json={}, timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to": "+79160000000"}, 422),
        ({"to": "87010000000"}, 422),
        ({"text": ""}, 400),
        ({"text": "x" * 2_001}, 400),
        ({"id": "1"}, 400),
        ({"valid_seconds": 0}, 400),
        ({"more": 1}, 400),
        ({"callback_url": "http://example.kz/"}, 422),
        ({"callback_url": "http://127.0.0.1:80@example.kz/"}, 422),
        ({"callback_url": "https://127.0.0.1/"}, 422),
        ({"callback_url": "http://127.0.0.1:99999999/"}, 422),
        ({"callback_url": "file:///etc/passwd"}, 422),
    ],
)
def test_the_emulated_gateway_is_strict(other, change, status):
    good = {"id": str(uuid.uuid4()), "to": "+77010000001", "from": "V", "text": "x", "valid_seconds": 60}
    answer = requests.post(
        f"{other.url}/sms/messages", json=good | change, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5
    )
    assert answer.status_code == status
