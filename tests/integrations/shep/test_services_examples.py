"""Every state database by its recorded example: the question as it is written, the answer as it is understood."""

from dataclasses import replace

import pytest
from lxml import etree

from integrations.shep import payload
from integrations.shep.registers import Outcome
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.services_examples import (
    CONSENT,
    EXAMPLES,
    SIGNATURE,
    Loopback,
    asking_of,
    canonical,
    data_in,
)

CODES = list(REGISTERS)


@pytest.mark.parametrize("code", CODES)
def test_the_typed_function_writes_the_recorded_question(code):
    gateway = Loopback()
    EXAMPLES[code].ask(gateway)
    recorded = data_in(f"{code.lower()}_request")
    assert dict(gateway.written.attrib) == dict(recorded.attrib)
    assert canonical(payload.content_of(gateway.written)) == canonical(payload.content_of(recorded))


@pytest.mark.parametrize("code", CODES)
def test_the_typed_function_understands_the_recorded_answer(code):
    answer = EXAMPLES[code].ask(Loopback())
    assert (answer.register, answer.outcome) == (code, Outcome.FOUND)
    assert answer.records == EXAMPLES[code].records


def test_the_question_on_a_legal_entity_is_the_contracts_byte_for_byte():
    register = REGISTERS["GBDUL"]
    written = register.write(register.key_from("240640990012"), asking_of("GBDUL"))
    etree.SubElement(written, SIGNATURE, nsmap={"ds": "http://www.w3.org/2000/09/xmldsig#"})
    assert etree.tostring(written, encoding="unicode") == data_in("gbdul_request").text


@pytest.mark.parametrize("code", ["GBDUL", "KGD"])
def test_what_is_signed_is_signed_in_the_contract_too(code):
    recorded = payload.content_of(data_in(f"{code.lower()}_request"))
    assert REGISTERS[code].is_signed
    assert len(list(recorded.iter(SIGNATURE))) == 1


@pytest.mark.parametrize("code", sorted(set(CODES) - {"GBDUL", "KGD"}))
def test_nothing_else_is_signed(code):
    assert not REGISTERS[code].is_signed


@pytest.mark.parametrize("code", CODES)
def test_a_consent_stands_in_the_question_where_one_is_needed(code):
    register, gateway = REGISTERS[code], Loopback()
    EXAMPLES[code].ask(gateway)
    asking = replace(asking_of(code), consent=CONSENT)
    agreed, silent = (register.write(gateway.key, each) for each in (asking, replace(asking, consent=None)))
    if register.needs_consent:
        assert consent_in(agreed) == ("TOKEN", "KEY")
    assert consent_in(silent) == ("", "")


def consent_in(question):
    return tuple(question.xpath(f"string(*[local-name()='{name}'])") for name in ("kdpToken", "publicKey"))
