"""The outgoing HTTP client against a real server on loopback."""

import contextlib
import gzip
import json
import logging
import socket
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from voucher_portal.http import BadAnswer, HttpClient, Refused, Retries, Unavailable

TOKEN = "secret-token-4711"
OK = (200, {}, b'{"ok": true}')


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The client hangs up on purpose; nothing else goes wrong here."""
        assert isinstance(sys.exception(), ConnectionError)


class ScriptedServer:
    """Gives the scripted answers in order, the last one for ever; an answer may be a function of the handler."""

    def __init__(self):
        self.script, self.requests = [OK], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                answer = outer.script[min(len(outer.requests), len(outer.script)) - 1]
                if callable(answer):
                    answer(self)
                else:
                    outer.send(self, *answer)

            do_GET = do_POST = handle_any

            def log_message(self, *_arguments):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    @staticmethod
    def send(handler, status, headers, body):
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


def drop(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def truncate(handler):
    ScriptedServer.send(handler, 200, {"Content-Length": "1000"}, b'{"ok":')
    drop(handler)


def send_in_chunks(handler):
    ScriptedServer.send(handler, 200, {"Transfer-Encoding": "chunked", "Content-Length": ""}, b"")
    for chunk in (b'{"ok"', b": true}", b""):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def sleep_a_second(handler):
    time.sleep(1)
    with contextlib.suppress(OSError):
        ScriptedServer.send(handler, *OK)


def drip(handler):
    with contextlib.suppress(OSError):
        ScriptedServer.send(handler, 200, {"Content-Length": "1000"}, b"")
        for _ in range(20):
            handler.wfile.write(b" ")
            time.sleep(0.1)


@pytest.fixture
def server():
    scripted = ScriptedServer()
    thread = threading.Thread(target=scripted.server.serve_forever, args=(0.01,))
    thread.start()
    yield scripted
    scripted.server.shutdown()
    thread.join()
    scripted.server.server_close()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def client(server, pauses):
    with HttpClient(server.url, token=TOKEN, sleep=pauses.append, jitter=lambda: 0.0) as opened:
        yield opened


def test_a_good_answer_is_read_whole(server, client):
    answer = client.get("/things", {"month": "2025-10"})
    assert (answer.status, answer.json()) == (200, {"ok": True})
    method, path, headers, _body = server.requests[0]
    assert (method, path, headers["Authorization"]) == ("GET", "/v1/things?month=2025-10", f"Bearer {TOKEN}")


def test_an_answer_in_chunks_is_read_whole(server, client):
    server.script = [send_in_chunks]
    assert client.get("/things").json() == {"ok": True}


def test_gzip_is_asked_for_and_opened(server, client):
    server.script = [(200, {"Content-Encoding": "gzip"}, gzip.compress(OK[2]))]
    assert client.get("/things").json() == {"ok": True}
    assert server.requests[0][2]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("fault", [(503, {}, b""), (500, {}, b"<html>"), (429, {}, b""), drop, truncate])
def test_a_passing_fault_is_waited_out_with_doubling_pauses(server, client, pauses, fault):
    server.script = [fault, fault, fault, OK]
    assert client.get("/things").json() == {"ok": True}
    assert pauses == [0.5, 1.0, 2.0]


def test_jitter_takes_away_up_to_a_half():
    retries = Retries(first_pause=2.0, longest_pause=8.0)
    assert [retries.pause(3, None, jitter) for jitter in (0.0, 0.5, 1.0)] == [8.0, 6.0, 4.0]
    assert retries.pause(9, None, 0.0) == 8.0


def test_retry_after_is_honoured_up_to_the_longest_pause(server, client, pauses):
    server.script = [(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "86400"}, b""), OK]
    client.get("/things")
    assert pauses == [7.0, 30.0]


def test_retry_after_may_be_a_date_or_nonsense(server, client, pauses):
    soon = formatdate(time.time() + 20, usegmt=True)
    server.script = [(503, {"Retry-After": soon}, b""), (503, {"Retry-After": "soon"}, b""), OK]
    client.get("/things")
    assert 15 < pauses[0] <= 20
    assert pauses[1] == 1.0


def test_a_server_that_stays_down_is_unavailable(server, client, pauses):
    server.script = [(503, {"Retry-After": "3"}, b"")]
    with pytest.raises(Unavailable) as failed:
        client.get("/things")
    assert (failed.value.status, failed.value.retry_after) == (503, 3.0)
    assert (len(server.requests), len(pauses)) == (6, 5)


def test_total_time_is_bounded(server, pauses):
    server.script = [(503, {}, b"")]
    ticks = iter(range(0, 1000, 7))
    retries = Retries(attempts=1000, total_seconds=50)
    with HttpClient(server.url, retries=retries, sleep=pauses.append, clock=lambda: next(ticks)) as client:
        with pytest.raises(Unavailable):
            client.get("/things")
    assert len(pauses) < 5


def test_a_slow_answer_is_unavailable(server):
    server.script = [sleep_a_second]
    with HttpClient(server.url, timeouts=(1, 0.1), retries=Retries(attempts=1)) as client:
        with pytest.raises(Unavailable):
            client.get("/things")


def test_an_answer_that_only_drips_ends_at_the_total_time(server):
    server.script = [drip]
    began = time.monotonic()
    with HttpClient(server.url, retries=Retries(attempts=1, total_seconds=0.3)) as client:
        with pytest.raises(Unavailable):
            client.get("/things")
    assert time.monotonic() - began < 1.5


def test_nobody_listening_is_unavailable_and_nothing_was_done():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with HttpClient(url, retries=Retries(attempts=2), sleep=lambda _seconds: None) as client:
        with pytest.raises(Unavailable) as failed:
            client.post("/orders", b"{}", content_type="application/json")
    assert not failed.value.is_outcome_unknown
    assert "2 attempts" in str(failed.value)


@pytest.mark.parametrize("fault", [(500, {}, b""), drop, truncate])
def test_a_message_that_may_have_arrived_is_not_sent_again(server, client, fault):
    server.script = [fault, OK]
    with pytest.raises(Unavailable) as failed:
        client.post("/orders", b"{}", content_type="application/json")
    assert failed.value.is_outcome_unknown
    assert len(server.requests) == 1


def test_a_message_the_server_recognises_is_sent_again(server, client):
    server.script = [drop, OK]
    assert client.post("/orders", b"<x/>", content_type="text/xml", is_idempotent=True).json() == {"ok": True}
    assert [request[3] for request in server.requests] == [b"<x/>", b"<x/>"]
    assert server.requests[1][2]["Content-Type"] == "text/xml"


def test_one_attempt_that_may_have_arrived_leaves_the_outcome_unknown(server, client):
    server.script = [drop, (429, {}, b"")]
    with pytest.raises(Unavailable) as caught:
        client.post("/x", b"{}", content_type="application/json", is_idempotent=True)
    assert (caught.value.status, caught.value.is_outcome_unknown) == (429, True)


def test_a_message_that_was_not_taken_is_sent_again(server, client):
    server.script = [(429, {}, b""), OK]
    assert client.post("/orders", b"{}", content_type="application/json").status == 200


def test_a_refusal_carries_code_and_message_and_is_not_repeated(server, client, pauses):
    body = json.dumps({"error": {"code": "no_such_thing", "message": "Nothing here."}}).encode()
    server.script = [(404, {}, body)]
    with pytest.raises(Refused) as refused:
        client.get("/things")
    assert (refused.value.status, refused.value.code, refused.value.message) == (404, "no_such_thing", "Nothing here.")
    assert pauses == []


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b'{"error": "no"}'])
def test_a_refusal_without_a_body_of_ours_is_known_by_its_status(server, client, body):
    server.script = [(403, {}, body)]
    with pytest.raises(Refused) as refused:
        client.get("/things")
    assert (refused.value.code, refused.value.message) == ("http_403", "Forbidden")


@pytest.mark.parametrize("status", [400, 500])
def test_a_failure_carries_the_whole_answer_for_wires_with_errors_of_their_own(server, client, status):
    server.script = [(status, {}, b"<fault/>")]
    with pytest.raises((Refused, Unavailable)) as caught:
        client.get("/x")
    assert caught.value.body == b"<fault/>"


@pytest.mark.parametrize("status", [200, 400])
def test_endless_nesting_is_no_json(server, client, status):
    server.script = [(status, {}, b"[" * 200_000)]
    with pytest.raises((BadAnswer, Refused)):
        client.get("/x").json()


def test_a_redirect_is_not_followed_with_our_token(server, client):
    server.script = [(302, {"Location": server.url}, b"")]
    with pytest.raises(BadAnswer):
        client.get("/things")
    assert len(server.requests) == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_over_the_limit_is_refused(server, compressed):
    body = b" " * 3_000_000
    server.script = [(200, {"Content-Encoding": "gzip"}, gzip.compress(body)) if compressed else (200, {}, body)]
    with HttpClient(server.url, max_bytes=2_000_000) as client:
        with pytest.raises(BadAnswer, match="2000000"):
            client.get("/things")


def test_what_is_not_json_is_a_bad_answer(server, client):
    server.script = [(200, {}, b"<html>")]
    with pytest.raises(BadAnswer):
        client.get("/things").json()


def test_broken_compression_is_tried_again(server, client):
    server.script = [(200, {"Content-Encoding": "gzip"}, b"not gzip at all"), OK]
    assert client.get("/things").json() == {"ok": True}


def test_no_secret_reaches_an_exception_or_a_log(server, caplog):
    telling = json.dumps({"error": {"code": "bad", "message": f"token {TOKEN} unknown"}}).encode()
    server.script = [(503, {}, b""), (401, {}, telling)]
    caplog.set_level(logging.DEBUG, "voucher_portal.http")
    with HttpClient(server.url, token=TOKEN, secrets=("botkey",), sleep=lambda _seconds: None) as client:
        with pytest.raises(Refused) as refused:
            client.get("/botkey/things", {"cursor": "query-secret"})
        shown = f"{refused.value!r} {refused.value.message} {client!r} {caplog.text}"
    assert "token *** unknown" in shown
    assert not any(secret in shown for secret in (TOKEN, "botkey", "query-secret"))


@pytest.mark.parametrize("url", ["ftp://x", "lms.example/v1", "http://user:pass@lms.example", "http://"])
def test_an_address_that_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="base_url"):
        HttpClient(url)


def test_closing_ends_a_pause_at_once(server):
    server.script = [(503, {"Retry-After": "30"}, b"")]
    client = HttpClient(server.url)
    threading.Timer(0.2, client.close).start()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        client.get("/things")
    assert time.monotonic() - began < 5
