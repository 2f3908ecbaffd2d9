"""The channels that the settings name. One without an address is absent: the portal does without it."""

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from integrations.messages.channel import Channel, ChannelName
from integrations.messages.letters import BadSender
from integrations.messages.mail import MailChannel, MailServer, Security
from integrations.messages.rates import RateLimit
from integrations.messages.sms import SmsChannel
from integrations.messages.telegram import TelegramChannel
from voucher_portal.addresses import CACHE, redis_url

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def channels_of_settings(*, sms_callback_url: str = "") -> dict[ChannelName, Channel]:
    """One of each channel that the portal has; not for two threads at once.

    `sms_callback_url` is the whole address at which the portal reads the gateway's callbacks; without it statuses are
    asked for. Raises ImproperlyConfigured.
    """
    try:
        return {channel.name: channel for channel in (_sms(sms_callback_url), _mail(), _telegram()) if channel}
    except (ValueError, BadSender) as error:
        raise ImproperlyConfigured(f"Messages: {error}") from None


def _sms(callback_url: str) -> SmsChannel | None:
    if not settings.SMS_URL:
        return None
    return SmsChannel(
        settings.SMS_URL,
        settings.SMS_TOKEN,
        sender=settings.SMS_SENDER,
        callback_url=callback_url,
        rate=_rate(ChannelName.SMS, settings.SMS_PER_SECOND),
    )


def _mail() -> MailChannel | None:
    if not settings.SMTP_HOST:
        return None
    security = Security(settings.SMTP_SECURITY)
    if security == Security.NONE and settings.SMTP_USER and settings.SMTP_HOST not in LOOPBACK:
        raise ValueError("SMTP_SECURITY=none would send SMTP_PASSWORD in the clear")
    server = MailServer(settings.SMTP_HOST, settings.SMTP_PORT, security, settings.SMTP_USER, settings.SMTP_PASSWORD)
    return MailChannel(server, sender=settings.MAIL_FROM, rate=_rate(ChannelName.MAIL, settings.MAIL_PER_SECOND))


def _telegram() -> TelegramChannel | None:
    if not settings.TELEGRAM_TOKEN:
        return None
    return TelegramChannel(
        settings.TELEGRAM_URL,
        settings.TELEGRAM_TOKEN,
        rate=_rate(ChannelName.TELEGRAM, settings.TELEGRAM_PER_SECOND),
    )


def _rate(name: ChannelName, per_second: int) -> RateLimit:
    client = redis.Redis.from_url(
        redis_url(settings.REDIS_URL, CACHE),
        socket_connect_timeout=2,
        socket_timeout=5,
        retry=Retry(ExponentialBackoff(cap=0.1), 1),
    )
    return RateLimit(client, name, per_second)
