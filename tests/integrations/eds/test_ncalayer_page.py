"""The page of the emulated NCALayer, its orders, and the emulator as a process."""

import json
import subprocess
import sys

import pytest
import requests
from lxml import html
from websockets.sync.client import connect

from integrations.emulators.ncalayer import NcaLayerEmulator
from integrations.emulators.ncalayer_script import Script
from integrations.emulators.process import emulator_process
from integrations.emulators.script import ScriptError

WITHIN = 10  # seconds


@pytest.fixture
def ncalayer(pki):
    with NcaLayerEmulator(pki) as emulator:
        yield emulator


def opened(ncalayer) -> html.HtmlElement:
    answer = requests.get(ncalayer.url, timeout=WITHIN)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return html.document_fromstring(answer.content)


def submit(ncalayer, **choices) -> requests.Response:
    """Send the form as it stands on the page, with other choices."""
    (form,) = opened(ncalayer).forms
    return requests.post(ncalayer.url, data=dict(form.form_values()) | choices, timeout=WITHIN)


def test_everybody_with_a_key_can_be_chosen(ncalayer, pki):
    text = opened(ncalayer).text_content()
    for holder in pki.people:
        assert holder.name in text
        assert holder.organisation in text
    for word in ("первый руководитель", "сотрудник", "срок истёк", "отозван", "action.canceled"):
        assert word in text


def test_a_person_chooses_who_signs_and_how_it_goes(ncalayer):
    answer = submit(ncalayer, signer="guardian", scenario="slow", slow_seconds="0.5", is_old="yes")
    assert answer.status_code == 200
    assert answer.history[0].status_code == 303
    assert ncalayer.script == Script(signer="guardian", scenario="slow", slow_seconds=0.5, is_old=True)
    checked = opened(ncalayer).xpath("//input[@checked]/@value")
    assert checked == ["guardian", "slow", "yes"]
    submit(ncalayer, scenario="ok")
    assert ncalayer.script.signer == "guardian"


@pytest.mark.parametrize(
    "choices", [{"signer": "nobody"}, {"scenario": "dance"}, {"slow_seconds": "soon"}, {"slow_seconds": "nan"}]
)
def test_what_cannot_be_chosen_changes_nothing(ncalayer, choices):
    before = ncalayer.script
    assert submit(ncalayer, **choices).status_code == 400
    assert ncalayer.script == before


def test_the_page_shows_the_last_requests_and_escapes_them(ncalayer):
    assert "Пока не было ни одного" in opened(ncalayer).text_content()
    with connect(ncalayer.address, proxy=None) as socket:
        socket.recv(WITHIN)
        socket.send(json.dumps({"module": "<script>", "method": "x"}))
        socket.recv(WITHIN)
    page = opened(ncalayer)
    assert page.xpath("//script") == []
    assert "<script> x" in page.xpath("//table")[0].text_content()
    (entry,) = requests.get(f"{ncalayer.url}/control", timeout=WITHIN).json()["asked"]
    assert entry["what"] == "<script> x"
    assert entry["answer"].startswith("METHOD_NOT_FOUND")


def test_control_obeys_and_refuses(ncalayer):
    def order(body) -> requests.Response:
        return requests.post(f"{ncalayer.url}/control", json=body, timeout=WITHIN)

    assert order({"signer": "guardian-auth", "scenario": "pem"}).json()["scenario"] == "pem"
    for wrong in ({"signer": "nobody"}, {"scenario": "dance"}, {"scenari": "ok"}, {"slow_seconds": -1}, [], 7):
        assert order(wrong).status_code == 400, wrong
    assert order({}).json() == {
        "signer": "guardian-auth",
        "scenario": "pem",
        "slow_seconds": 5.0,
        "is_gost": False,
        "is_old": False,
        "address": ncalayer.address,
        "asked": [],
    }


def test_other_addresses_are_empty(ncalayer):
    assert requests.get(f"{ncalayer.url}/favicon.ico", timeout=WITHIN).status_code == 404


def test_a_script_file_is_read_and_a_wrong_one_names_its_fault(tmp_path):
    file = tmp_path / "script.yaml"
    file.write_text("signer: guardian\nscenario: cancel\n", encoding="utf-8")
    assert Script.load(file) == Script(signer="guardian", scenario="cancel")
    for wrong in ("scenario: dance", "colour: red", "[1]", "a: [", "slow_seconds: never"):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(ScriptError):
            Script.load(file)


def test_as_a_process_it_tells_its_page_and_ends_when_asked(pki, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("{signer: guardian, scenario: slow, slow_seconds: 600}", encoding="utf-8")
    with emulator_process("ncalayer", "--port", 0, "--pki", pki.folder, "--script", script) as (page, process):
        address = requests.get(f"{page}/control", timeout=WITHIN).json()["address"]
        with connect(address, proxy=None) as socket:
            assert json.loads(socket.recv(WITHIN)) == {"result": {"version": "1.2"}}
            args = {"format": "cms", "data": "AA==", "signingParams": {}, "signerParams": {}}
            socket.send(json.dumps({"module": "kz.gov.pki.knca.basics", "method": "sign", "args": args}))
            process.terminate()
            assert process.wait(WITHIN) == 0  # also while a signature is awaited


@pytest.mark.parametrize("wrong", ["--pki=/nowhere", "--script=/nowhere"])
def test_it_does_not_start_on_what_is_not_there(pki, wrong):
    command = [sys.executable, "-m", "integrations.emulators.ncalayer", "--port=0", f"--pki={pki.folder}", wrong]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "nowhere" in ended.stderr
