"""Everything that the emulated gateway can be told to do otherwise, seen from a raw connection."""

import base64
import gzip
import hashlib
import http.client
import re
import socket
import time
import uuid

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from lxml import etree

from integrations.emulators import shep_trouble, shep_world
from integrations.emulators.script import ScriptError
from integrations.emulators.shep import ShepEmulator, keys_of_pki
from integrations.emulators.shep_script import Hostile, Outcome, Script, Wrong
from tests.integrations.shep.emulator_requests import (
    BIN,
    IIN,
    NOBODYS_BIN,
    OTHER_BIN,
    SENDER,
    SMALL_WORLD,
    Client,
    has_good_signature,
    info,
    person,
    query,
    send_message,
)

BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
WSU_ID = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"


def order(gateway, **rule) -> None:
    gateway.control({"rules": [rule]})


def test_a_number_that_nobody_has_is_not_found_by_status_and_without_data(client: Client):
    answer = client.elic(NOBODYS_BIN)
    assert (answer.status, answer.text("code")) == (200, "404")
    assert answer.root.xpath("//*[local-name()='data']") == []


def test_a_known_number_without_a_record_is_not_found_by_the_register(client: Client):
    answer = client.ask("FIRE", "FIRE_Inspection", f"<v:bin>{OTHER_BIN}</v:bin>")
    assert (answer.text("code"), answer.text("result")) == ("SCSS001", "NOT_FOUND")


OUTCOMES = {
    "found": ("SCSS001", "FOUND"),
    "not_found": ("404", None),
    "not_found_in_answer": ("SCSS001", "NOT_FOUND"),
    "no_match": ("SCSE001", None),
    "no_data": ("SCSS001", None),
    "data_missing": ("SCSS001", None),
    "no_data_in_answer": ("SCSS001", "NO_DATA"),
    "denied": ("SCSS001", "DENIED"),
    "error": ("SBF-VE-8", None),
    "fault": (None, None),
}


def test_every_outcome_of_the_script_has_its_test():
    assert {"", *OUTCOMES} == set(Outcome.__args__)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_ordered_outcome_is_what_the_answer_says(gateway, client: Client, outcome: str):
    order(gateway, service="ELIC", outcome=outcome)
    answer = client.elic()
    assert (answer.text("code"), answer.text("result")) == OUTCOMES[outcome]
    data = answer.root.xpath("//*[local-name()='data']")
    assert bool(data) == (outcome == "no_data" or OUTCOMES[outcome][1] is not None)
    assert answer.status == (500 if outcome == "fault" else 200)


@pytest.mark.parametrize(
    ("service_id", "outcome", "status", "business"),
    [
        ("GBDFLUniversal_token", "not_found", "404", None),
        ("GBDFLUniversal_token", "no_data_in_answer", "SCSS001", "00000"),
        ("GBDFLUniversal_token", "denied", "SCSS001", "00403"),
        ("GBDFLUniversal_token", "error", "SBF-VE-8", None),
    ],
)
def test_the_register_of_persons_says_it_in_its_own_codes(gateway, client, service_id, outcome, status, business):
    order(gateway, service=service_id, outcome=outcome)
    message_id = str(uuid.uuid4())
    answer = client.send(send_message(info(message_id, service_id), person(message_id)))
    codes = [element.text for element in answer.root.iter("code")]
    assert codes[0] == status
    assert (business in codes) == (business is not None)


def test_an_error_has_the_code_and_the_words_that_were_ordered(gateway, client: Client):
    order(gateway, outcome="error", code="SCSE003", message="Подождите")
    assert (client.elic().text("code"), client.elic().text("message")) == ("SCSE003", "Подождите")


def test_a_rule_holds_for_its_number_of_times_its_service_and_its_key(gateway, client: Client):
    order(gateway, service="ELIC", key=BIN, times=2, outcome="error", code="SCSE003")
    assert client.ask("FIRE", "FIRE_Inspection", f"<v:bin>{BIN}</v:bin>").text("code") == "SCSS001"
    assert client.elic(OTHER_BIN).text("code") == "SCSS001"
    assert [client.elic().text("code") for _number in range(3)] == ["SCSE003", "SCSE003", "SCSS001"]


def test_a_fault_has_its_reason_once_more_as_a_sub_error(gateway, client: Client, pki):
    order(gateway, outcome="fault", code="TEST-001", message="Service is not available")
    answer = client.elic()
    assert (answer.status, answer.fault) == (500, ("TEST-001", "Service is not available"))
    assert answer.root.findtext(".//subError/errorCode") == "TEST-001"
    assert has_good_signature(answer.body, pki.certificate("gateway"))


@pytest.mark.parametrize("status", [302, 403, 429, 502, 503])
def test_a_status_takes_the_place_of_the_answer(gateway, client: Client, status: int):
    order(gateway, http_status=status)
    answer = client.elic()
    assert answer.status == status
    assert b"SendMessage" not in answer.body


def test_an_answer_is_late_by_latency_and_delay(gateway, client: Client):
    gateway.control({"latency_seconds": 0.1, "rules": [{"service": "ELIC", "delay_seconds": 0.2}]})
    started = time.monotonic()
    assert client.elic().status == 200
    assert 0.3 <= time.monotonic() - started < 2


def test_silence_ends_with_a_cut_connection_and_no_answer(gateway, client: Client):
    order(gateway, silence_seconds=0.2)
    started = time.monotonic()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        client.elic()
    assert time.monotonic() - started >= 0.2


def elic_envelope(client: Client) -> str:
    message_id = str(uuid.uuid4())
    parts = info(message_id, "ELIC_LicenseByBin"), query("ELIC", message_id, f"<v:bin>{BIN}</v:bin>")
    return client.envelope(send_message(*parts))


def test_a_client_that_cannot_wait_goes_before_the_silence_ends(gateway, client: Client):
    order(gateway, silence_seconds=90)
    with pytest.raises(TimeoutError):
        client.post(elic_envelope(client), timeout=0.3)


def test_every_wrong_of_the_script_has_its_test():
    assert set(Wrong.__args__) == {
        "", "other_message_id", "foreign_correlation", "other_request_id", "unsigned", "broken_digest", "other_key",
        "other_certificate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ("other_message_id", "messageId"),
        ("foreign_correlation", "correlationId"),
        ("other_request_id", "requestId"),
    ],
)
def test_an_answer_to_another_question_is_signed_well(gateway, client: Client, pki, wrong: str, name: str):
    order(gateway, wrong=wrong)
    message_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
    parts = info(message_id, "ELIC_LicenseByBin", correlationId=f"<correlationId>{correlation_id}</correlationId>")
    answer = client.send(send_message(parts, query("ELIC", message_id, f"<v:bin>{BIN}</v:bin>")))
    found = {key: answer.text(key) for key in ("messageId", "correlationId", "requestId")}
    right = {"messageId": message_id, "correlationId": correlation_id, "requestId": message_id}
    assert {key for key in right if found[key] != right[key]} == {name}
    assert uuid.UUID(found[name])
    assert has_good_signature(answer.body, pki.certificate("gateway"))


def test_an_unsigned_answer_has_no_signature(gateway, client: Client):
    order(gateway, wrong="unsigned")
    assert b"Signature" not in client.elic().body


def test_a_broken_digest_is_signed_but_not_of_the_body(gateway, client: Client, pki):
    order(gateway, wrong="broken_digest")
    assert not has_good_signature(client.elic().body, pki.certificate("gateway"))


@pytest.mark.parametrize("wrong", ["other_key", "other_certificate"])
def test_a_strangers_signature_is_not_the_gateways(gateway, client: Client, pki, wrong: str):
    order(gateway, wrong=wrong)
    body = client.elic().body
    with pytest.raises(InvalidSignature):
        has_good_signature(body, pki.certificate("gateway"))
    stated = x509.load_der_x509_certificate(
        base64.b64decode(etree.fromstring(body).xpath("string(//*[local-name()='KeyIdentifier'])"))
    )
    assert (stated == pki.certificate("gateway")) == (wrong == "other_key")


def test_the_same_payload_comes_inline_and_escaped(gateway, client: Client):
    inline = client.elic().root.xpath("//*[local-name()='Answer']")
    order(gateway, form="escaped")
    data = client.elic().root.xpath("//*[local-name()='data']")[0]
    assert len(inline) == 1
    assert len(data) == 0
    assert etree.fromstring(data.text).tag == inline[0].tag


@pytest.mark.parametrize(
    ("session_id", "pattern"), [("braces", r"\{[0-9a-f-]{36}\}"), ("bare", r"[0-9a-f-]{36}"), ("none", None)]
)
def test_the_session_is_written_with_braces_without_and_not_at_all(gateway, client, session_id, pattern):
    order(gateway, session_id=session_id)
    found = client.elic().text("sessionId")
    assert (found is None) if pattern is None else re.fullmatch(pattern, found)


@pytest.mark.parametrize(("offset", "hour"), [("+05:00", "06"), ("+06:00", "07"), ("", "06")])
def test_dates_carry_the_offset_that_was_ordered(gateway, client: Client, offset: str, hour: str):
    order(gateway, offset=offset)
    answer = client.elic()
    assert answer.text("actualAt") == f"2025-11-05T{hour}:00:00{offset}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" + re.escape(offset), answer.text("responseDate"))


def raw(client: Client) -> bytes:
    """Everything that comes over the wire, as it is."""
    content = elic_envelope(client).encode()
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
        connection.sendall(b"POST /sync HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content))
        connection.sendall(content)
        parts = []
        while part := connection.recv(1 << 20):
            parts.append(part)
    return b"".join(parts)


def split(content: bytes) -> tuple[int, bytes]:
    """The Content-Length (-1: not stated) and what came under it."""
    head, _, body = content.partition(b"\r\n\r\n")
    stated = re.search(rb"Content-Length: ([0-9]+)", head)
    return int(stated[1]) if stated else -1, body


HOSTILE = {
    "entity_bomb": lambda length, body: b"<!ENTITY e9" in body and b"&e;" in body,
    "external_entity": lambda length, body: b"SYSTEM" in body and b"&e;" in body,
    "two_signatures": lambda length, body: body.count(b"<ds:Signature ") == 2,
    "truncated": lambda length, body: 0 < len(body) < length,
    "large": lambda length, body: length == len(body) > shep_trouble.LARGE_BYTES,
    "huge": lambda length, body: length == len(body) > shep_trouble.HUGE_BYTES,
    "endless": lambda length, body: length == -1 and len(body) > shep_trouble.HUGE_BYTES,
    "gzip_bomb": lambda length, body: len(body) < 1_000_000 and len(gzip.decompress(body)) > shep_trouble.HUGE_BYTES,
    "deep": lambda length, body: body.count(b"<x>") == shep_trouble.DEPTH,
    "cp1251": lambda length, body: b'encoding="windows-1251"' in body and "Действует".encode() in body,
    "cp1251_header": lambda length, body: b'encoding="windows-1251"' in body,
    "garbage": lambda length, body: hashlib.sha256(body).digest() and b"<" not in body[:1],
    "html": lambda length, body: b"<html>" in body,
    "empty": lambda length, body: (length, body) == (0, b""),
}


def test_every_attack_of_the_script_has_its_test():
    assert {"", "wrapped", "wrapped_in_header", "drip", *HOSTILE} == set(Hostile.__args__)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_attack_is_what_it_says(gateway, client: Client, hostile: str):
    order(gateway, hostile=hostile)
    assert HOSTILE[hostile](*split(raw(client)))


@pytest.mark.parametrize("hostile", ["large", "huge", "endless"])
def test_what_is_too_large_is_right_in_everything_else(gateway, client: Client, pki, hostile: str):
    order(gateway, hostile=hostile)
    _length, body = split(raw(client))
    parser = etree.XMLParser(huge_tree=True)
    content = etree.tostring(etree.fromstring(body.rstrip(b" "), parser))
    assert content.count(b"SCSS001") == 1


def test_a_wrapped_answer_has_two_bodies_with_one_id_and_the_signed_one_is_the_second(gateway, client: Client):
    order(gateway, hostile="wrapped")
    bodies = client.elic().root.findall(BODY)
    assert len({body.get(WSU_ID) for body in bodies}) == 1
    assert [body.findtext(".//code") for body in bodies] == ["404", "SCSS001"]


def test_a_wrapped_answer_can_hide_the_signed_body_in_the_header(gateway, client: Client):
    order(gateway, hostile="wrapped_in_header")
    root = client.elic().root
    read, hidden = root.find(BODY), root.find(f".//hidden/{BODY}")
    assert (read.findtext(".//code"), hidden.findtext(".//code")) == ("404", "SCSS001")
    assert root.xpath("string(//*[local-name()='Reference']/@URI)") == f"#{hidden.get(WSU_ID)}" != read.get(WSU_ID)


def test_an_answer_can_come_in_drops(gateway, client: Client, monkeypatch):
    monkeypatch.setattr(shep_trouble, "DRIP_SECONDS", 0.001)
    order(gateway, hostile="drip")
    started = time.monotonic()
    answer = client.elic()
    assert answer.text("result") == "FOUND"
    assert time.monotonic() - started > 0.2


def test_the_emulator_goes_down_at_once_although_it_is_silent(pki, client: Client):
    script = Script().changed({"rules": [{"silence_seconds": 90}]})
    with ShepEmulator(shep_world.load(SMALL_WORLD), keys_of_pki(pki.folder), sender=SENDER, script=script) as other:
        with pytest.raises(TimeoutError):
            Client(client.credential, other.port).post(elic_envelope(client), timeout=0.3)
        started = time.monotonic()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"rules": [{"outcome": "maybe"}]},
        {"rules": [{"hostile": "rude"}]},
        {"rules": [{"times": 0}]},
        {"rules": [{"http_status": 99}]},
        {"latency_seconds": -1},
        {"latency_seconds": 10_000},
        {"consent": "perhaps"},
        {"rules": "all"},
        [],
    ],
)
def test_a_script_that_is_not_understood_is_refused_and_changes_nothing(gateway, changes):
    with pytest.raises(ScriptError):
        gateway.control(changes)
    assert gateway.prompter.script == Script(answer_seconds=0)


def test_calls_are_counted_by_message_and_a_number_is_masked(gateway, client: Client):
    message_id = str(uuid.uuid4())
    client.elic(message_id=message_id)
    client.elic(message_id=message_id)
    client.elic("12345")
    calls = client.calls()
    assert calls["by_message"][message_id] == gateway.calls.count(message_id) == 2
    assert (calls["total"], calls["by_service"]["ELIC"]) == (3, 2)
    assert [call["result"] for call in calls["calls"]] == ["SCSS001", "SCSS001", "fault VAL-XSD"]
    assert BIN not in str(calls)
    assert IIN not in str(calls)


def test_the_page_tells_what_to_try_and_escapes_what_it_shows(gateway, client: Client):
    gateway.control({"rules": [{"service": "<script>alert(1)</script>"}]})
    client.elic()
    page = client.get("/").decode()
    assert "мальчик, 6 лет, в порядке" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("path", "expected"), [("/health", b'"ok"'), ("/nothing", b"not_found"), ("/control", b"latency_seconds")]
)
def test_the_other_pages_answer(client: Client, path: str, expected: bytes):
    assert expected in client.get(path)


def test_a_connection_is_kept_and_a_bad_request_line_ends_it(gateway, client: Client):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    for _number in range(3):
        connection.request("GET", "/health")
        socket_used = connection.sock
        assert connection.getresponse().read()
        assert connection.sock is socket_used
    connection.close()
    for line in (
        b"nonsense\r\n\r\n",
        b"POST /sync HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" * 200,
    ):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as other:
            other.sendall(line)
            assert other.recv(1000).startswith(b"HTTP/1.1 400")
