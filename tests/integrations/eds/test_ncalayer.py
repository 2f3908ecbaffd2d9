"""The emulated NCALayer over a real WebSocket: each scenario of contracts/ncalayer.md §3, and the branch behind it."""

import base64
import contextlib
import hashlib
import json
import ssl
import time
from pathlib import Path

import pytest
from asn1crypto import cms
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from integrations.emulators.ncalayer import NcaLayerEmulator
from integrations.emulators.pki import Pki

DATA = b"Act No. 1 for October"
SIGN, AUTH = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"
HEAD, PERSON = "1.2.398.3.3.4.1.2.1", "1.2.398.3.3.4.1.1"
DIRECTOR = "school-director"
CANCELLED = {"status": True, "body": {}}
CANCELLED_IN_WORDS = {"status": False, "message": "action.canceled"}
OUT_OF_ORDER = {"status": False, "code": "INVOCATION_ERROR", "message": "m", "details": "d"}
NO_MODULE = {"code": "500", "message": "module not found"}


@pytest.fixture(scope="module")
def running(pki):
    with NcaLayerEmulator(pki) as emulator:
        yield emulator


@pytest.fixture
def ncalayer(running):
    running.control({"signer": DIRECTOR, "scenario": "ok", "is_old": False, "is_gost": False, "slow_seconds": 5})
    return running


def talk(ncalayer, request):
    """Connect as a page does, ask one thing, hear the answer."""
    with connect(ncalayer.address, proxy=None) as socket:
        return ask(socket, request)


def ask(socket: ClientConnection, request):
    assert json.loads(socket.recv(5)) == {"result": {"version": "1.2"}}
    socket.send(request if isinstance(request, str | bytes) else json.dumps(request))
    return json.loads(socket.recv(10))


def basics(data=DATA, oids=(SIGN,), **signing) -> dict:
    """A request as ncalayer-js-client makes it for `basicsSignCMS`."""
    encoded = [b64(one) for one in data] if isinstance(data, list) else b64(data)
    params = {"decode": True, "encapsulate": False, "digested": False, **signing}
    args = {"allowedStorages": None, "format": "cms", "data": encoded, "signingParams": params}
    args |= {"signerParams": {"extKeyUsageOids": list(oids)}, "locale": "ru"}
    return {"module": "kz.gov.pki.knca.basics", "method": "sign", "args": args}


def cades(key_type: str = "SIGNATURE", attach: bool = False) -> dict:
    args = ["PKCS12", key_type, b64(DATA), attach]
    return {"module": "kz.gov.pki.knca.commonUtils", "method": "createCAdESFromBase64", "args": args}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def signed(answer: dict) -> dict:
    return read(answer["body"]["result"])


def read(text: str) -> dict:
    """What a CMS says, in the words of the test PKI: who, which key, over which bytes."""
    if text.startswith("-----"):
        text = "".join(text.splitlines()[1:-1])
    data = cms.ContentInfo.load(base64.b64decode(text))["content"]
    (info,) = data["signer_infos"]
    certificate = data["certificates"][0].chosen
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    subject = certificate.subject.native
    return {
        "iin": subject["serial_number"].removeprefix("IIN"),
        "usage": {oid.dotted for oid in certificate.extended_key_usage_value},
        "ends": certificate.not_valid_after,
        "digest": attributes["message_digest"][0].native,
        "content": data["encap_content_info"]["content"].native,
        "is_stamped": bool(info["unsigned_attrs"].native),
    }


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def iin_of(pki: Pki, slug: str) -> str:
    return pki.holder(slug).iin


# Each name is: number in the contract, scenario, function whose branch it is.


@pytest.mark.parametrize("_branch", ["1 connection [ncalayer:_talk]"])
def test_the_program_speaks_first(ncalayer, _branch):
    with connect(ncalayer.address, proxy=None) as socket:
        assert json.loads(socket.recv(2)) == {"result": {"version": "1.2"}}


@pytest.mark.parametrize("_branch", ["2 getVersion [ncalayer_answers:answer]"])
def test_the_probe_for_another_program_is_answered_and_not_with_200(ncalayer, _branch):
    assert talk(ncalayer, {"module": "kz.digiflow.mobile.extensions", "method": "getVersion"}) == NO_MODULE


@pytest.mark.parametrize("_branch", ["3 ok [ncalayer_answers:sign]"])
def test_one_document_gives_one_signature_and_many_give_a_list(ncalayer, pki, _branch):
    one = signed(talk(ncalayer, basics()))
    assert one["iin"] == iin_of(pki, "school-director-sign")
    assert one["digest"] == sha256(DATA)
    assert one["content"] is None
    assert SIGN in one["usage"]
    assert not one["is_stamped"]
    many = talk(ncalayer, basics([b"first", b"second"], tsaProfile={}))["body"]["result"]
    assert [read(text)["digest"] for text in many] == [sha256(b"first"), sha256(b"second")]
    assert all(read(text)["is_stamped"] for text in many)


@pytest.mark.parametrize("_branch", ["4 pem [ncalayer_answers:_signed]"])
def test_a_signature_may_come_as_pem(ncalayer, _branch):
    ncalayer.control({"scenario": "pem"})
    answer = talk(ncalayer, basics())
    assert answer["body"]["result"].startswith("-----BEGIN CMS-----\n")
    assert signed(answer)["digest"] == sha256(DATA)


@pytest.mark.parametrize(
    ("scenario", "answer"),
    [("cancel", CANCELLED), ("cancel_text", CANCELLED_IN_WORDS), ("error", OUT_OF_ORDER)],
    ids=[f"{number} [ncalayer_answers:sign]" for number in ("5 cancel", "6 cancel_text", "7 error")],
)
def test_no_signature_comes(ncalayer, scenario, answer):
    ncalayer.control({"scenario": scenario})
    assert talk(ncalayer, basics()) == answer


@pytest.mark.parametrize("_branch", ["8 createCAdESFromBase64 [ncalayer_answers:create_cades]"])
def test_the_old_module_signs_with_the_key_of_the_named_type(ncalayer, _branch):
    for key_type, oid in (("SIGNATURE", SIGN), ("AUTHENTICATION", AUTH)):
        answer = talk(ncalayer, cades(key_type))
        assert answer["code"] == "200"
        cms_read = read(answer["responseObject"])
        assert oid in cms_read["usage"]
        assert cms_read["digest"] == sha256(DATA)
    assert read(talk(ncalayer, cades(attach=True))["responseObject"])["content"] == DATA


@pytest.mark.parametrize(
    ("scenario", "message"),
    [("cancel", "action.canceled"), ("cancel_text", "action.canceled"), ("error", "m")],
    ids=[f"8 {name} [ncalayer_answers:create_cades]" for name in ("cancel", "cancel_text", "error")],
)
def test_the_old_module_has_its_own_words(ncalayer, scenario, message):
    ncalayer.control({"scenario": scenario})
    assert talk(ncalayer, cades()) == {"code": "500", "message": message}


@pytest.mark.parametrize("_branch", ["9 close [ncalayer_answers:wait]"])
def test_the_socket_closes_after_the_request(ncalayer, _branch):
    ncalayer.control({"scenario": "close"})
    with pytest.raises(ConnectionClosed):
        talk(ncalayer, basics())


@pytest.mark.parametrize("_branch", ["10 slow [ncalayer_answers:wait]"])
def test_the_answer_waits_while_a_person_looks_for_the_token(ncalayer, _branch):
    ncalayer.control({"scenario": "slow", "slow_seconds": 0.4})
    started = time.monotonic()
    assert signed(talk(ncalayer, basics()))["digest"] == sha256(DATA)
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("_branch", ["11 other_signer [ncalayer_stores:holder_for]"])
def test_another_person_signs_our_bytes(ncalayer, pki, _branch):
    ncalayer.control({"scenario": "other_signer"})
    answer = signed(talk(ncalayer, basics()))
    assert answer["iin"] != iin_of(pki, "school-director-sign")
    assert answer["digest"] == sha256(DATA)


@pytest.mark.parametrize("_branch", ["12 other_data [ncalayer_answers:_signed]"])
def test_our_person_signs_other_bytes(ncalayer, pki, _branch):
    ncalayer.control({"scenario": "other_data"})
    answer = signed(talk(ncalayer, basics()))
    assert answer["iin"] == iin_of(pki, "school-director-sign")
    assert answer["digest"] != sha256(DATA)


@pytest.mark.parametrize("_branch", ["13 expired [ncalayer_stores:holder_for]"])
def test_the_certificate_is_out_of_date(ncalayer, pki, _branch):
    ncalayer.control({"scenario": "expired"})
    for oid in (SIGN, AUTH):
        answer = signed(talk(ncalayer, basics(oids=[oid])))
        assert answer["ends"].year == 2025
        assert oid in answer["usage"]
        assert answer["iin"] == iin_of(pki, "school-director-sign")


@pytest.mark.parametrize(
    ("scenario", "asked", "used"),
    [("auth_key", SIGN, AUTH), ("sign_key", AUTH, SIGN)],
    ids=[f"13 {name} [ncalayer_stores:holder_for]" for name in ("auth_key", "sign_key")],
)
def test_the_key_is_for_the_other_purpose(ncalayer, scenario, asked, used):
    ncalayer.control({"scenario": scenario})
    assert used in signed(talk(ncalayer, basics(oids=[asked])))["usage"]


@pytest.mark.parametrize("_branch", ["13 wrong_role [ncalayer_stores:holder_for]"])
def test_an_employee_signs_where_the_head_was_asked_for(ncalayer, _branch):
    ncalayer.control({"scenario": "wrong_role"})
    usage = signed(talk(ncalayer, basics(oids=[SIGN, HEAD])))["usage"]
    assert HEAD not in usage
    assert "1.2.398.3.3.4.1.2.5" in usage


@pytest.mark.parametrize("_branch", ["13 attached [ncalayer_answers:_signed]"])
def test_the_data_is_inside_although_it_should_not_be(ncalayer, _branch):
    ncalayer.control({"scenario": "attached"})
    assert signed(talk(ncalayer, basics()))["content"] == DATA


@pytest.mark.parametrize(
    "request_",
    [
        {"module": "kz.gov.pki.knca.basics", "method": "erase"},
        {"module": "kz.gov.pki.knca.commonUtils", "method": "getKeyInfo", "args": ["PKCS12"]},
        {},
        [],
        "no json",
        b"\xff\x00",
        "[" * 100_000,
        {"module": ["kz.gov.pki.knca.basics"], "method": {}},
    ],
    ids=lambda _request: "14 anything else [ncalayer_answers:no_method]",
)
def test_what_it_does_not_know_it_says(ncalayer, request_):
    assert talk(ncalayer, request_)["code"] == "METHOD_NOT_FOUND"


# Beyond the fourteen


def test_a_program_of_the_old_kind_has_no_new_module(ncalayer):
    ncalayer.control({"is_old": True})
    assert talk(ncalayer, basics()) == NO_MODULE
    assert talk(ncalayer, cades())["code"] == "200"


def test_the_same_person_may_have_keys_of_gost(ncalayer, pki):
    ncalayer.control({"is_gost": True})
    text = talk(ncalayer, basics(tsaProfile={}))["body"]["result"]
    (info,) = cms.ContentInfo.load(base64.b64decode(text))["content"]["signer_infos"]
    assert info["signature_algorithm"]["algorithm"].dotted == "1.2.398.3.10.1.1.2.3.2"
    assert read(text)["iin"] == iin_of(pki, "school-director-sign")


def test_a_silent_program_never_speaks(ncalayer):
    ncalayer.control({"scenario": "silent"})
    with connect(ncalayer.address, proxy=None) as socket:
        socket.send(json.dumps(basics()))
        with pytest.raises(TimeoutError):
            socket.recv(0.3)


@pytest.mark.parametrize(
    ("signer", "oids", "fits"),
    [
        (DIRECTOR, [SIGN, HEAD], True),
        (DIRECTOR, [AUTH, HEAD], True),
        (DIRECTOR, [], True),
        (DIRECTOR, [SIGN, PERSON], False),
        ("guardian", [SIGN, PERSON], True),
        ("guardian-auth", [SIGN], True),  # the store that this certificate lies in
        ("guardian", [SIGN, HEAD], False),
        ("school-director-elsewhere", [AUTH], False),
    ],
)
def test_only_a_key_that_the_page_asked_for_signs(ncalayer, signer, oids, fits):
    ncalayer.control({"signer": signer})
    answer = talk(ncalayer, basics(oids=oids))
    assert answer["status"] is fits
    if fits:
        assert set(oids) <= signed(answer)["usage"]


@pytest.mark.parametrize(
    "args",
    [
        None,
        [],
        {},
        {"format": "xml"},
        {"format": "cms", "data": b64(DATA)},
        {"format": "cms", "data": b64(DATA), "signingParams": [], "signerParams": {}},
        {"format": "cms", "data": "не Base64", "signingParams": {}, "signerParams": {}},
        {"format": "cms", "data": 7, "signingParams": {}, "signerParams": {}},
        {"format": "cms", "data": [], "signingParams": {}, "signerParams": {}},
        {"format": "cms", "data": ["AA=="] * 1_001, "signingParams": {}, "signerParams": {}},
        {"format": "cms", "data": b64(DATA), "signingParams": {}, "signerParams": {"extKeyUsageOids": "1.2"}},
        {"format": "cms", "data": b64(DATA), "signingParams": {"digested": True}, "signerParams": {}},
    ],
)
def test_what_cannot_be_signed_is_refused_in_words(ncalayer, args):
    answer = talk(ncalayer, {"module": "kz.gov.pki.knca.basics", "method": "sign", "args": args})
    assert answer["code"] == "INVOCATION_ERROR"
    assert answer["message"]


@pytest.mark.parametrize("args", [None, {}, [], ["PKCS12", "SIGNATURE", "!", False], ["PKCS12", [], None, 1]])
def test_the_old_module_refuses_it_too(ncalayer, args):
    request = {"module": "kz.gov.pki.knca.commonUtils", "method": "createCAdESFromBase64", "args": args}
    assert talk(ncalayer, request)["code"] == "500"


def test_a_frame_that_is_too_large_ends_the_connection(ncalayer):
    with connect(ncalayer.address, proxy=None) as socket:
        socket.recv(2)
        with contextlib.suppress(ConnectionClosed):  # it may hang up before the end of the frame
            socket.send(" " * (32 * 1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed):
            socket.recv(10)


def test_the_contracts_own_request_is_signed(ncalayer):
    ncalayer.control({"signer": "guardian"})
    request = json.loads((Path(__file__).parent / "ncalayer_sign.json").read_text(encoding="utf-8"))
    answer = signed(talk(ncalayer, request))
    assert answer["digest"] == sha256("Акт A-2025-11-0007".encode())
    assert answer["is_stamped"]


def test_over_tls_it_is_the_same_program(pki):
    with NcaLayerEmulator(pki, is_tls=True) as emulator:
        assert emulator.address.startswith("wss://127.0.0.1:")
        context = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):  # as a browser that was not told to trust it
            connect(emulator.address, ssl=context, proxy=None)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with connect(emulator.address, ssl=context, proxy=None) as socket:
            assert ask(socket, basics())["status"] is True
