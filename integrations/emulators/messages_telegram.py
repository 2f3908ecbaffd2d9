"""Telegram's Bot API as far as the portal uses it, and the people at the other end of it.

    /bot<token>/getMe, /bot<token>/sendMessage, /bot<token>/getUpdates

A person opens the bot, with the code of a link or without, and blocks it: on the page of the box, or by `POST
/control` with {"telegram": {"start": {"chat": 1001, "code": "abc"}}} or {"telegram": {"block": {"chat": 1001}}}.
"""

import hmac
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec

from integrations.emulators.messages_box import Box, Item
from integrations.emulators.messages_script import TELEGRAM, Director, Rule
from integrations.emulators.messages_wire import Dropped
from integrations.emulators.server import Reply, Request

BOT = {"id": 7_000_000_001, "is_bot": True, "first_name": "Ваучер", "username": "voucher_demo_bot"}
MAX_BODY = 64 * 1024
MAX_UPDATES = 1_000
PROXY_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_PATH = re.compile(r"/bot([^/]+)/([A-Za-z]+)")

BAD_TOKEN = (401, "Unauthorized")
NOT_FOUND = (404, "Not Found")
BLOCKED = (403, "Forbidden: bot was blocked by the user")
CHAT_NOT_FOUND = (400, "Bad Request: chat not found")
REFUSALS = {
    "blocked": BLOCKED,
    "fail_for_good": BLOCKED,
    "chat_not_found": CHAT_NOT_FOUND,
    "refuse": (400, "Bad Request: can't parse entities"),
    "fail_for_now": (500, "Internal Server Error"),
}


class Preview(msgspec.Struct, frozen=True):
    """How links are shown."""

    is_disabled: bool = False


class Outgoing(msgspec.Struct, frozen=True):
    """What sendMessage takes."""

    chat_id: int
    text: str
    link_preview_options: Preview = Preview()


class Press(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person does in a chat."""

    chat: Annotated[int, msgspec.Meta(gt=0, lt=2**52)]
    code: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,64}\Z")] = ""


class _Refused(Exception):
    def __init__(self, status: int, description: str, **parameters) -> None:
        super().__init__(description)
        body = {"ok": False, "error_code": status, "description": description}
        self.reply = Reply.of(body | ({"parameters": parameters} if parameters else {}), status)


class BotApi:
    """Keeps in `box`, obeys `director`; without a token any one is right."""

    def __init__(self, box: Box, director: Director, token: str) -> None:
        self.box, self.director, self._token = box, director, token
        self._updates: deque[dict[str, Any]] = deque(maxlen=MAX_UPDATES)
        self._last_update = 0
        self._started: set[int] = set()
        self._blocked: set[int] = set()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Reply:
        """Answer a request under /bot."""
        try:
            return Reply.of({"ok": True, "result": self._method(request)(request)})
        except _Refused as refused:
            return refused.reply
        except (ValueError, RecursionError, TypeError) as error:  # also what msgspec raises
            return _Refused(400, f"Bad Request: {error}").reply

    def start(self, press: Press) -> None:
        """A person opens the bot, perhaps by a link with a code."""
        with self._lock:
            self._started.add(press.chat)
            self._blocked.discard(press.chat)
            text = f"/start {press.code}".strip()
            self._update("message", press.chat, message_id=self._last_update + 1, text=text)

    def block(self, press: Press) -> None:
        """A person blocks the bot."""
        with self._lock:
            self._blocked.add(press.chat)
            member = {"user": BOT, "status": "kicked", "until_date": 0}
            self._update("my_chat_member", press.chat, new_chat_member=member)

    def control(self, orders: Mapping[str, Any]) -> None:
        """Obey `start` and `block`. Raises ValueError."""
        actions = {"start": self.start, "block": self.block}
        for name, value in orders.items():
            if name not in actions:
                raise ValueError(f"unknown order: {name}")
            actions[name](msgspec.convert(value, Press))

    def _update(self, kind: str, chat: int, **more) -> None:
        self._last_update += 1
        person = {"id": chat, "is_bot": False, "first_name": f"Человек {chat}"}
        content = {"from": person, "chat": {"id": chat, "type": "private"}, "date": int(time.time())} | more
        self._updates.append({"update_id": self._last_update, kind: content})

    def _method(self, request: Request) -> Callable[[Request], Any]:
        match = _PATH.fullmatch(request.path)
        if not match or (self._token and not hmac.compare_digest(match[1].encode(), self._token.encode())):
            raise _Refused(*BAD_TOKEN)
        methods = {"getme": self._me, "sendmessage": self._send, "getupdates": self._get_updates}
        if match[2].lower() not in methods:
            raise _Refused(*NOT_FOUND)
        return methods[match[2].lower()]

    def _me(self, _request: Request) -> dict[str, Any]:
        return BOT

    def _get_updates(self, request: Request) -> list[dict[str, Any]]:
        wanted = _parameters(request)
        offset, limit = int(wanted.get("offset", 0)), int(wanted.get("limit", 100))
        with self._lock:
            while self._updates and self._updates[0]["update_id"] < offset:
                self._updates.popleft()  # what was asked beyond is read
            return list(self._updates)[: min(max(limit, 1), 100)]

    def _send(self, request: Request) -> dict[str, Any]:
        message = msgspec.convert(_parameters(request), Outgoing, strict=False)
        if not message.text.strip():
            raise _Refused(400, "Bad Request: message text is empty")
        if len(message.text.encode("utf-16-le")) // 2 > 4096:
            raise _Refused(400, "Bad Request: message is too long")
        item = Item(TELEGRAM, str(message.chat_id), "", message.text, sender=f"@{BOT['username']}")
        rule = self.director.rule(TELEGRAM, item.to, item.text)
        self._refuse(message.chat_id, item, rule)
        self.box.put(item, "sent")
        if rule.do == "drop_after":
            raise Dropped
        chat = {"id": message.chat_id, "type": "private"}
        return {"message_id": item.number, "date": int(time.time()), "chat": chat, "text": message.text}

    def _refuse(self, chat: int, item: Item, rule: Rule) -> None:
        if rule.do == "drop_before":
            raise Dropped
        if rule.do == "too_many":
            seconds = round(rule.after or 1)
            raise _Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        if rule.do == "unavailable":
            raise _Proxy
        refusal = REFUSALS.get(rule.do)
        if chat in self._blocked:
            refusal = BLOCKED
        elif self.director.script.telegram_needs_start and chat not in self._started:
            refusal = CHAT_NOT_FOUND
        if refusal:
            self.box.put(item, "refused", refusal[1])
            raise _Refused(*refusal)


class _Proxy(_Refused):
    """A proxy before Telegram answers for it."""

    def __init__(self) -> None:
        super().__init__(502, "")
        self.reply = Reply(PROXY_PAGE, 502, "text/html")


def _parameters(request: Request) -> dict[str, Any]:
    """The parameters of a call: of the query, then of a body in JSON or as a form."""
    if len(request.body) > MAX_BODY:
        raise _Refused(413, "Request Entity Too Large")
    values: dict[str, Any] = dict(request.query)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if kind == "application/json":
        values |= json.loads(request.body)
    elif kind == "application/x-www-form-urlencoded":
        values |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    return values
