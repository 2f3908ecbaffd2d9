import datetime
import hashlib
import hmac
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages.callbacks import (
    MAX_CALLBACK_BYTES,
    CallbackNotFresh,
    CallbackNotSigned,
    CallbackRefused,
    CallbackTooLarge,
    CallbackUnreadable,
    read_callback,
)
from integrations.messages.outcomes import Receipt, State
from integrations.messages.sms import SmsChannel
from tests.integrations.messages.examples import CALLBACK_TOKEN, QUICK, TOKEN, eventually, to_phone

NOW = datetime.datetime(2025, 10, 3, 12, tzinfo=datetime.UTC)
OUR_ID = uuid.uuid4()
BODY = json.dumps({"id": str(OUR_ID), "state": "delivered", "at": "2025-10-03T16:59:30+05:00"}).encode()


def signed(body=BODY, *, token=CALLBACK_TOKEN, at=NOW, **changes):
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(token.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Signature-Timestamp": timestamp, "X-Signature": f"v1={digest}"} | changes


def read(headers, body=BODY, token=CALLBACK_TOKEN):
    return read_callback(headers, body, token=token, now=NOW)


@pytest.fixture
def portal():
    """Where callbacks come to: `portal.raw` as they came, `portal.statuses` what to answer, then 204 for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.raw.append((dict(self.headers), body))
            self.send_response(server.statuses.pop(0) if server.statuses else 204)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.raw, server.statuses = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/sms/?x=1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def sent_with_callbacks(other, portal, count, **orders):
    """Send a message under these orders; the states that were posted, in order."""
    other.control(orders)
    channel = SmsChannel(
        f"{other.url}/sms", TOKEN, sender="V", callback_url=portal.url, timeouts=(1, 1), retries=QUICK
    )
    message = to_phone()
    channel.send(message)
    channel.close()
    eventually(lambda: len(portal.raw) >= count, 5)
    receipts = [read_callback(headers, body, token=CALLBACK_TOKEN) for headers, body in portal.raw]
    assert {receipt.our_id for receipt in receipts} == {message.our_id}
    return receipts


def test_a_signed_and_fresh_callback_is_read():
    at = datetime.datetime(2025, 10, 3, 11, 59, 30, tzinfo=datetime.UTC)
    assert read(signed()) == Receipt(OUR_ID, State.DELIVERED, at)


def test_names_of_headers_may_be_written_anyhow():
    assert read({name.upper(): value for name, value in signed().items()}).state == State.DELIVERED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Signature": signed()["X-Signature"]},
        signed(token="another token"),
        signed(**{"X-Signature": "v1=" + "0" * 64}),
        signed(**{"X-Signature": signed()["X-Signature"].upper()}),
        signed(**{"X-Signature": signed()["X-Signature"] + "\n"}),
        signed(**{"X-Signature": "v0" + signed()["X-Signature"][2:]}),
        signed(**{"X-Signature": ""}),
        signed(**{"X-Signature": "v1=" + "é" * 64}),
        signed(**{"X-Signature-Timestamp": str(int(NOW.timestamp()) + 1)}),
        signed(**{"X-Signature-Timestamp": "٣"}),
        signed(**{"X-Signature-Timestamp": "9" * 5_000}),
        signed(**{"X-Signature-Timestamp": "-1"}),
    ],
)
def test_a_callback_without_our_signature_is_refused__callbacks_check_signature(headers):
    with pytest.raises(CallbackNotSigned):
        read(headers)


def test_a_changed_body_is_refused__callbacks_check_signature():
    with pytest.raises(CallbackNotSigned):
        read(signed(), BODY.replace(b"delivered", b"expired"))


def test_without_a_token_of_ours_nothing_is_believed__callbacks_check_signature():
    with pytest.raises(CallbackNotSigned):
        read(signed(token=""), token="")


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_overheard_cannot_be_played_back_later__callbacks_read_callback(minutes):
    with pytest.raises(CallbackNotFresh):
        read(signed(at=NOW + datetime.timedelta(minutes=minutes)))


def test_a_late_report_that_was_posted_just_now_is_read():
    old = BODY.replace(b"2025-10-03", b"2025-09-03")
    assert read(signed(old), old).at.month == 9


def test_a_large_callback_is_refused_before_anything_is_computed__callbacks_read_callback():
    body = b" " * (MAX_CALLBACK_BYTES + 1)
    with pytest.raises(CallbackTooLarge):
        read(signed(body), body)


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 16_000, b'{"id": 1}', b"\xff"])
def test_a_signed_callback_that_is_no_status_is_told_apart(body):
    with pytest.raises(CallbackUnreadable):
        read(signed(body), body)


def test_each_refusal_has_its_status_for_the_answer():
    kinds = [CallbackTooLarge, CallbackNotSigned, CallbackNotFresh, CallbackUnreadable]
    assert [kind.status for kind in kinds] == [413, 401, 401, 422]


@given(
    st.dictionaries(st.sampled_from(["X-Signature", "X-Signature-Timestamp", "x"]), st.text(max_size=80)),
    st.binary(max_size=200),
)
def test_any_callback_of_a_stranger_is_refused(headers, body):
    with pytest.raises(CallbackRefused):
        read(headers, body)


@given(st.binary(max_size=300))
def test_any_signed_bytes_are_a_status_or_a_typed_refusal(body):
    with pytest.raises(CallbackUnreadable):
        read(signed(body), body)


def test_the_gateway_tells_what_becomes_of_a_message(other, portal):
    receipts = sent_with_callbacks(other, portal, 2)
    assert [receipt.state for receipt in receipts] == [State.SENT, State.DELIVERED]
    (item,) = other.box.select()
    assert sum("callback 1: 204" in step.note for step in item.steps) == 2


@pytest.mark.parametrize(
    ("orders", "states"),
    [
        ({"callbacks": "twice"}, [State.SENT, State.SENT, State.DELIVERED, State.DELIVERED]),
        ({"callbacks": "reversed"}, [State.DELIVERED, State.SENT]),
        ({"rules": [{"do": "fail_for_good"}]}, [State.SENT, State.FAILED_FOR_GOOD]),
        ({"rules": [{"do": "fail_for_now"}]}, [State.SENT, State.FAILED_FOR_NOW]),
        ({"rules": [{"do": "expire"}]}, [State.SENT, State.EXPIRED]),
    ],
)
def test_callbacks_come_as_the_script_says_and_end_in_the_last_state(other, portal, orders, states):
    receipts = sent_with_callbacks(other, portal, len(states), **orders)
    assert [receipt.state for receipt in receipts] == states
    known = receipts[0]
    for receipt in receipts[1:]:
        known = receipt if receipt.supersedes(known) else known
    assert known.state not in (State.SENT, State.ACCEPTED)


def test_a_late_callback_keeps_the_time_at_which_it_happened(other, portal):
    started = time.time()
    (first, _second) = sent_with_callbacks(other, portal, 2, callbacks="late", late_seconds=0.6)
    assert time.time() - started >= 0.6
    assert first.at.timestamp() - started < 0.5


def test_a_callback_that_was_not_taken_comes_again(other, portal):
    portal.statuses = [503]
    receipts = sent_with_callbacks(other, portal, 3)
    assert [receipt.state for receipt in receipts].count(State.SENT) == 2


def test_without_an_address_or_by_order_nothing_is_told(other, portal, sms):
    other.control({"callbacks": "none"})
    channel = SmsChannel(f"{other.url}/sms", TOKEN, sender="V", callback_url=portal.url, retries=QUICK)
    for sender in (sms, channel):
        message = to_phone()
        sender.send(message)
        eventually(lambda message=message: sms.ask(message.our_id).state == State.DELIVERED)
    channel.close()
    assert portal.raw == []
