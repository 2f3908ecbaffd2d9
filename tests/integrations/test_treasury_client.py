import contextlib
import json
import socket
import threading

import pytest

from integrations.emulators.treasury import TreasuryEmulator
from integrations.treasury import camt054, pain001, pain002
from integrations.treasury.client import (
    BadGatewayAnswer,
    BrokenReport,
    CursorTooOld,
    MessageConflict,
    MessageRefused,
    OutcomeUnknown,
    Report,
    Submitted,
    TreasuryClient,
    TreasuryMisconfigured,
    TreasuryUnavailable,
)
from tests.integrations.treasury_examples import MSG_ID, large_file, payment_file
from voucher_portal.http import Retries

TOKEN = "test-token"
QUICK = Retries(attempts=3, total_seconds=5, first_pause=0.01, longest_pause=0.02)


@pytest.fixture
def treasury(tmp_path):
    with TreasuryEmulator(tmp_path / "book.sqlite3", TOKEN) as emulator:
        yield emulator


@pytest.fixture
def client(treasury):
    with TreasuryClient(treasury.url, TOKEN, timeouts=(1, 1), retries=QUICK) as connected:
        yield connected


@pytest.fixture
def content():
    return pain001.write(payment_file())


@contextlib.contextmanager
def gateway(answer: bytes):
    """A gateway that gives this raw answer to every request, then closes; counts the requests."""
    seen = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65_536)
                head, _, body = request.partition(b"\r\n\r\n")
                length = next((int(one[15:]) for one in head.split(b"\r\n") if one.startswith(b"Content-Length:")), 0)
                while len(body) < length:
                    body += connection.recv(65_536)
                seen.append(head)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def raw(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def page(items, next_cursor="1", has_more=False) -> bytes:
    return raw("200 OK", json.dumps({"items": items, "next_cursor": next_cursor, "has_more": has_more}))


def order(treasury, **script):
    treasury.control(script)


def connected(url):
    return TreasuryClient(url, TOKEN, timeouts=(1, 1), retries=QUICK)


def test_a_file_is_taken_once_and_recognised_when_it_comes_again(client, content):
    assert client.submit(MSG_ID, content) == Submitted(duplicate=False)
    assert client.submit(MSG_ID, content) == Submitted(duplicate=True)


def test_other_bytes_under_the_same_name_are_a_conflict(client, content):
    client.submit(MSG_ID, content)
    with pytest.raises(MessageConflict):
        client.submit(MSG_ID, content + b"\n")


def test_a_wrong_file_is_refused_with_the_gateway_s_own_words(client, content):
    with pytest.raises(MessageRefused) as refused:
        client.submit(MSG_ID, content.replace(b"<CtrlSum>50668.00", b"<CtrlSum>50668.01"))
    assert refused.value.code == "control_sum"
    assert "5066801" in refused.value.message


def test_a_message_is_known_only_when_it_was_taken(client, content):
    assert client.ask(MSG_ID) is None
    client.submit(MSG_ID, content)
    assert client.ask(MSG_ID) == "received"


def test_a_msg_id_with_signs_of_an_address_is_asked_for_as_it_stands(client):
    name = "EVP-1?2+3,(4).5"
    client.submit(name, pain001.write(payment_file(msg_id=name)))
    assert client.ask(name) == "received"


def test_nothing_was_taken_where_nobody_listens(content):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(f"http://127.0.0.1:{port}") as client, pytest.raises(TreasuryUnavailable):
        client.submit(MSG_ID, content)


def test_too_many_requests_took_nothing_and_say_when_to_come_again(treasury, client, content):
    order(treasury, submit_faults=["429"])
    with pytest.raises(TreasuryUnavailable) as unavailable:
        client.submit(MSG_ID, content)
    assert unavailable.value.retry_after == 1
    assert client.ask(MSG_ID) is None


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("drop_before", None),
        ("drop_after", "received"),
        ("503_before", None),
        ("503_after", "received"),
        ("500", None),
        ("hang_after", "received"),
    ],
)
def test_an_unknown_outcome_is_never_sent_again_but_asked_about(treasury, client, content, fault, state):
    order(treasury, submit_faults=[fault, "drop_before"], hang_seconds=1.5)
    with pytest.raises(OutcomeUnknown):
        client.submit(MSG_ID, content)
    assert treasury.book.script.submit_faults == ("drop_before",)  # there was no second request
    order(treasury, submit_faults=[])
    assert client.ask(MSG_ID) == state
    assert client.submit(MSG_ID, content) == Submitted(duplicate=state is not None)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{}",
        b"nonsense\r\n\r\n",
        raw("202 Accepted", "not json"),
        raw("202 Accepted", "[]"),
        raw("202 Accepted", '{"msg_id": "OTHER", "duplicate": false}'),
        raw("202 Accepted", f'{{"msg_id": "{MSG_ID}", "duplicate": "no"}}'),
        raw("302 Found", "", "Location: http://127.0.0.1:9/"),
        raw("502 Bad Gateway", "<html>"),
        raw("408 Request Timeout", ""),
    ],
)
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(answer, content):
    with gateway(answer) as (url, seen), connected(url) as client:
        with pytest.raises(OutcomeUnknown):
            client.submit(MSG_ID, content)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("400 Bad Request", MessageRefused),
        ("413 Too Large", MessageRefused),
        ("422 Unprocessable", MessageRefused),
        ("401 Unauthorized", TreasuryMisconfigured),
        ("403 Forbidden", TreasuryMisconfigured),
        ("404 Not Found", TreasuryMisconfigured),
        ("409 Conflict", MessageConflict),
    ],
)
def test_a_refusal_took_nothing(status, error, content):
    with gateway(raw(status, "")) as (url, seen), connected(url) as client, pytest.raises(error):
        client.submit(MSG_ID, content)
    assert len(seen) == 1


def test_the_key_of_the_request_is_the_name_of_the_message(content):
    with gateway(raw("202 Accepted", f'{{"msg_id": "{MSG_ID}", "duplicate": false}}')) as (url, seen):
        with connected(url) as client:
            client.submit(MSG_ID, content)
    assert f"Idempotency-Key: {MSG_ID}".encode() in seen[0]
    assert b"Content-Type: application/xml" in seen[0]


def test_a_wrong_token_is_a_matter_of_configuration(treasury, content):
    with TreasuryClient(treasury.url, "other", retries=QUICK) as client:
        for call in (lambda: client.submit(MSG_ID, content), lambda: client.ask(MSG_ID), client.reports):
            with pytest.raises(TreasuryMisconfigured):
                call()


def test_no_error_tells_the_token(treasury, content):
    with TreasuryClient(treasury.url, "very-secret", retries=QUICK) as client:
        with pytest.raises(TreasuryMisconfigured) as refused:
            client.submit(MSG_ID, content)
    assert "very-secret" not in str(refused.value)


def test_questions_are_asked_again(treasury, client, content):
    client.submit(MSG_ID, content)
    order(treasury, ask_faults=["503", "drop"], poll_faults=["429", "drop_after"])
    assert client.ask(MSG_ID) == "received"
    assert client.reports().items


def test_a_question_without_answer_is_not_an_answer(treasury, client):
    order(treasury, ask_faults=["503"] * 3, poll_faults=["503"] * 3)
    with pytest.raises(TreasuryUnavailable):
        client.ask(MSG_ID)
    with pytest.raises(TreasuryUnavailable):
        client.reports()


def test_an_answer_about_another_message_is_not_an_answer():
    with gateway(raw("200 OK", '{"msg_id": "OTHER", "state": "received"}')) as (url, _), connected(url) as client:
        with pytest.raises(BadGatewayAnswer):
            client.ask(MSG_ID)


def test_reports_come_page_by_page_and_are_readable(client):
    client.submit(MSG_ID, pain001.write(large_file(20)))
    cursor, kinds = None, []
    while True:
        found = client.reports(cursor, limit=1)
        assert found.broken == ()
        for report in found.items:
            kinds.append(report.kind)
            (pain002 if report.kind == "pain.002" else camt054).parse(report.xml)
        cursor = found.next_cursor
        if not found.has_more:
            break
    assert kinds == ["pain.002", "pain.002", "camt.054"]
    assert client.reports(cursor).items == ()


def test_a_broken_item_is_put_aside_and_blocks_no_other():
    good = {"report_id": "R-1", "kind": "pain.002", "xml": "<a/>", "more": 1}
    broken = [
        None,
        [],
        {},
        good | {"xml": None},
        good | {"report_id": ""},
        good | {"report_id": "\x00"},
        good | {"kind": 7},
        good | {"kind": "camt.052"},
        good | {"kind": []},
        good | {"report_id": "R" * 101},
        good | {"xml": "<a>\ud800</a>"},
        good | {"xml": "<a>\x00</a>"},
    ]
    with gateway(page([*broken, good, good | {"kind": "camt.054"}])) as (url, _), connected(url) as client:
        found = client.reports()
    assert found.items == (Report("R-1", "pain.002", b"<a/>"), Report("R-1", "camt.054", b"<a/>"))
    assert len(found.broken) == len(broken)
    assert all(isinstance(one, BrokenReport) and one.reason and "\x00" not in one.raw for one in found.broken)


@pytest.mark.parametrize(
    "answer",
    [
        raw("200 OK", "[]"),
        raw("200 OK", "{}"),
        raw("200 OK", "oops"),
        page({}),
        page([], next_cursor=5),
        page([], next_cursor="c" * 501),
        page([], next_cursor="a\x00"),
        page([], has_more="yes"),
        page([], next_cursor="here", has_more=True),
        raw("302 Found", "", "Location: http://127.0.0.1:9/"),
    ],
)
def test_a_page_that_cannot_be_followed_is_a_bad_answer(answer):
    with gateway(answer) as (url, _), connected(url) as client, pytest.raises(BadGatewayAnswer):
        client.reports("here")


def test_a_cursor_that_is_too_old_is_told_apart():
    with gateway(raw("410 Gone", "")) as (url, _), connected(url) as client, pytest.raises(CursorTooOld):
        client.reports("1")
