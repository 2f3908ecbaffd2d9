"""`manage.py ask_state_database`: what a person sees who asks by hand."""

import json

import pytest
from django.core.management import call_command

from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.services_examples import BIN, CHILD

HEAD = {"actualAt": "2025-11-05T06:00:00+05:00", "validUntil": "2099-01-01", "isComplete": True}


@pytest.fixture
def ask(capsys):
    """Runs the command; gives its exit status, its standard output and its standard error."""

    def asked(*arguments):
        status = 0
        try:
            call_command("ask_state_database", *arguments)
        except SystemExit as ended:
            status = ended.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return asked


@pytest.fixture
def export(tmp_path):
    """Writes a file of one record under a key."""

    def written(register, key, record):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(HEAD | {"register": register, "records": [{"key": key, "record": record}]}))
        return str(path)

    return written


@pytest.fixture
def certificates(export):
    """Of a child's illness in October."""
    record = {"kind": "095", "from": "2025-10-06", "to": "2025-10-12", "issuerBin": "250140990016"}
    return export("MED", f"{CHILD},2025-10-01,2025-10-31", record)


@pytest.fixture
def debts(export):
    """Of one organisation."""
    return export("KGD", BIN, {"iinBin": BIN, "totalArrear": "-12500.00", "taxOrgInfo": [{"charCode": "0000"}]})


def test_the_list_has_every_database_with_its_key(ask):
    status, printed, _errors = ask("--list")
    lines = printed.splitlines()
    assert (status, len(lines)) == (0, 18)
    assert lines[0] == "GBDFL: ГБД «Физические лица» (МЮ), asked by IIN"


def test_the_list_as_json_has_the_terms_of_each(ask):
    _status, printed, _errors = ask("--list", "--json")
    described = json.loads(printed)
    assert list(described) == list(REGISTERS)
    assert described["NOBD"]["channel"] == "ASYNC"
    assert described["GBDFL"]["needs_consent"] is True


def test_a_found_answer_is_printed_line_by_line(ask, debts):
    status, printed, _errors = ask("kgd", BIN, "--file", debts)
    assert status == 0
    assert "outcome: FOUND" in printed.splitlines()
    assert "records.1.total_kzt: -12500.00" in printed.splitlines()
    assert "records.1.offices.1.code: 0000" in printed.splitlines()
    assert "tax_kzt" not in printed


def test_json_has_decimals_as_text_and_days_as_iso(ask, debts):
    status, printed, _errors = ask("KGD", BIN, "--file", debts, "--json")
    answer = json.loads(printed)
    assert (status, answer["outcome"]) == (0, "FOUND")
    assert answer["records"][0]["total_kzt"] == "-12500.00"
    assert answer["records"][0]["tax_kzt"] is None
    assert answer["valid_until"].startswith("2099-01-01T00:00:00")


def test_a_period_is_given_by_options_or_in_the_key(ask, certificates):
    by_options = ask("MED", CHILD, "--from", "2025-10-01", "--to", "2025-10-31", "--file", certificates, "--json")
    in_the_key = ask("MED", f"{CHILD},2025-10-01,2025-10-31", "--file", certificates, "--json")
    assert by_options[0] == in_the_key[0] == 0
    assert json.loads(by_options[1])["records"] == json.loads(in_the_key[1])["records"]
    assert json.loads(by_options[1])["records"][0]["first_on"] == "2025-10-06"


@pytest.mark.parametrize(
    ("register", "option", "value", "record"),
    [("ENPF", "--month", "2025-10", {"month": "2025-10"}), ("DFO", "--year", "2024", {"year": "2024"})],
)
def test_a_month_and_a_year_are_options_too(ask, export, register, option, value, record):
    status, printed, _errors = ask(register, BIN, option, value, "--file", export(register, f"{BIN},{value}", record))
    assert status == 0
    assert f"records.1.{option[2:]}: {value}" in printed.splitlines()


def test_iins_are_masked_for_people_and_whole_in_json(ask, export):
    path = export("GBDFL", CHILD, {"iin": CHILD, "surname": "ТЕСТОВ"})
    _status, for_people, errors = ask("GBDFL", CHILD, "--file", path)
    assert "records.1.iin: 1901******18" in for_people.splitlines()
    assert CHILD not in for_people + errors
    _status, as_json, _errors = ask("GBDFL", CHILD, "--file", path, "--json")
    assert json.loads(as_json)["records"][0]["iin"] == CHILD


def test_nothing_found_is_conclusive(ask, debts):
    status, printed, _errors = ask("KGD", "250140990016", "--file", debts)
    assert status == 0
    assert "outcome: NOT_FOUND" in printed.splitlines()


def test_an_answer_that_says_nothing_has_its_own_exit_status(ask, debts):
    status, printed, _errors = ask("ELIC", BIN, "--file", debts)
    assert status == 1
    assert "reason: the file is of KGD" in printed.splitlines()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ((), "CODE: must be one of GBDFL, GBDUL"),
        (("OTHER", BIN), "CODE: must be one of GBDFL, GBDUL"),
        (("ELIC",), "ELIC is asked by BIN or IIN"),
        (("ELIC", "240640990013"), "KEY: the IIN or BIN is wrong: check_digit"),
        (("BORDER", CHILD), "BORDER is asked by IIN,first day,last day"),
        (("BORDER", CHILD, "--from", "2025-10-31", "--to", "2025-10-01"), "the period ends before it begins"),
        (("DFO", BIN, "--year", "last"), "the year is wrong"),
        (("ELIC", BIN, "--consent-token", "T"), "both or neither"),
        (("ELIC", BIN, "--file", "/nowhere/export.json"), "--file: "),
    ],
)
def test_wrong_input_is_told_with_what_would_be_right(ask, arguments, hint):
    status, printed, errors = ask(*arguments)
    assert (status, printed) == (2, "")
    assert hint in errors


def test_a_portal_without_a_gateway_names_the_setting(ask, settings):
    settings.SHEP_URL = ""
    status, _printed, errors = ask("ELIC", BIN)
    assert status == 2
    assert "SHEP_URL" in errors
