"""NCANode's double as a program of its own, and the shapes of its answers."""

import base64
import shutil

import pytest
import requests

from integrations.emulators import gost
from integrations.emulators.cms import sign_cms
from integrations.emulators.gost_pki import KEY_PASSWORD
from integrations.emulators.ncanode import main
from integrations.emulators.ncanode_script import Script
from integrations.emulators.pki import open_pki
from integrations.emulators.process import emulator_process
from integrations.emulators.script import ScriptError
from tests.integrations.eds.ncanode_world import DATA


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def post(ncanode_url):
    """Ask the double; status and body."""

    def asked(path: str, **body):
        answer = requests.post(f"{ncanode_url}{path}", json=body, timeout=5)
        return answer.status_code, answer.json()

    return asked


def test_verification_has_the_shape_of_ncanodes_answer(post, signature, gost_pki):
    status, answer = post("/cms/verify", cms=base64_of(signature), data=base64_of(DATA), revocationCheck=["OCSP"])
    (signer,) = answer["signers"]
    (info,) = signer["certificates"]
    holder = gost_pki.holder("school-director-sign")
    assert (status, answer["status"], answer["message"], answer["valid"]) == (200, 200, "OK", True)
    assert info["revocations"] == [{"revoked": False, "by": "OCSP", "revocationTime": None, "reason": "OK"}]
    assert (info["keyUsage"], info["keyUser"]) == ("SIGN", ["ORGANIZATION", "CEO"])
    assert info["signAlg"] == "ECGOST3410-2015-512"
    assert info["notBefore"] == "2025-01-01T00:00:00.000+00:00"
    assert int(info["serialNumber"], 16) == gost_pki.certificate(holder.slug).serial_number
    assert info["subject"]["lastName"] == holder.middle_name.upper()
    assert (info["subject"]["iin"], info["subject"]["bin"]) == (holder.iin, holder.bin)


def test_revocation_is_told_only_when_it_is_asked(post, signature):
    _status, answer = post("/cms/verify", cms=base64_of(signature), data=base64_of(DATA))
    assert answer["valid"]
    assert answer["signers"][0]["certificates"][0]["revocations"] == []


def test_attached_signature_is_verified_over_its_own_content(post, director):
    attached = base64_of(gost.sign_gost_cms(director, b"other", attached=True))
    assert post("/cms/verify", cms=attached, data=base64_of(DATA))[1]["valid"]
    assert post("/cms/extract", cms=attached)[1]["data"] == base64_of(b"other")


def test_signature_without_signer_or_certificate_stays_valid(post, director, gost_pki):
    for signed in (
        gost.signed_data([], [director.certificate], DATA, attached=False),
        gost.sign_gost_cms(director, DATA, certificates=[gost_pki.certificate("issuing")]),
    ):
        assert post("/cms/verify", cms=base64_of(signed), data=base64_of(DATA))[1]["valid"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cms/verify", {"cms": "not Base64!"}, 400),
        ("/cms/verify", {"cms": base64_of(b"\x30\x00")}, 400),
        ("/cms/verify", {}, 400),
        ("/cms/extract", {"cms": ""}, 500),
        ("/x509/info", {"certs": ["AAAA"]}, 500),
        ("/wsse/sign", {"xml": "<a/>", "key": "AAAA", "password": "x"}, 400),
        ("/wsse/verify", {"xml": "<a"}, 500),
        ("/xml/verify", {"xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, 500),
        ("/nothing", {}, 404),
    ],
)
def test_error_has_its_status_in_the_body(post, path, body, status):
    http_status, answer = post(path, **body)
    assert (http_status, answer["status"]) == (status, status)
    assert answer["message"]


def test_certificate_is_told_about(post, gost_pki):
    certificate = base64_of(gost_pki.certificate("guardian-auth").public_bytes(gost.Encoding.DER))
    _status, answer = post("/x509/info", certs=[certificate], revocationCheck=["CRL"])
    assert answer["valid"]
    assert (answer["signers"][0]["keyUsage"], answer["signers"][0]["keyUser"]) == ("AUTH", ["INDIVIDUAL"])


def test_bare_signature_over_text_is_verified(post, gost_pki):
    guardian = gost_pki.credential("guardian-sign")
    certificate = base64_of(guardian.certificate.public_bytes(gost.Encoding.DER))
    signature = base64_of(gost.sign_digest(guardian.key, gost.GOST_2015_512, "мәтін".encode()))
    question = {"certificate": certificate, "signature": signature}
    assert post("/x509/verify", data="мәтін", **question)[1]["valid"]
    assert not post("/x509/verify", data="матин", **question)[1]["valid"]


def test_key_file_is_told_about(post, gost_pki):
    content = base64_of((gost_pki.folder / "services" / "portal.p12").read_bytes())
    _status, answer = post("/pkcs12/info", keys=[{"key": content, "password": KEY_PASSWORD}])
    assert answer["valid"]
    assert answer["signers"][0]["subject"]["commonName"] == "ВАУЧЕРЛІК ПОРТАЛ (ТЕСТ)"


def test_client_asks_as_the_contract_writes(ncanode, ncanode_url, signature):
    ncanode.verify(signature, DATA, is_attached=False)
    asked = requests.get(f"{ncanode_url}/control", timeout=5).json()["asked"][-1]
    fields = ["cms", "data", "revocationCheck"]
    assert asked == {"path": "/cms/verify", "fields": fields, "revocationCheck": ["OCSP"]}


def test_unknown_order_is_refused_and_changes_nothing(ncanode_url):
    for body in ({"oscp": "down"}, {"traps": ["unheard of"]}, [], {"faults": "500"}):
        assert requests.post(f"{ncanode_url}/control", json=body, timeout=5).status_code == 400
    assert requests.get(f"{ncanode_url}/control", timeout=5).json()["script"]["ocsp"] == "good"


def test_script_comes_from_yaml(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("ocsp: unknown\nfaults: ['500', slow]\nslow_seconds: 0.1\n")
    assert Script.load(path) == Script(ocsp="unknown", faults=("500", "slow"), slow_seconds=0.1)
    for wrong in ("ocsp: maybe", "- a", "a: [", "slow_seconds: 601"):
        path.write_text(wrong)
        with pytest.raises(ScriptError):
            Script.load(path)


def test_double_runs_as_a_process_with_keys_of_both_kinds(tmp_path, pki):
    """It makes the keys of GOST beside those of RSA and puts their authorities into the trusted folder."""
    folder = shutil.copytree(pki.folder, tmp_path / "pki")
    with emulator_process("ncanode", "--pki", folder) as (address, _process):
        assert requests.get(f"{address}/actuator/health", timeout=5).json() == {"status": "UP"}
        head = gost.sign_gost_cms(open_pki(folder / "gost").credential("school-director-sign"), DATA)
        for signed in (head, sign_cms(pki.credential("school-director-sign"), DATA)):
            question = {"cms": base64_of(signed), "data": base64_of(DATA), "revocationCheck": ["OCSP", "CRL"]}
            assert requests.post(f"{address}/cms/verify", json=question, timeout=5).json()["valid"]
    assert (folder / "trust" / "gost-root.pem").exists()


def test_double_without_keys_says_so(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--pki", str(tmp_path / "file" / "pki")]) == 2
    assert capsys.readouterr().err
