"""The SMS gateway of the portal's profile: takes a message once; tells, asked and by itself, what becomes of it.

POST /sms/messages, GET /sms/messages/{id}      with the bearer token; the profile stands in docs/integrations.md
"""

import json
import re
import threading
import uuid
from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec

from integrations.emulators.messages_box import Box, Item, Step
from integrations.emulators.messages_callbacks import NotLoopback, Postman, Timeline, check_loopback
from integrations.emulators.messages_script import SMS, Director, Rule
from integrations.emulators.messages_wire import Dropped
from integrations.emulators.server import Reply, Request

MAX_BODY = 64 * 1024
FINAL = frozenset({"delivered", "failed", "expired"})
_GSM = re.compile(r"[\n\r !-Z_a-z@£$¥èéùìòÇØøÅåÄÖÑÜ§¿äöñüàΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡]*")


class Submitted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the portal sends."""

    id: uuid.UUID
    to: Annotated[str, msgspec.Meta(max_length=20)]
    from_: Annotated[str, msgspec.Meta(min_length=1, max_length=20)] = msgspec.field(name="from")
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    valid_seconds: Annotated[int, msgspec.Meta(ge=1, le=7 * 86_400)]
    callback_url: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class SmsGateway:
    """Keeps in `box`, obeys `director`, posts statuses signed with `callback_token`."""

    def __init__(self, box: Box, director: Director, callback_token: str) -> None:
        self.box, self.director = box, director
        self._timeline, self._postman = Timeline(), Postman(callback_token)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing more happens."""
        self._timeline.close()
        self._postman.close()

    def handle(self, request: Request, path: str) -> Reply:
        """Answer; `path` begins with /messages."""
        if request.method == "POST" and path == "/messages":
            return self._submit(request)
        if request.method == "GET" and path.startswith("/messages/"):
            return self._tell(unquote(path.removeprefix("/messages/")))
        return Reply.error(404, "not_found", "There is nothing at this address.")

    def _submit(self, request: Request) -> Reply:
        try:
            message = _read(request)
            if message.callback_url:
                check_loopback(message.callback_url)
        except NotLoopback:
            return Reply.error(422, "bad_callback_url", "Callbacks go to this machine only.")
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return Reply.error(400, "bad_request", str(error))
        with self._lock:
            known = self.box.by_key(SMS, str(message.id))
            return self._again(message, known) if known and known.state != "refused" else self._first(message)

    def _first(self, message: Submitted) -> Reply:
        if not re.fullmatch(r"\+77[0-9]{9}", message.to):
            return Reply.error(422, "invalid_number", "The number is not one of Kazakhstan's mobile networks.")
        rule = self.director.rule(SMS, message.to, message.text)
        return _not_taken(rule) or self._take(message, rule)

    def _again(self, message: Submitted, item: Item) -> Reply:
        if (item.to, item.sender, item.text) != (message.to, message.from_, message.text):
            return Reply.error(409, "conflict", "Another message was taken under this id.")
        item.add("", "came again")
        return Reply.of(_status(item, item.steps[0]) | {"duplicate": True}, 200)

    def _take(self, message: Submitted, rule: Rule) -> Reply:
        parts = count_parts(message.text)
        item = Item(SMS, message.to, str(message.id), message.text, sender=message.from_, parts=parts)
        if rule.do == "refuse":
            code = rule.reason or "invalid_number"
            self.box.put(item, "refused", code)
            return Reply.error(422, code, "The gateway does not take this message.")
        self.box.put(item, "accepted")
        self._plan(message, item, rule)
        if rule.do == "drop_after":
            raise Dropped
        return Reply.of(_status(item, item.steps[0]) | {"duplicate": False}, 202)

    def _plan(self, message: Submitted, item: Item, rule: Rule) -> None:
        if rule.do == "stay":
            return
        seconds, script = self.director.seconds(rule), self.director.script
        state, permanent = {
            "fail_for_good": ("failed", True),
            "fail_for_now": ("failed", False),
            "expire": ("expired", False),
        }.get(rule.do, ("delivered", False))
        final = {"reason": rule.reason or "absent_subscriber", "permanent": permanent} if state == "failed" else {}
        held: list[bytes] = []
        tell = partial(self._tell_portal, message, item, script, held)
        self._timeline.after(seconds / 2, lambda: tell(item.add("sent"), {}))
        self._timeline.after(seconds, lambda: tell(item.add(state, json.dumps(final) if final else ""), final))

    def _tell_portal(self, message: Submitted, item: Item, script, held: list[bytes], step: Step, more: dict) -> None:
        if not message.callback_url or script.callbacks == "none":
            return
        body = json.dumps(_status(item, step) | more).encode()
        if script.callbacks == "reversed" and step.state not in FINAL:
            held.append(body)
            return
        bodies = [body, body] if script.callbacks == "twice" else [body, *reversed(held)]
        late = script.late_seconds if script.callbacks == "late" else 0.0
        for one in bodies:
            self._postman.post(message.callback_url, one, partial(item.add, ""), after=late)

    def _tell(self, key: str) -> Reply:
        item = self.box.by_key(SMS, key)
        if item is None or item.state == "refused":
            return Reply.error(404, "not_found", "This message was never taken.")
        step = next(step for step in reversed(item.steps) if step.state)
        more = json.loads(step.note) if step.state == "failed" else {}
        return Reply.of(_status(item, step) | more)


def _read(request: Request) -> Submitted:
    if len(request.body) > MAX_BODY:
        raise msgspec.ValidationError("too large")
    return msgspec.json.decode(request.body, type=Submitted)


def _status(item: Item, step: Step) -> dict[str, Any]:
    return {"id": item.key, "state": step.state, "at": step.at.isoformat(), "gateway_id": f"sms-{item.number}"}


def _not_taken(rule: Rule) -> Reply | None:
    """What the script wants in place of taking it."""
    if rule.do == "drop_before":
        raise Dropped
    if rule.do == "unavailable":
        return Reply.error(503, "unavailable", "This failure was ordered.")
    if rule.do == "too_many":
        reply = Reply.error(429, "too_many", "This failure was ordered.")
        return Reply(reply.body, reply.status, headers={"Retry-After": f"{rule.after or 1:.0f}"})
    return None


def count_parts(text: str) -> int:
    """How many parts the gateway bills."""
    if _GSM.fullmatch(text):
        return 1 if len(text) <= 160 else -(-len(text) // 153)
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= 70 else -(-units // 67)
