"""What every emulator is built on holds against any client: it answers, and no client holds it up."""

import contextlib
import http.client
import json
import socket
import time

import pytest

from integrations.emulators.lms import LmsEmulator, LmsFaults
from integrations.emulators.server import Emulator, Faults, Reply
from integrations.emulators.shep_http import Lines, Sending, handler_for

TOKEN = "secret"
AUTHORIZATION = f"Authorization: Bearer {TOKEN}"


class Echo(Emulator):
    """Answers with the body."""

    patience = 0.5

    def handle(self, request):
        return Reply(request.body, content_type="text/plain")


class LeanEcho(Echo):
    """The same on the gateway's own handler."""

    base_path = ""

    def __init__(self):
        super().__init__()
        self._server.RequestHandlerClass = handler_for(lambda request: Sending.whole(request.body), Lines())


@pytest.fixture
def echo():
    with Echo(token=TOKEN) as emulator:
        yield emulator


@pytest.fixture
def lean():
    with LeanEcho() as emulator:
        yield emulator


def exchange(emulator, *lines: str, body: bytes = b"", seconds: float = 5.0) -> bytes:
    """Everything that the other side says until it closes, or TimeoutError."""
    head = "\r\n".join(("POST /v1/x HTTP/1.1", "Host: x", *lines)).encode("latin-1") + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=seconds) as connection:
        connection.sendall(head + body)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                answer += part
        return answer


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def control(emulator, content: str) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", "/control", content.encode(), {"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.mark.parametrize(
    "length", ["-1", "abc", "\xb2", "+1", "1_0", "1.0", "0x1", "9" * 5_000, "1\r\nContent-Length: 2", ""]
)
def test_a_length_that_is_none_is_refused_and_the_connection_closed__server_length(echo, capfd, length):
    answer = exchange(echo, AUTHORIZATION, f"Content-Length: {length}", body=b"xy")
    assert status(answer) == 400
    assert b"Connection: close" in answer
    assert capfd.readouterr().err == ""


def test_the_same_length_twice_is_that_length(echo):
    answer = exchange(echo, AUTHORIZATION, "Content-Length: 2", "Content-Length: 2", "Connection: close", body=b"xy")
    assert answer.endswith(b"\r\n\r\nxy")


def test_a_body_in_chunks_is_refused_and_not_taken_for_a_request__server_request(echo):
    hidden = b"GET /v1/hidden HTTP/1.1\r\nHost: x\r\n" + AUTHORIZATION.encode() + b"\r\n\r\n"
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    answer = exchange(echo, AUTHORIZATION, "Transfer-Encoding: chunked", body=chunk)
    assert (status(answer), answer.count(b"HTTP/1.1")) == (411, 1)
    assert echo.requests == 0


def test_too_much_is_refused_before_it_comes(echo):
    assert status(exchange(echo, AUTHORIZATION, f"Content-Length: {10**9}")) == 413


def test_a_stranger_is_refused_before_his_body_comes__server_admits(echo):
    echo.patience = 60
    started = time.monotonic()
    assert status(exchange(echo, "Content-Length: 60000000", body=b"x" * 100_000)) == 401
    assert time.monotonic() - started < 3


def test_a_stranger_with_a_whole_body_sees_the_answer(echo):
    connection = http.client.HTTPConnection("127.0.0.1", echo.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("POST", "/v1/x", b"x" * 1_000_000)
        assert connection.getresponse().status == 401


def test_a_client_that_sends_nothing_is_not_waited_for__server_patience(echo):
    assert exchange(echo, AUTHORIZATION, "Content-Length: 5", body=b"x") == b""


def test_a_client_that_drips_is_not_waited_for__server_body(echo):
    head = f"POST /v1/x HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\nContent-Length: 1000\r\n\r\n"
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", echo.port), timeout=5) as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(ConnectionError):
            for _number in range(100):
                connection.sendall(b"x")
                time.sleep(0.1)
    assert time.monotonic() - started < 5


def test_a_body_that_ends_too_early_is_refused__server_body(echo):
    head = f"POST /v1/x HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\nContent-Length: 5\r\n\r\nxy"
    with socket.create_connection(("127.0.0.1", echo.port), timeout=5) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        assert status(connection.recv(65_536)) == 400


def test_an_address_that_is_none_is_refused(echo, capfd):
    with socket.create_connection(("127.0.0.1", echo.port), timeout=5) as connection:
        connection.sendall(f"GET http://[ HTTP/1.1\r\nHost: x\r\n{AUTHORIZATION}\r\n\r\n".encode())
        assert status(connection.recv(65_536)) == 400
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("header", ["Content-Length: -1", "Content-Length: abc", "Content-Length: \xb2",
                                    "Content-Length: 1_0", "Content-Length: +1", "Transfer-Encoding: chunked",
                                    "Content-Length: 1\r\nContent-Length: 2"])  # fmt: skip
def test_the_gateways_handler_refuses_the_same__shep_http_read(lean, capfd, header):
    answer = exchange(lean, header, body=b"x" * 10)
    assert (status(answer), answer.count(b"HTTP/1.1")) == (400, 1)
    assert capfd.readouterr().err == ""


def test_the_gateways_handler_takes_no_half_of_a_body__shep_http_read(lean):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nxy"
    with socket.create_connection(("127.0.0.1", lean.port), timeout=5) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        assert status(connection.recv(65_536)) == 400


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"faults":' * 50_000, "{", "[]", "7", '{"faults": 7}', '{"faults": []}', '{"faults": [["a", 1]]}',
     '{"faults": {"slow_seconds": NaN}}', '{"other": 1}'],
)  # fmt: skip
def test_an_order_that_is_none_is_refused__server_json(echo, capfd, content):
    code, answer = control(echo, content)
    assert (code, answer["error"]["code"]) == (400, "bad_order")
    assert echo.faults == Faults()
    assert capfd.readouterr().err == ""


WRONG = [
    {"slow_seconds": "x"}, {"slow_seconds": -1}, {"slow_seconds": 1e9}, {"slow_seconds": None},
    {"fail_one_in": "2"}, {"fail_one_in": -1}, {"fail_one_in": 1.5}, {"fail_one_in": True},
    {"fail_one_in": 1, "fail_statuses": []}, {"fail_statuses": [42]}, {"fail_statuses": ["503"]},
    {"fail_statuses": 503}, {"retry_after": "soon"}, {"drop_one_in": []}, {"unknown": 1},
]  # fmt: skip
WRONG_LMS = [
    {"page_limit": 0}, {"page_limit": "all"}, {"empty_one_in": None}, {"is_stuck": 1}, {"is_repeating": "yes"},
    {"forget_before": -1},
]  # fmt: skip


@pytest.mark.parametrize("faults", WRONG, ids=str)
def test_a_fault_of_the_wrong_form_is_refused_and_nothing_changes__server_changed(echo, faults):
    assert control(echo, json.dumps({"faults": faults}))[0] == 400
    assert echo.faults == Faults()
    answer = exchange(echo, AUTHORIZATION, "Content-Length: 2", "Connection: close", body=b"xy")
    assert answer.endswith(b"\r\n\r\nxy")


@pytest.mark.parametrize("faults", WRONG + WRONG_LMS, ids=str)
def test_the_faults_of_a_feed_are_looked_at_too__server_changed(faults):
    with LmsEmulator(token=TOKEN) as lms:
        assert control(lms, json.dumps({"faults": faults}))[0] == 400
        assert lms.faults == LmsFaults()


def test_faults_of_the_right_form_are_taken(echo):
    faults = {"fail_one_in": 2, "fail_statuses": [500], "retry_after": None, "slow_seconds": 0}
    assert control(echo, json.dumps({"faults": faults}))[0] == 200
    assert echo.faults == Faults(fail_one_in=2, fail_statuses=(500,))
