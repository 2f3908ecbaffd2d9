"""Background work at the gateway, with the settings of an installation."""

import pytest

from integrations import tasks
from integrations.emulators.shep import ShepEmulator
from integrations.models import RegisterCall
from integrations.shep.client import gateway_of_settings
from integrations.shep.registers import Outcome
from integrations.shep.services import nobd
from tests.integrations.shep.emulator_requests import BIN, IIN, SENDER

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(gateway: ShepEmulator, pki, settings, tmp_path) -> None:
    """The settings of a portal at the emulated gateway."""
    services = pki.folder / "services"
    settings.SHEP_URL, settings.SHEP_ASYNC_URL = gateway.sync_url, gateway.async_url
    settings.SHEP_SENDER_ID, settings.SHEP_SENDER_PASSWORD = SENDER
    settings.SHEP_REQUESTOR_BIN, settings.SHEP_SIGN_WITH = BIN, "rsa"
    settings.SHEP_KEY_FILE = str(services / "portal.key.pem")
    settings.SHEP_CERTIFICATE_FILE = str(services / "portal.pem")
    settings.SHEP_GATEWAY_CERTIFICATE_FILE = str(services / "gateway.pem")
    settings.ARCHIVE_ROOT = tmp_path / "archive"


def test_an_answer_that_comes_later_is_there_when_the_question_is_asked_again(connected):
    assert nobd.enrolments(gateway_of_settings(), IIN, fresh=True).outcome is Outcome.ASKED
    tasks.collect_later_answers()
    assert RegisterCall.objects.get().outcome == Outcome.FOUND
    answer = nobd.enrolments(gateway_of_settings(), IIN)
    assert (answer.outcome, answer.is_from_cache) == (Outcome.FOUND, True)
    tasks.collect_later_answers()
    assert RegisterCall.objects.count() == 1


def test_without_the_asynchronous_channel_there_is_nothing_to_collect(gateway, settings):
    settings.SHEP_ASYNC_URL = ""
    tasks.collect_later_answers()
    assert gateway.calls.total == 0
