"""What people do with our bot: they open it by a link with a code, and they block it. Everything else is passed over.

The code of `https://t.me/<bot>?start=<code>` comes as the text `/start <code>` and ties the chat to whoever was given
the link. Only a private chat is believed: in a group the code would tie all of it.
Source: https://core.telegram.org/bots/api#update, https://core.telegram.org/bots/features#deep-linking.
"""

import datetime
import re
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

MAX_UPDATES_BYTES = 4 * 1024 * 1024
MAX_UPDATES = 100
_START = re.compile(r"/start(?:@[A-Za-z0-9_]{1,64})?(?: ([A-Za-z0-9_-]{1,64}))?")


class BadUpdates(ValueError):
    """What came are no updates. Nothing of the content is in the text."""


@dataclass(frozen=True)
class Started:
    """Somebody opened the bot. `chat` is the number that `Chat` takes; `code` is empty when he came without a link."""

    update_id: int
    chat: str = field(repr=False)
    code: str = field(repr=False)
    at: datetime.datetime


@dataclass(frozen=True)
class Stopped:
    """Somebody blocked the bot: messages to this chat fail for good until he starts it again."""

    update_id: int
    chat: str = field(repr=False)
    at: datetime.datetime


@dataclass(frozen=True)
class Updates:
    """`next_offset` tells Telegram next time that these were read; None when there was none."""

    items: tuple[Started | Stopped, ...]
    next_offset: int | None


_Id = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Moment = Annotated[int, msgspec.Meta(ge=0, lt=2**33)]


class _Numbered(msgspec.Struct, frozen=True):
    update_id: _Id


class _ChatPart(msgspec.Struct, frozen=True):
    id: Annotated[int, msgspec.Meta(gt=0, lt=2**52)]
    type: str


class _MessagePart(msgspec.Struct, frozen=True):
    chat: _ChatPart
    date: _Moment
    text: str = ""


class _Member(msgspec.Struct, frozen=True):
    status: str


class _MemberPart(msgspec.Struct, frozen=True):
    chat: _ChatPart
    date: _Moment
    new_chat_member: _Member


class _Update(msgspec.Struct, frozen=True):
    update_id: _Id
    message: _MessagePart | None = None
    my_chat_member: _MemberPart | None = None


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_UPDATES)]


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_updates(body: bytes) -> Updates:
    """The answer of getUpdates. An update of a form that we do not know blocks no other. Raises BadUpdates."""
    if len(body) > MAX_UPDATES_BYTES:
        raise BadUpdates("too large")
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        numbers = [msgspec.json.decode(item, type=_Numbered).update_id for item in answer.result]
    except _UNREADABLE:
        raise BadUpdates("not updates") from None
    if not answer.ok:
        raise BadUpdates("not ok")
    known = tuple(filter(None, map(_known, answer.result)))
    return Updates(known, max(numbers) + 1 if numbers else None)


def read_webhook(body: bytes) -> Started | Stopped | None:
    """One update as a webhook brings it; None for one that does not matter. Raises BadUpdates."""
    if len(body) > MAX_UPDATES_BYTES:
        raise BadUpdates("too large")
    try:
        msgspec.json.decode(body, type=_Numbered)
    except _UNREADABLE:
        raise BadUpdates("not an update") from None
    return _known(body)


def _known(item: msgspec.Raw | bytes) -> Started | Stopped | None:
    try:
        update = msgspec.json.decode(item, type=_Update)
    except _UNREADABLE:
        return None
    if (message := update.message) and message.chat.type == "private":
        start = _START.fullmatch(message.text)
        return start and Started(update.update_id, str(message.chat.id), start[1] or "", _instant(message.date))
    if (
        (change := update.my_chat_member)
        and change.chat.type == "private"
        and change.new_chat_member.status == "kicked"
    ):
        return Stopped(update.update_id, str(change.chat.id), _instant(change.date))
    return None


def _instant(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
