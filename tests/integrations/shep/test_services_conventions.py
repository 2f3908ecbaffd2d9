"""Every state database is described: an example, a docstring with its source, typed fields, its assumptions."""

import dataclasses
import datetime
import inspect
import typing
from decimal import Decimal

import pytest

from integrations.shep.reading import Coded
from integrations.shep.registers import Channel, Form
from integrations.shep.services import catalogue, passports
from tests.integrations.shep.services_answers import FORMS, RECORDS
from tests.integrations.shep.services_examples import EXAMPLES, FOLDER
from voucher_portal.dates import Month

CODES = ["GBDFL", "GBDUL", "ELIC", "KGD", "ESUTD", "RN", "AR", "NOBD", "ZAGS", "QUEUE", "BORDER", "SANEPID", "FIRE",
         "ANTITERROR", "DFO", "TREASURY", "ENPF", "MED"]  # fmt: skip
SERVICE_IDS = """GBDFLUniversal_token GbdulInfoByBin_v2 ELIC_LicenseByBin CITS_DEBTS ESUTD_ContractsByBin
    RN_RightsByObject AR_AddressByCode NOBD_Enrolment ZAGS_BirthByChild QUEUE_OtherRegions BORDER_Crossings
    SANEPID_Conclusion FIRE_Inspection ANTITERROR_Passport DFO_Statements TREASURY_PaymentStatus ENPF_PaymentsByBin
    MED_Certificates""".split()
PLAIN = {str, bool, int, Decimal, datetime.date, datetime.datetime, Month, Coded}


def module_of(code):
    return inspect.getmodule(RECORDS[code])


def test_the_catalogue_is_the_contracts_sixteen_and_the_two_in_reserve():
    assert list(catalogue.REGISTERS) == list(passports.PASSPORTS) == CODES
    assert [register.service_id for register in catalogue.REGISTERS.values()] == SERVICE_IDS


@pytest.mark.parametrize("code", CODES)
def test_a_register_is_what_its_passport_says(code):
    register, passport = catalogue.REGISTERS[code], passports.PASSPORTS[code]
    assert register.code == code
    assert register.service_id == passport.service_id
    assert (register.name_ru, register.keep) == (passport.name_ru, passport.keep)
    assert register.needs_consent == passport.needs_consent
    assert passport.owner
    assert "contracts/shep.md" in passport.source
    assert datetime.timedelta() < register.keep <= datetime.timedelta(days=30)


@pytest.mark.parametrize("code", CODES)
def test_a_register_has_an_example_and_a_source(code):
    assert (FOLDER / f"{code.lower()}_request.xml").is_file()
    assert (FOLDER / f"{code.lower()}_answer.xml").is_file()
    assert EXAMPLES[code].records
    assert "contracts/shep.md" in module_of(code).__doc__


@pytest.mark.parametrize("record", FORMS)
def test_a_record_is_frozen_typed_and_described(record):
    assert record.__dataclass_params__.frozen
    assert "__slots__" in vars(record)
    assert not record.__doc__.startswith(f"{record.__name__}(")
    hints = typing.get_type_hints(record)
    for field in dataclasses.fields(record):
        kinds = set(typing.get_args(hints[field.name]) or [hints[field.name]]) - {type(None), Ellipsis}
        assert all(kind in PLAIN or kind in FORMS for kind in kinds), field.name
        if Decimal in kinds:
            assert field.name.endswith(("_kzt", "_m2", "itude")), field.name


def test_forms_channels_signatures_and_consents_are_the_contracts():
    registers = catalogue.REGISTERS.values()
    assert {each.code: each.form for each in registers if each.form is not Form.CHILD} == {
        "GBDFL": Form.TYPED, "GBDUL": Form.ESCAPED,
    }  # fmt: skip
    assert [each.code for each in registers if each.channel is Channel.ASYNC] == ["NOBD"]
    assert [each.code for each in registers if each.is_signed] == ["GBDUL", "KGD"]
    assert [each.code for each in registers if each.needs_consent] == ["GBDFL", "ZAGS", "BORDER", "MED"]
