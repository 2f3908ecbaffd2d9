"""The emulated certification centre's servers, over their sockets."""

import base64
import hashlib
import json
from urllib.parse import quote

import pytest
import requests
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from integrations.eds.chain import Trust
from integrations.eds.cms_encoding import children
from integrations.eds.timestamps import BadTimeStamp, verify_time_stamp
from integrations.emulators.process import emulator_process
from integrations.emulators.script import ScriptError
from integrations.emulators.signatures import SignaturesEmulator, main
from integrations.emulators.signatures_script import Script

DER = serialization.Encoding.DER
DATA = b"some signature"


@pytest.fixture(scope="module")
def emulator(pki):
    with SignaturesEmulator(pki) as running:
        yield running


@pytest.fixture
def url(emulator):
    emulator.script = Script()
    return emulator.url


def question(pki, slug="guardian-sign", issuer="issuing"):
    builder = ocsp.OCSPRequestBuilder()
    builder = builder.add_certificate(pki.certificate(slug), pki.certificate(issuer), hashes.SHA1())
    return builder.build().public_bytes(DER)


def answer(body):
    return ocsp.load_der_ocsp_response(body)


def test_ocsp_answers_by_post_and_by_get(pki, url):
    by_post = requests.post(f"{url}/ocsp", question(pki), timeout=5)
    by_get = requests.get(f"{url}/ocsp/{quote(base64.b64encode(question(pki)), safe='')}", timeout=5)
    for reply in (by_post, by_get):
        assert reply.headers["Content-Type"] == "application/ocsp-response"
        assert answer(reply.content).certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize("body", [b"", b"garbage", bytes(1000)])
def test_a_broken_question_is_malformed(url, body):
    reply = requests.post(f"{url}/ocsp", body, timeout=5)
    assert answer(reply.content).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_question_about_another_centre_is_unauthorised(pki, url):
    reply = requests.post(f"{url}/ocsp", question(pki, issuer="guardian-sign"), timeout=5)
    assert answer(reply.content).response_status in (
        ocsp.OCSPResponseStatus.UNAUTHORIZED,
        ocsp.OCSPResponseStatus.MALFORMED_REQUEST,
    )


def test_revoking_and_taking_it_back_while_it_runs(pki, url):
    def status():
        return answer(requests.post(f"{url}/ocsp", question(pki), timeout=5).content).certificate_status

    def listed():
        crl = x509.load_der_x509_crl(requests.get(f"{url}/crl/issuing.crl", timeout=5).content)
        return crl.get_revoked_certificate_by_serial_number(pki.certificate("guardian-sign").serial_number)

    requests.post(f"{url}/control", json={"revoked": {"guardian-sign": "2025-11-01T10:00:00+05:00"}}, timeout=5)
    assert status() is ocsp.OCSPCertStatus.REVOKED
    assert listed().revocation_date_utc.isoformat() == "2025-11-01T05:00:00+00:00"
    requests.post(f"{url}/control", json={"revoked": {"guardian-sign": None}}, timeout=5)
    assert status() is ocsp.OCSPCertStatus.GOOD
    assert listed() is None


def test_one_certificate_can_be_answered_otherwise(pki, url):
    requests.post(f"{url}/control", json={"ocsp_of": {"guardian-sign": "unknown"}}, timeout=5)
    found = [
        answer(requests.post(f"{url}/ocsp", question(pki, slug), timeout=5).content)
        for slug in ("guardian-sign", "guardian-auth")
    ]
    assert [one.certificate_status for one in found] == [ocsp.OCSPCertStatus.UNKNOWN, ocsp.OCSPCertStatus.GOOD]


@pytest.mark.parametrize(
    "order",
    [
        {"ocsp": "bogus"},
        {"unknown": 1},
        [],
        {"revoked": {"nobody": "2025-11-01T00:00:00Z"}},
        {"revoked": {"guardian-sign": "soon"}},
        {"slow_seconds": -1},
    ],
)
def test_a_wrong_order_changes_nothing(url, order):
    reply = requests.post(f"{url}/control", json=order, timeout=5)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_order")
    state = requests.get(f"{url}/control", timeout=5).json()
    assert (state["ocsp"], state["revoked"]) == ("right", {})


@pytest.mark.parametrize("name", ["issuing", "root"])
def test_authorities_certificates_and_lists_are_there(pki, url, name):
    certificate = x509.load_der_x509_certificate(requests.get(f"{url}/ca/{name}.cer", timeout=5).content)
    assert certificate == pki.certificate(name)
    crl = x509.load_der_x509_crl(requests.get(f"{url}/crl/{name}.crl", timeout=5).content)
    assert crl.is_signature_valid(certificate.public_key())


@pytest.mark.parametrize("path", ["/crl/nobody.crl", "/ca/portal.cer", "/ca/..%2Froot.key.pem", "/nothing"])
def test_there_is_nothing_else(url, path):
    assert requests.get(f"{url}{path}", timeout=5).status_code == 404


def stamp_request(**changes):
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(DATA).digest()}
    fields = {"version": "v1", "message_imprint": imprint, "nonce": 7, "cert_req": True} | changes
    return tsp.TimeStampReq(fields).dump()


def stamped(url):
    reply = requests.post(f"{url}/tsp", stamp_request(), timeout=5)
    return tsp.TimeStampResp.load(reply.content)


def test_a_time_stamp_is_right(pki, url):
    response = stamped(url)
    assert response["status"]["status"].native == "granted"
    found = verify_time_stamp(response["time_stamp_token"].dump(), DATA, Trust.load(pki.trust))
    assert found.policy.startswith("1.2.398.3.3.2.6.")
    info = response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["nonce"].native == 7


@pytest.mark.parametrize("mode", ["wrong_key", "other_imprint"])
def test_a_time_stamp_can_be_wrong(pki, emulator, url, mode):
    emulator.control({"tsp": mode})
    token = stamped(url)["time_stamp_token"].dump()
    with pytest.raises(BadTimeStamp):
        verify_time_stamp(token, DATA, Trust.load(pki.trust))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x30\x00",
        b"junk",
        stamp_request(message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"short"}),
    ],
)
def test_a_broken_request_for_a_time_stamp_is_rejected(url, body):
    reply = requests.post(f"{url}/tsp", body, timeout=5).content
    [status] = children(reply)[1]  # no token
    assert tsp.PKIStatusInfo.load(status)["status"].native == "rejection"


def test_the_page_says_what_to_try(url):
    page = requests.get(url, timeout=5).text
    assert f"{url}/control" in page
    assert "openssl ocsp" in page


def test_a_question_of_megabytes_is_refused(url):
    assert requests.post(f"{url}/ocsp", bytes(100_000), timeout=5).status_code == 413


def test_it_runs_as_a_process_and_prints_its_address(pki, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("ocsp: try_later\nrevoked:\n  guardian-sign: 2025-11-01T00:00:00Z\n")
    with emulator_process("signatures", "--pki", pki.folder, "--script", script) as (address, _process):
        state = requests.get(f"{address}/control", timeout=5).json()
    assert (state["ocsp"], list(state["revoked"])) == ("try_later", ["guardian-sign"])


@pytest.mark.parametrize("text", ["ocsp: bogus", "- a list", "{", "revoked: {guardian-sign: soon}"])
def test_a_wrong_script_is_told(tmp_path, pki, capsys, text):
    script = tmp_path / "script.yaml"
    script.write_text(text)
    with pytest.raises(ScriptError):
        Script.load(script)
    assert main(["--pki", str(pki.folder), "--script", str(script)]) == 2
    assert capsys.readouterr().err


def test_the_script_is_plain_json(emulator, url):
    assert json.loads(json.dumps(emulator.state()))["tsp"] == "right"
