"""The emulated gateway for tests: on a free port, with the small world and the session's keys."""

from collections.abc import Iterator

import msgspec
import pytest

from integrations.emulators import shep_world
from integrations.emulators.pki import Pki
from integrations.emulators.shep import ShepEmulator, keys_of_pki
from integrations.emulators.shep_script import Script
from tests.integrations.shep.emulator_requests import SENDER, SMALL_WORLD, Client


@pytest.fixture(scope="session")
def running_gateway(pki: Pki) -> Iterator[ShepEmulator]:
    """One for the session: starting it makes a key."""
    world, keys = shep_world.load(SMALL_WORLD), keys_of_pki(pki.folder)
    with ShepEmulator(world, keys, sender=SENDER) as gateway:
        yield gateway


@pytest.fixture
def gateway(running_gateway: ShepEmulator) -> ShepEmulator:
    """The same with nothing going wrong and nothing asked yet."""
    running_gateway.control(msgspec.to_builtins(Script(answer_seconds=0)))
    running_gateway.calls.forget()
    return running_gateway


@pytest.fixture
def client(gateway: ShepEmulator, pki: Pki) -> Client:
    """The client that the gateway knows."""
    return Client(pki.credential("portal"), gateway.port)
