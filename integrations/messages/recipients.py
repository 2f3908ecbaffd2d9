"""Where a message goes: a phone, a mailbox or a chat, checked and in normal form, masked wherever it is shown."""

import re
from dataclasses import dataclass, field

from voucher_portal.phones import PhoneError, mask_phone, normalise_phone

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_LONGEST_LOCAL_PART, _LONGEST_ADDRESS = 64, 254  # RFC 5321 §4.5.3.1
_CHAT = re.compile(r"[1-9][0-9]{0,15}")  # "at most 52 significant bits", positive: a person, not a group


class BadRecipient(ValueError):
    """The address cannot be reached by this channel. Its text does not hold the address; `code` says what is wrong."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the recipient's address is wrong: {code}")
        self.code = code


@dataclass(frozen=True)
class Recipient:
    """Somebody's address in one channel. `str()` and `repr()` show `masked`, never `address`."""

    address: str = field(repr=False)

    @property
    def masked(self) -> str:
        """For logs and lists."""
        return "***"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked})"


@dataclass(frozen=True, repr=False)
class Phone(Recipient):
    """A mobile phone, as typed: `Phone("8 701 123 45 67").address == "+77011234567"`. Raises BadRecipient."""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "address", normalise_phone(self.address))
        except PhoneError as error:
            raise BadRecipient(error.code) from None

    @property
    def masked(self) -> str:
        """ "+7 70* *** ** 01"."""
        return mask_phone(self.address)


@dataclass(frozen=True, repr=False)
class Mailbox(Recipient):
    """An e-mail address; a domain in Cyrillic becomes its ASCII form. Raises BadRecipient.

    A local part beyond ASCII (SMTPUTF8) is refused: few servers on the way understand it.
    """

    def __post_init__(self) -> None:
        local, at, domain = self.address.strip().rpartition("@")
        if len(self.address) > _LONGEST_ADDRESS or len(local) > _LONGEST_LOCAL_PART:
            raise BadRecipient("too_long")
        try:
            ascii_domain = domain.encode("idna").decode().lower()
        except UnicodeError:
            raise BadRecipient("format") from None
        if not (at and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain)):
            raise BadRecipient("format")
        if len(local) + 1 + len(ascii_domain) > _LONGEST_ADDRESS:
            raise BadRecipient("too_long")
        object.__setattr__(self, "address", f"{local}@{ascii_domain}")

    @property
    def masked(self) -> str:
        """ "n***@example.kz"."""
        local, _, domain = self.address.rpartition("@")
        return f"{local[:1]}***@{domain}"


@dataclass(frozen=True, repr=False)
class Chat(Recipient):
    """A person's chat with our bot in Telegram, by its number. Raises BadRecipient."""

    def __post_init__(self) -> None:
        if not _CHAT.fullmatch(self.address):
            raise BadRecipient("format")

    @property
    def masked(self) -> str:
        """ "***17"."""
        return f"***{self.address[-2:]}"
