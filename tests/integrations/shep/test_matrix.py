"""Client and emulated gateway, which share no code of the wire, meet over HTTP: every register in every trouble."""

import pytest

from integrations.shep.client import Gateway
from integrations.shep.registers import Channel, Outcome
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.emulator_requests import IIN
from tests.integrations.shep.matrix_cells import CELLS, KEYS, Cell
from tests.integrations.shep.matrix_client import IMPATIENT, PATIENT, asked, make_client, without_memory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def clients(running_gateway, pki, tmp_path_factory) -> dict[bool, Gateway]:
    """A patient client and an impatient one."""
    folder = tmp_path_factory.mktemp("matrix")
    return {
        is_impatient: make_client(running_gateway, pki, folder, patience=IMPATIENT if is_impatient else PATIENT)
        for is_impatient in (False, True)
    }


def expected(code: str, cell: Cell) -> Outcome:
    """An answer that could not be fetched is still to come."""
    if cell.is_transport and cell.outcome is not Outcome.FOUND and REGISTERS[code].channel is Channel.ASYNC:
        return Outcome.ASKED
    return cell.own.get(code, cell.outcome)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("code", REGISTERS)
def test_every_register_in_every_trouble_ends_in_its_outcome(gateway, clients, code: str, name: str):
    cell, register = CELLS[name], REGISTERS[code]
    is_later = register.channel is Channel.ASYNC
    operation = {"operation": "getMessages"} if is_later and cell.is_transport else {}
    gateway.control({"rules": [cell.rule | operation]})
    fetcher = without_memory(clients[cell.is_impatient])
    portal = without_memory(clients[False]) if is_later else fetcher
    answer = asked(portal, register, KEYS[code][0 if cell.is_known else 1], fetcher=fetcher)
    outcome = expected(code, cell)
    assert (answer.outcome, bool(answer.records)) == (outcome, outcome is Outcome.FOUND)
    assert (answer.valid_until is not None) == (outcome in (Outcome.FOUND, Outcome.NOT_FOUND))
    if outcome not in (Outcome.FOUND, Outcome.ASKED):
        assert answer.reason
    assert IIN not in answer.reason
    if not cell.is_impatient:
        assert gateway.calls.count(answer.message_id) == (1 if is_later else cell.tries)


def test_the_matrix_is_whole():
    assert set(KEYS) == set(REGISTERS)
    assert len(REGISTERS) == 18
