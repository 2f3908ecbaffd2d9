import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations.messages.channel import ChannelName
from integrations.messages.channels import channels_of_settings
from integrations.messages.outcomes import State
from tests.integrations.messages.examples import BOT_TOKEN, TOKEN, to_chat, to_mailbox, to_phone


@pytest.fixture
def wired(other, settings):
    settings.SMS_URL, settings.SMS_TOKEN = f"{other.url}/sms", TOKEN
    settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_SECURITY = "127.0.0.1", other.smtp.port, "none"
    settings.MAIL_FROM = "Портал ваучеров <portal@voucher.example>"
    settings.TELEGRAM_URL, settings.TELEGRAM_TOKEN = other.url, BOT_TOKEN
    return settings


def test_a_channel_without_an_address_is_absent(settings):
    settings.SMS_URL = settings.SMTP_HOST = settings.TELEGRAM_TOKEN = ""
    assert channels_of_settings() == {}


def test_every_channel_of_the_settings_reaches_the_box(other, wired):
    channels = channels_of_settings()
    messages = {ChannelName.SMS: to_phone(), ChannelName.MAIL: to_mailbox(), ChannelName.TELEGRAM: to_chat()}
    assert set(channels) == set(messages)
    states = {name: channels[name].send(message).state for name, message in messages.items()}
    assert states == {
        ChannelName.SMS: State.ACCEPTED,
        ChannelName.MAIL: State.SENT,
        ChannelName.TELEGRAM: State.SENT,
    }
    assert sorted(item.channel for item in other.box.select()) == ["mail", "sms", "telegram"]
    for channel in channels.values():
        channel.close()


def test_the_gateway_learns_where_to_call_back(wired):
    channel = channels_of_settings(sms_callback_url="http://example.kz/x")[ChannelName.SMS]
    assert channel.send(to_phone()).reason == "bad_callback_url"
    channel.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"SMS_URL": "gateway.example"},
        {"SMTP_SECURITY": "ssl"},
        {"MAIL_FROM": ""},
        {"MAIL_FROM": "nobody"},
        {"SMTP_HOST": "mail.example", "SMTP_USER": "portal", "SMTP_PASSWORD": "secret"},
        {"TELEGRAM_TOKEN": "a/b"},
        {"SMS_PER_SECOND": 0},
    ],
)
def test_settings_that_cannot_work_are_named(wired, wrong):
    for name, value in wrong.items():
        setattr(wired, name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        channels_of_settings()
    assert "secret" not in str(caught.value)
