"""`manage.py ask_state_database … --request-consent` over HTTP: the person is asked first, then the register."""

import json

import pytest
from django.core.management import call_command

from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.portal_side import BIN, IIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(connected, gateway, capsys):
    """Runs the command against the emulated gateway; gives its exit status, its output and its errors."""
    connected.SHEP_WITHOUT_CONSENT = []
    gateway.control({"check_tokens": True})

    def asked(*arguments):
        status = 0
        try:
            call_command("ask_state_database", *arguments)
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return asked


def services(gateway):
    """What was asked, the first first."""
    return [call["service"] for call in gateway.calls.told("")["calls"]]


def test_a_person_who_agrees_is_asked_about_with_his_consent(ask, gateway):
    status, printed, errors = ask("GBDFL", IIN, "--request-consent", "--fresh")
    assert status == 0
    assert "outcome: FOUND" in printed.splitlines()
    assert "records.1.last_name: ТЕСТОВ" in printed.splitlines()
    assert services(gateway) == ["KDP_SERVICE", "GBDFL"]
    assert IIN not in printed + errors


def test_a_period_has_a_person_too(ask, gateway):
    period = ("--from", "2025-09-01", "--to", "2025-09-30")
    status, printed, _errors = ask("BORDER", IIN, *period, "--request-consent", "--fresh", "--json")
    assert (status, json.loads(printed)["outcome"]) == (0, "FOUND")
    assert services(gateway) == ["KDP_SERVICE", "BORDER"]


@pytest.mark.parametrize(
    ("order", "outcome", "hint"),
    [
        ({"consent": "wait"}, "CONSENT_NEEDED", "has not answered"),
        ({"consent": "refuse"}, "DENIED", "does not consent"),
        ({"rules": [{"service": "KDP_SERVICE", "outcome": "error"}]}, "ERROR", "could not be asked for"),
    ],
)
def test_without_a_yes_the_register_is_not_asked_and_it_is_said_why(ask, gateway, order, outcome, hint):
    gateway.control(order)
    status, printed, errors = ask("GBDFL", IIN, "--request-consent", "--fresh", "--json")
    answer = json.loads(printed)
    assert (status, answer["register"], answer["outcome"], answer["records"]) == (1, "KDP", outcome, [])
    assert answer["reason"]
    assert hint in errors
    assert services(gateway) == ["KDP_SERVICE"]


def test_a_person_who_answers_later_is_asked_about_then(ask, gateway):
    gateway.control({"consent": "wait"})
    assert ask("GBDFL", IIN, "--request-consent", "--fresh")[0] == 1
    gateway.control({"consent": "confirm"})
    assert ask("GBDFL", IIN, "--request-consent", "--fresh")[0] == 0


def test_the_token_is_printed_nowhere(ask, gateway):
    _status, printed, errors = ask("GBDFL", IIN, "--request-consent", "--fresh", "--json")
    tokens = list(gateway.desk.consent._tokens)
    assert tokens
    assert not any(token in printed + errors for token in tokens)


def test_without_consent_the_option_is_named(ask, gateway):
    status, _printed, errors = ask("GBDFL", IIN, "--fresh")
    assert (status, gateway.calls.total) == (1, 0)
    assert "--request-consent" in errors


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("ELIC", BIN), "ELIC is asked without consent"),
        (("GBDFL", IIN, "--file", "export.json"), "neither with --file"),
        (("GBDFL", IIN, "--consent-token", "T", "--consent-key", "K"), "nor with --consent-token"),
        (("GBDFL", BIN), "GBDFL is asked by IIN"),
    ],
)
def test_what_has_no_consent_is_wrong_input(ask, gateway, arguments, hint):
    status, printed, errors = ask(*arguments, "--request-consent")
    assert (status, printed, gateway.calls.total) == (2, "", 0)
    assert hint in errors


def test_a_key_that_signs_no_web_token_is_told(ask, connected, gateway):
    connected.SHEP_SIGN_WITH, connected.NCANODE_URL = "ncanode", "http://127.0.0.1:1"
    status, _printed, errors = ask("GBDFL", IIN, "--request-consent")
    assert (status, gateway.calls.total) == (2, 0)
    assert "RSA" in errors


def test_every_register_that_needs_consent_is_asked_about_a_person():
    keys = {"GBDFL": IIN, "ZAGS": IIN, "BORDER": f"{IIN},2025-09-01,2025-09-30", "MED": f"{IIN},2025-09-01,2025-09-30"}
    assert {code for code, each in REGISTERS.items() if each.needs_consent} == keys.keys()
    assert {REGISTERS[code].key_from(text).iin for code, text in keys.items()} == {IIN}
