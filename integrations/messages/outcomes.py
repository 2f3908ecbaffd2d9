"""What is sent and what became of it, the same for all channels.

A message is one attempt to reach one person by one channel, and `our_id` names that attempt. What may follow:

- FAILED_FOR_GOOD: this address or this text will never do; try another channel or correct the address.
- FAILED_FOR_NOW out of `send`: nothing was taken; the same message may be sent again, after `retry_after`.
  FAILED_FOR_NOW out of a status: it was taken, tried and given up (a phone switched off). A new attempt is a new
  message with an id of its own: the other side recognises the old one.
- UNKNOWN: it may be on its way. Where the channel `can_be_asked`, ask by our id; where it `is_idempotent`, sending
  the same again is harmless; elsewhere it is never sent again by itself.
"""

import datetime
import enum
import re
from dataclasses import dataclass, field
from uuid import UUID

from integrations.messages.recipients import Recipient

MAX_SUBJECT = 200
MAX_TEXT = 100_000
MAX_HTML = 1_000_000
_REASON = re.compile(r"[^A-Za-z0-9_.:-]+")
_MAX_REASON = 100
# In a header also what str.splitlines takes for the end of a line.
_NOT_IN_HEADER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class BadMessage(ValueError):
    """Ours to mend: the message breaks a rule of its channel and was not sent. `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the message cannot be sent: {code}")
        self.code = code


class ChannelMisconfigured(Exception):
    """The other side does not know us, or not at this address: no message gets through until a person mends it."""


class State(enum.StrEnum):
    """What is known of a message."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED_FOR_GOOD = "failed_for_good"
    FAILED_FOR_NOW = "failed_for_now"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


# How much a report says. A phone that has the message is a proof: nothing that comes later takes it back.
_WEIGHT = {
    State.UNKNOWN: 0,
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.FAILED_FOR_NOW: 3,
    State.EXPIRED: 4,
    State.FAILED_FOR_GOOD: 4,
    State.DELIVERED: 5,
}


@dataclass(frozen=True)
class Attachment:
    """A file of a letter."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/pdf"


@dataclass(frozen=True)
class Message:
    """One message to one person. `subject`, `html`, `attachments` and `unsubscribe_url` are a letter's only.

    `valid_for` is how long the channel may go on trying to deliver. Raises BadMessage.
    """

    our_id: UUID
    to: Recipient
    text: str = field(repr=False)
    valid_for: datetime.timedelta
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise BadMessage("no_text")
        if self.valid_for <= datetime.timedelta(0):
            raise BadMessage("not_valid")
        for name, limit in (("subject", MAX_SUBJECT), ("text", MAX_TEXT), ("html", MAX_HTML)):
            if len(getattr(self, name)) > limit:
                raise BadMessage(f"{name}_too_long")
        for name in ("text", "html"):
            lines = getattr(self, name).replace("\r\n", "\n")
            if _NOT_IN_TEXT.search(lines):
                raise BadMessage("control_character")
            object.__setattr__(self, name, lines)
        if not (is_one_line(self.subject) and is_one_line(self.unsubscribe_url)):
            raise BadMessage("header")

    @property
    def is_text_only(self) -> bool:
        """Whether it fits channels that know nothing but text."""
        return not (self.subject or self.html or self.attachments or self.unsubscribe_url)


@dataclass(frozen=True)
class Receipt:
    """What the other side says, or what we know without it. `at` is aware; `their_id` is empty where it gave none.

    `reason` is a code without anything of the recipient in it; `retry_after` the seconds it asked us to wait.
    """

    our_id: UUID
    state: State
    at: datetime.datetime
    their_id: str = ""
    reason: str = ""
    retry_after: float | None = None

    def supersedes(self, known: "Receipt") -> bool:
        """Whether this report of a message that was taken tells more than the `known` one.

        Reports come late, twice and out of order; applied by this rule they end in the same state in any order.
        """
        ours, theirs = _WEIGHT[self.state], _WEIGHT[known.state]
        return (ours, self.at, self.state) > (theirs, known.at, known.state)


def reason_of(text: str) -> str:
    """A code out of what the other side wrote: nothing but letters, digits and . : _ -, at most 100."""
    return _REASON.sub("_", text)[:_MAX_REASON]


def is_one_line(text: str) -> bool:
    """Whether `text` may stand in a header: a line break would begin a header of somebody's own."""
    return not _NOT_IN_HEADER.search(text)
