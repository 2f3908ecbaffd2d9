"""One state database as the gateway's client sees it: what it is asked, and what its answer says.

The fields and their sources: contracts/shep.md §3-§5. A rule of the law is decided above, never here.
"""

import datetime
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lxml import etree


class Outcome(enum.StrEnum):
    """What became of one question. Only FOUND and NOT_FOUND say something about the world; the rest is "unknown"."""

    FOUND = "FOUND"
    NOT_FOUND = "NOT_FOUND"  # the register says that there is none
    NO_DATA = "NO_DATA"  # an empty answer
    DENIED = "DENIED"  # we have no right to ask
    CONSENT_NEEDED = "CONSENT_NEEDED"  # the person has not agreed yet (КДП)
    ASKED = "ASKED"  # the answer comes later, on the asynchronous channel
    ERROR = "ERROR"
    TIMEOUT = "TIMEOUT"  # it did not answer, or cannot now
    STALE = "STALE"  # not answered now; the records are those of an answer that has run out


CONCLUSIVE = frozenset({Outcome.FOUND, Outcome.NOT_FOUND})


class Channel(enum.StrEnum):
    """How the gateway is spoken to."""

    SYNC = "SYNC"
    ASYNC = "ASYNC"


class Form(enum.StrEnum):
    """How the business element stands in `data`."""

    CHILD = "CHILD"  # as its only child
    TYPED = "TYPED"  # its children are those of `data`, which names its type in xsi:type
    ESCAPED = "ESCAPED"  # as a string


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's consent to be asked about (КДП): both parts go into the question."""

    token: str = field(repr=False)
    public_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a question has to say of itself. `asked_at` is aware, in Asia/Almaty."""

    message_id: str
    asked_at: datetime.datetime
    sender_code: str
    requestor_bin: str
    correlation_id: str | None = None
    consent: Consent | None = None


# What a register is asked by: frozen, and `str` gives the same text for the same key, for the cache; never logged.
K = TypeVar("K")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Reading(Generic[R]):
    """What the business layer of an answer says. `actual_at`: how fresh the source itself is, where it says so."""

    outcome: Outcome
    records: tuple[R, ...] = ()
    actual_at: datetime.datetime | None = None
    reason: str = ""


def _says_nothing_of_the_key(_key: Any, _record: Any) -> bool:
    return True


def _no_keys(_record: Any) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Register(Generic[K, R]):
    """A state database behind the gateway.

    `write` gives the business element of a question, `read` understands the `data` element of an answer, whose
    content is elements even where it came as a string; `read` raises integrations.safe_xml.BadMessage for what it
    cannot understand.
    `not_found_codes` are values of `status/code` by which this register says that there is none.
    `keep` is for how long an answer is as good as a new one.
    `is_about` is whether a record speaks of what was asked: one that leaves the asked number out does, one that says
    another does not. Left out where a record has no number or day of its question at all: then every one does.
    `keys_of` are the keys that a record names. Only the asynchronous channel needs it: there the question is gone when
    the answer comes, and of its key only a hash is left (`believed_by_hash`).
    """

    code: str
    service_id: str
    name_ru: str
    key_from: Callable[[str], K]  # of a person's hands: "240640990012" or "240640990012,0000000000000007"
    write: Callable[[K, Asking], etree._Element]
    read: Callable[[etree._Element], Reading[R]]
    form: Form = Form.CHILD
    is_signed: bool = False
    channel: Channel = Channel.SYNC
    needs_consent: bool = False
    not_found_codes: frozenset[str] = frozenset({"404"})
    keep: datetime.timedelta = datetime.timedelta(days=1)
    is_about: Callable[[K, R], bool] = _says_nothing_of_the_key
    keys_of: Callable[[R], Iterable[K]] = _no_keys


NOT_BELIEVED = Reading(Outcome.ERROR, reason="not believed: a record is about somebody else")


def believed(register: Register[K, R], key: K, found: Reading[R]) -> Reading[R]:
    """`found`, or an error where one of its records is not about `key`."""
    return found if all(register.is_about(key, record) for record in found.records) else NOT_BELIEVED


def believed_by_hash(register: Register[K, R], is_asked: Callable[[K], bool], found: Reading[R]) -> Reading[R]:
    """The same where the key is not known, but `is_asked` knows it again.

    Stricter than `believed`: where the records name keys, the asked one must be among them, for whether it was left
    out or another was asked about cannot be told.
    """
    named = {str(key): key for record in found.records for key in register.keys_of(record)}
    if not named:
        return found
    asked = next((key for key in named.values() if is_asked(key)), None)
    return NOT_BELIEVED if asked is None else believed(register, asked, found)


@dataclass(frozen=True, slots=True)
class RegisterAnswer(Generic[R]):
    """What the rest of the portal sees of one question.

    `raw_sha256` names the bytes of the answer in the archive, empty when there was none; `reason` is for operators:
    the code and the text of the other side, without personal data. Records of a STALE answer are old ones.
    """

    register: str
    outcome: Outcome
    message_id: str
    asked_at: datetime.datetime
    records: tuple[R, ...] = ()
    actual_at: datetime.datetime | None = None
    valid_until: datetime.datetime | None = None
    raw_sha256: str = ""
    reason: str = ""
    is_from_cache: bool = False
