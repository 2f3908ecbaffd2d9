"""SMS over an HTTP gateway, in a profile of our own; a gateway of another form gets an adapter that speaks it.

    POST {SMS_URL}/messages      Authorization: Bearer SMS_TOKEN, JSON
        {"id": uuid, "to": "+77011234567", "from": "VOUCHER", "text": "…", "callback_url": "https://…" or null,
         "valid_seconds": 86400}
    202 a status                  taken; with `"duplicate": true` (200 or 202) it had it before, word for word
    409 conflict                  it has another message under this id
    422 {"error": {"code", "message"}}   invalid_number, blocked, text … : never; no_funds: not now
    429 with Retry-After          not now, not taken
    401, 403, 404                 it does not know us

    GET {SMS_URL}/messages/{id}   200 a status; 404: it never had it

    A status: {"id": uuid, "state": "accepted" | "sent" | "delivered" | "failed" | "expired",
               "at": "2025-10-03T12:00:00+05:00", "gateway_id": "…", "reason": "absent_subscriber",
               "permanent": true}      `permanent` and `reason` go with `failed`

The same status comes to `callback_url`, signed: see `callbacks`.
"""

from typing import NoReturn
from uuid import UUID

import msgspec

from integrations.messages.channel import Channel, ChannelName, receipt
from integrations.messages.outcomes import BadMessage, ChannelMisconfigured, Message, Receipt, State, reason_of
from integrations.messages.rates import Rate
from integrations.messages.recipients import Phone
from integrations.messages.segments import segments
from integrations.messages.statuses import BadStatus, read_status
from voucher_portal.http import BadAnswer, HttpClient, Refused, Retries, Unavailable

MAX_PARTS = 6  # 402 signs of Cyrillic
MAX_ANSWER_BYTES = 64 * 1024
MAX_VALID_SECONDS = 3 * 24 * 3600
RETRIES = Retries(attempts=3, total_seconds=20, first_pause=0.5, longest_pause=5)
TIMEOUTS = (5.0, 10.0)  # connect, read, in seconds
NOT_KNOWN_THERE = (401, 403, 404, 405)
NOT_NOW = frozenset({"no_funds"})


class SmsChannel(Channel):
    """The gateway. What it does not answer is sent again by itself: it recognises our id.

    `callback_url` is where it shall tell what becomes of a message; without one it has to be asked.
    """

    name = ChannelName.SMS
    reaches = Phone
    is_idempotent = True
    can_be_asked = True

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        sender: str,
        callback_url: str = "",
        rate: Rate | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
        retries: Retries = RETRIES,
    ) -> None:
        super().__init__(rate)
        self._sender = sender
        self._callback_url = callback_url
        self._http = HttpClient(base_url, token, timeouts=timeouts, retries=retries, max_bytes=MAX_ANSWER_BYTES)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def check(self, message: Message) -> None:
        """Text only, of at most six parts."""
        if not message.is_text_only:
            raise BadMessage("text_only")
        if segments(message.text).parts > MAX_PARTS:
            raise BadMessage("text_too_long")

    def ask(self, our_id: UUID) -> Receipt:
        """What the gateway knows of a message. FAILED_FOR_NOW with `never_arrived`: it may be sent again.

        Raises:
            ChannelMisconfigured: the gateway does not know us.
        """
        try:
            return _status(self._http.get(f"/messages/{our_id}").body, our_id)
        except Refused as error:
            if error.status == 404:
                return receipt(our_id, State.FAILED_FOR_NOW, "never_arrived")
            _raise_if_misconfigured(error)
            return receipt(our_id, State.UNKNOWN, reason_of(error.code))
        except Unavailable as error:
            return receipt(our_id, State.UNKNOWN, "no_answer", retry_after=error.retry_after)
        except BadAnswer:
            return receipt(our_id, State.UNKNOWN, "bad_answer")

    def _send(self, message: Message) -> Receipt:
        try:
            answer = self._http.post(
                "/messages", self._body(message), content_type="application/json", is_idempotent=True
            )
        except Refused as error:
            _raise_if_misconfigured(error)
            state = State.FAILED_FOR_NOW if error.code in NOT_NOW else State.FAILED_FOR_GOOD
            return receipt(message.our_id, state, reason_of(error.code))
        except Unavailable as error:
            return _not_answered(message.our_id, error)
        except BadAnswer:
            return receipt(message.our_id, State.UNKNOWN, "bad_answer")
        return _status(answer.body, message.our_id)

    def _body(self, message: Message) -> bytes:
        return msgspec.json.encode(
            {
                "id": message.our_id,
                "to": message.to.address,
                "from": self._sender,
                "text": message.text,
                "callback_url": self._callback_url or None,
                "valid_seconds": min(MAX_VALID_SECONDS, max(1, int(message.valid_for.total_seconds()))),
            }
        )


def _status(body: bytes, our_id: UUID) -> Receipt:
    try:
        told = read_status(body)
    except BadStatus as error:
        return receipt(our_id, State.UNKNOWN, error.code)
    return told if told.our_id == our_id else receipt(our_id, State.UNKNOWN, "foreign_id")


def _not_answered(our_id: UUID, error: Unavailable) -> Receipt:
    if error.is_outcome_unknown:
        return receipt(our_id, State.UNKNOWN, "no_answer", retry_after=error.retry_after)
    reason = "too_many" if error.status == 429 else "no_connection"
    return receipt(our_id, State.FAILED_FOR_NOW, reason, retry_after=error.retry_after)


def _raise_if_misconfigured(error: Refused) -> NoReturn | None:
    if error.status in NOT_KNOWN_THERE:
        raise ChannelMisconfigured(f"the SMS gateway answers {error.status}") from None
    return None
