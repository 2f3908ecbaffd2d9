"""An answer about somebody else is not believed: `registers.believed` and `registers.believed_by_hash`."""

import dataclasses
import datetime

import pytest

from integrations.emulators.shep_async import Book
from integrations.shep import registers
from integrations.shep.file_source import open_file
from integrations.shep.registers import Channel, Outcome, Reading
from integrations.shep.services import border, med, nobd
from integrations.shep.services.catalogue import REGISTERS
from integrations.shep.services.keys import HolderKey, PeriodKey
from tests.integrations.shep.matrix_client import CONSENT
from tests.integrations.shep.portal_side import BIN, IIN, NOBODYS_BIN
from tests.integrations.shep.services_examples import CHILD, EXAMPLES, Loopback, answer_of

OTHER_IIN = "050515699017"
REASON = "not believed: a record is about somebody else"
# Register: what is asked, and what is asked next, to which the same records come.
ASKED = {
    "GBDFL": (IIN, OTHER_IIN),
    "GBDUL": (BIN, NOBODYS_BIN),
    "ELIC": (BIN, NOBODYS_BIN),
    "KGD": (BIN, NOBODYS_BIN),
    "ESUTD": (BIN, NOBODYS_BIN),
    "RN": ("20:313:012:345", "20:313:012:346"),
    "AR": ("0000000000000007", "0000000000000099"),
    "NOBD": (IIN, OTHER_IIN),
    "ZAGS": (IIN, OTHER_IIN),
    "BORDER": (f"{IIN},2025-09-01,2025-09-30", f"{IIN},2024-01-01,2024-01-31"),
    "SANEPID": (f"{BIN},0000000000000007", f"{BIN},0000000000000099"),
    "DFO": (f"{BIN},2024", f"{BIN},2023"),
    "ENPF": (f"{BIN},2025-10", f"{BIN},2024-10"),
    "MED": (f"{IIN},2025-10-01,2025-10-31", f"{IIN},2024-01-01,2024-01-31"),
}
# Their records say nothing of what was asked.
WITHOUT_NUMBER = {
    "QUEUE": (IIN, OTHER_IIN),
    "FIRE": (BIN, NOBODYS_BIN),
    "ANTITERROR": (BIN, NOBODYS_BIN),
    "TREASURY": ("PO-2025-000123", "PO-2025-000124"),
}
# The elements that say it.
NUMBERS = {
    "GBDFL": ["iin"], "GBDUL": ["BIN"], "ELIC": ["iinBin"], "KGD": ["iinBin"], "ESUTD": ["bin"],
    "RN": ["cadastralNumber", "rightHolderBin"], "AR": ["arCode"], "NOBD": ["iin", "schoolBin"],
    "ZAGS": ["iin", "child_iin"], "BORDER": ["crossedAt"], "SANEPID": ["arCode"], "DFO": ["year"], "ENPF": ["month"],
    "MED": ["from", "to"],
}  # fmt: skip


class Impostor:
    """A world that answers a question which it cannot with the records of the one before."""

    def __init__(self, world):
        self.world, self.actual_at, self.before = world, world.actual_at, None

    def records(self, question):
        found = self.world.records(question) or self.before
        self.before = found
        return found


@pytest.fixture
def impostor(gateway, monkeypatch):
    monkeypatch.setattr(gateway.desk, "world", Impostor(gateway.world))
    monkeypatch.setattr(gateway.desk, "book", Book())


def asked(portal, code, text):
    register = REGISTERS[code]
    answer = portal.ask(register, register.key_from(text), consent=CONSENT)
    if register.channel is Channel.SYNC:
        return answer
    (collected,) = portal.collect(register).answers
    assert collected.message_id == answer.message_id
    return collected


def test_every_register_is_here_and_has_a_check_where_it_can():
    assert {**ASKED, **WITHOUT_NUMBER}.keys() == REGISTERS.keys()
    default = next(each.default for each in dataclasses.fields(registers.Register) if each.name == "is_about")
    assert {code for code, each in REGISTERS.items() if each.is_about is default} == WITHOUT_NUMBER.keys()
    later = {code for code, each in REGISTERS.items() if each.channel is Channel.ASYNC}
    assert {code for code, each in REGISTERS.items() if each.keys_of is nobd.REGISTER.keys_of} == later


@pytest.mark.django_db
@pytest.mark.usefixtures("impostor")
@pytest.mark.parametrize("code", ASKED, ids="registers:believed {}".format)
def test_an_answer_about_somebody_else_is_an_error(portal, code):
    right, other = ASKED[code]
    assert asked(portal, code, right).outcome is Outcome.FOUND
    answer = asked(portal, code, other)
    assert (answer.outcome, answer.reason, answer.records) == (Outcome.ERROR, REASON, ())
    assert answer.valid_until is None


@pytest.mark.django_db
@pytest.mark.usefixtures("impostor")
@pytest.mark.parametrize("code", WITHOUT_NUMBER)
def test_records_without_a_number_of_their_own_are_believed(portal, code):
    for text in WITHOUT_NUMBER[code]:
        assert asked(portal, code, text).outcome is Outcome.FOUND


@pytest.mark.django_db
@pytest.mark.usefixtures("impostor")
@pytest.mark.parametrize("code", ["RN", "NOBD"])
def test_the_other_kind_of_number_is_looked_at_too__registers_believed(portal, code):
    assert asked(portal, code, BIN).outcome is Outcome.FOUND
    assert asked(portal, code, NOBODYS_BIN).reason == REASON


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_recorded_answers_are_about_what_was_asked(code):
    loopback = Loopback()
    EXAMPLES[code].ask(loopback)
    found = REGISTERS[code].read(answer_of(code))
    assert registers.believed(REGISTERS[code], loopback.key, found) is found


@pytest.mark.parametrize("code", NUMBERS)
def test_a_record_that_leaves_the_number_out_is_believed(code):
    data = answer_of(code)
    for name in NUMBERS[code]:
        for element in data.xpath(f".//*[local-name()='record' or local-name()='response' or local-name()='person' "
                                  f"or local-name()='Organization']//*[local-name()='{name}']"):  # fmt: skip
            element.getparent().remove(element)
    register = REGISTERS[code]
    found = register.read(data)
    assert found.outcome is Outcome.FOUND
    for text in ASKED[code]:
        assert registers.believed(register, register.key_from(text), found) is found
    assert registers.believed_by_hash(register, lambda key: False, found) is found


def test_one_foreign_record_among_right_ones_is_enough__registers_believed_by_hash():
    register = REGISTERS["NOBD"]
    (ours,) = register.read(answer_of("NOBD")).records[:1]
    foreign = dataclasses.replace(ours, iin=OTHER_IIN)
    found = Reading(Outcome.FOUND, (ours, foreign))
    by_iin, by_bin = HolderKey(ours.iin), HolderKey(ours.school_bin)
    assert registers.believed_by_hash(register, by_bin.__eq__, found) is found
    assert registers.believed_by_hash(register, by_iin.__eq__, found).reason == REASON
    assert registers.believed_by_hash(register, HolderKey(NOBODYS_BIN).__eq__, found).reason == REASON


def day(text):
    return datetime.date.fromisoformat(text)


OCTOBER = PeriodKey(CHILD, day("2025-10-01"), day("2025-10-31"))


@pytest.mark.parametrize(
    ("first", "last", "is_about"),
    [
        ("2025-09-01", "2025-09-30", False),
        ("2025-09-01", "2025-10-01", True),
        ("2025-10-31", "2025-11-30", True),
        ("2025-11-01", "2025-11-30", False),
        ("2025-09-01", "2025-11-30", True),
    ],
)
def test_a_certificate_has_a_day_in_the_period(first, last, is_about):
    certificate = med.MedicalCertificate(None, None, day(first), day(last), None)
    assert med.REGISTER.is_about(OCTOBER, certificate) is is_about


@pytest.mark.parametrize(
    ("at", "is_about"),
    [("2025-09-30T23:59:59+05:00", False), ("2025-10-01T00:00:00+05:00", True), ("2025-10-31T23:59:59+05:00", True),
     ("2025-11-01T00:00:00+05:00", False)],
)  # fmt: skip
def test_a_crossing_lies_in_the_period(at, is_about):
    crossing = border.Crossing(None, datetime.datetime.fromisoformat(at), None)
    assert border.REGISTER.is_about(OCTOBER, crossing) is is_about


def test_a_file_whose_record_is_about_somebody_else_is_an_error(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"#register=ELIC;actualAt=2025-11-05;validUntil=2099-01-01\nkey;iinBin\n{BIN};{NOBODYS_BIN}\n")
    answer = open_file(path).ask(REGISTERS["ELIC"], HolderKey(BIN))
    assert (answer.outcome, answer.reason, answer.records) == (Outcome.ERROR, REASON, ())
