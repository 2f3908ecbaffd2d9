"""Telegram's Bot API: messages to chats that people opened with our bot, and what people do there.

The Bot API recognises nothing that comes twice. So a message whose answer was lost is UNKNOWN and is never sent again
by itself: at most once. It tells nothing of delivery either: SENT, the message stands in the chat, is the last state.
Text goes without `parse_mode`: what people wrote cannot become markup, and no markup can be wrong.
Source: https://core.telegram.org/bots/api (sendMessage, getUpdates, ResponseParameters).

The token is part of every address. It stays out of exceptions and log lines, those of urllib3 at DEBUG included.
"""

import logging
import re
from typing import Annotated
from uuid import UUID

import msgspec

from integrations.messages.channel import Channel, ChannelName, receipt
from integrations.messages.outcomes import BadMessage, ChannelMisconfigured, Message, Receipt, State, reason_of
from integrations.messages.rates import Rate
from integrations.messages.recipients import Chat
from integrations.messages.updates import MAX_UPDATES_BYTES, BadUpdates, Updates, read_updates
from voucher_portal.http import BadAnswer, HttpClient, HttpError, Refused, Retries, Unavailable

MAX_TEXT_UNITS = 4096  # of UTF-16, after entities
TIMEOUTS = (5.0, 15.0)  # connect, read, in seconds
ONCE = Retries(attempts=1, total_seconds=20)
UPDATES_AT_ONCE = 100
_TOKEN = re.compile(r"[A-Za-z0-9:_-]{1,100}")
_TOKEN_IN_ADDRESS = re.compile(r"(/bot)[A-Za-z0-9:_-]+")
_REASONS = (  # what a description begins with or holds, in small letters, and our word for it
    ("bot was blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("bot can't initiate conversation", "not_started"),
    ("chat not found", "chat_not_found"),
    ("message is too long", "text_too_long"),
    ("message text is empty", "no_text"),
)


class _WithoutToken(logging.Filter):
    """Strikes the token out of the addresses that urllib3 logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "/bot" in text:
            record.msg, record.args = _TOKEN_IN_ADDRESS.sub(r"\1***", text), None
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutToken())


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: Annotated[float, msgspec.Meta(ge=0)] | None = None


class _Error(msgspec.Struct, frozen=True):
    ok: bool
    description: str = ""
    parameters: _Parameters = _Parameters()


class _Sent(msgspec.Struct, frozen=True):
    message_id: Annotated[int, msgspec.Meta(gt=0)]


class _SentAnswer(msgspec.Struct, frozen=True):
    ok: bool
    result: _Sent


class _Bot(msgspec.Struct, frozen=True):
    username: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_]{1,64}\Z")]


class _BotAnswer(msgspec.Struct, frozen=True):
    ok: bool
    result: _Bot


_BOT = msgspec.json.Decoder(_BotAnswer)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class TelegramUnavailable(Exception):
    """A question to Telegram was not answered in a way that we can read; asking again later is harmless."""


class TelegramChannel(Channel):
    """Our bot. `send` never sends twice; `updates` and `username` are questions."""

    name = ChannelName.TELEGRAM
    reaches = Chat

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        rate: Rate | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        super().__init__(rate)
        if not _TOKEN.fullmatch(token):
            raise ValueError("the token of the bot has letters, digits and : _ - only")
        self._path = f"/bot{token}"
        self._http = HttpClient(
            base_url, secrets=(token,), timeouts=timeouts, retries=ONCE, max_bytes=MAX_UPDATES_BYTES
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def check(self, message: Message) -> None:
        """Text only, of at most 4096 units."""
        if not message.is_text_only:
            raise BadMessage("text_only")
        if len(message.text.encode("utf-16-le")) // 2 > MAX_TEXT_UNITS:
            raise BadMessage("text_too_long")

    def username(self) -> str:
        """The bot's name, for links: `https://t.me/<username>?start=<code>`. Raises TelegramUnavailable."""
        return self._question("/getMe", {}, _BOT.decode).result.username

    def updates(self, offset: int | None = None) -> Updates:
        """What people did since `offset`, which is the `next_offset` of the updates before; they are then forgotten.

        Raises:
            TelegramUnavailable, ChannelMisconfigured.
        """
        params = {"limit": UPDATES_AT_ONCE, "timeout": 0, "allowed_updates": '["message","my_chat_member"]'}
        return self._question("/getUpdates", params | ({} if offset is None else {"offset": offset}), read_updates)

    def _question(self, path: str, params: dict, read):
        try:
            return read(self._http.get(self._path + path, params).body)
        except Refused as error:
            _raise_if_misconfigured(error)
            raise TelegramUnavailable(f"Telegram answers {error.status}") from None
        except HttpError as error:
            raise TelegramUnavailable(str(error)) from None
        except (BadUpdates, *_UNREADABLE):
            raise TelegramUnavailable("Telegram's answer is not readable") from None

    def _send(self, message: Message) -> Receipt:
        body = msgspec.json.encode(
            {
                "chat_id": int(message.to.address),
                "text": message.text,
                "link_preview_options": {"is_disabled": True},
            }
        )
        try:
            answer = self._http.post(f"{self._path}/sendMessage", body, content_type="application/json")
        except Refused as error:
            return _refused(message.our_id, error)
        except Unavailable as error:
            return _not_answered(message.our_id, error)
        except BadAnswer:
            return receipt(message.our_id, State.UNKNOWN, "bad_answer")
        return _sent(message.our_id, answer.body)


def _sent(our_id: UUID, body: bytes) -> Receipt:
    try:
        answer = msgspec.json.decode(body, type=_SentAnswer)
    except _UNREADABLE:
        return receipt(our_id, State.UNKNOWN, "bad_answer")
    if not answer.ok:
        return receipt(our_id, State.UNKNOWN, "bad_answer")
    return receipt(our_id, State.SENT, their_id=str(answer.result.message_id))


def _refused(our_id: UUID, error: Refused) -> Receipt:
    """403 and 400 are about this chat or this text; anything else is about the bot."""
    _raise_if_misconfigured(error)
    told = _error_of(error.body)
    description = told.description.lower() if told else ""
    reason = next((word for phrase, word in _REASONS if phrase in description), f"http_{error.status}")
    return receipt(our_id, State.FAILED_FOR_GOOD, reason_of(reason))


def _not_answered(our_id: UUID, error: Unavailable) -> Receipt:
    """What Telegram itself says with a 5xx it has not done; what a proxy before it says, nobody knows."""
    told = _error_of(error.body)
    if error.status == 429:
        waits = told.parameters.retry_after if told else None
        return receipt(our_id, State.FAILED_FOR_NOW, "too_many", retry_after=waits or error.retry_after)
    if not error.is_outcome_unknown:
        return receipt(our_id, State.FAILED_FOR_NOW, "no_connection")
    if told and error.status and error.status >= 500:
        return receipt(our_id, State.FAILED_FOR_NOW, f"http_{error.status}")
    return receipt(our_id, State.UNKNOWN, "no_answer")


def _error_of(body: bytes) -> _Error | None:
    """What Telegram says with `"ok": false`; None when it is not Telegram that speaks."""
    try:
        told = msgspec.json.decode(body, type=_Error)
    except _UNREADABLE:
        return None
    return None if told.ok else told


def _raise_if_misconfigured(error: Refused) -> None:
    """401: the token is not known; 404: no such method or a malformed token; 409: somebody else polls this bot."""
    if error.status not in (400, 403):
        raise ChannelMisconfigured(f"Telegram answers {error.status}") from None
