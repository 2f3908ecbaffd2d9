"""A status as the SMS gateway writes it, in an answer or in a callback. The profile stands in `sms`."""

import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from integrations.messages.outcomes import Receipt, State, reason_of

_Name = Annotated[str, msgspec.Meta(max_length=100, pattern=r"\A[A-Za-z0-9_.:-]*\Z")]


class BadStatus(ValueError):
    """What came is no status. `code` says why; nothing of the content is in the text."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not a status of the SMS gateway: {code}")
        self.code = code


class _Status(msgspec.Struct, frozen=True):
    id: UUID
    state: Literal["accepted", "sent", "delivered", "failed", "expired"]
    at: Annotated[datetime.datetime, msgspec.Meta(tz=True)]
    gateway_id: _Name = ""
    reason: _Name = ""
    permanent: bool = False


_DECODER = msgspec.json.Decoder(_Status)


def read_status(body: bytes) -> Receipt:
    """The receipt that a status amounts to. Unknown fields are passed over. Raises BadStatus."""
    try:
        status = _DECODER.decode(body)
        at = status.at.astimezone(datetime.UTC)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        raise BadStatus("bad_answer") from None
    return Receipt(status.id, _state(status), at, status.gateway_id, reason_of(status.reason))


def _state(status: _Status) -> State:
    if status.state != "failed":
        return State(status.state)
    return State.FAILED_FOR_GOOD if status.permanent else State.FAILED_FOR_NOW
