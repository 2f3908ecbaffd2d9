"""The emulated other side, and the channels that meet it over sockets only."""

import pytest

from integrations.emulators.messages import MessagesEmulator
from integrations.messages.mail import MailChannel, MailServer, Security
from integrations.messages.sms import SmsChannel
from integrations.messages.telegram import TelegramChannel
from tests.integrations.messages.examples import BOT_TOKEN, CALLBACK_TOKEN, QUICK, SENDER, TOKEN


@pytest.fixture
def other():
    with MessagesEmulator(token=TOKEN, callback_token=CALLBACK_TOKEN, telegram_token=BOT_TOKEN) as emulator:
        emulator.control({"deliver_after": 0.05})
        yield emulator


@pytest.fixture
def sms(other):
    channel = SmsChannel(f"{other.url}/sms", TOKEN, sender="VOUCHER", timeouts=(1, 1), retries=QUICK)
    yield channel
    channel.close()


@pytest.fixture
def mail(other):
    return MailChannel(MailServer("127.0.0.1", other.smtp.port, Security.NONE, wait=2, total=5), sender=SENDER)


@pytest.fixture
def telegram(other):
    channel = TelegramChannel(other.url, BOT_TOKEN, timeouts=(1, 1))
    yield channel
    channel.close()
