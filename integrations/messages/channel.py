"""What every channel is: it sends one message and says what is known of it."""

import abc
import enum
from typing import ClassVar
from uuid import UUID

from django.utils import timezone

from integrations.messages.outcomes import BadMessage, Message, Receipt, State
from integrations.messages.rates import NoMoment, Rate, Unlimited
from integrations.messages.recipients import Recipient

LONGEST_RETRY_AFTER = 24 * 3600.0  # seconds; whoever asks for more is asked again after this


class ChannelName(enum.StrEnum):
    """The channels there can be."""

    SMS = "sms"
    MAIL = "mail"
    TELEGRAM = "telegram"


class Channel(abc.ABC):
    """One way to people. Not for two threads at once.

    `is_idempotent`: the other side recognises our id, and what comes twice is delivered once. `can_be_asked`: it tells
    by our id what became of a message.
    """

    name: ClassVar[ChannelName]
    reaches: ClassVar[type[Recipient]]
    is_idempotent: ClassVar[bool] = False
    can_be_asked: ClassVar[bool] = False

    def __init__(self, rate: Rate | None = None) -> None:
        self._rate = rate or Unlimited()

    def send(self, message: Message) -> Receipt:
        """Hand the message over, when the rate of the channel lets it, and say what is known then.

        Raises:
            BadMessage: it breaks a rule of this channel; nothing was sent.
            ChannelMisconfigured: no message gets through until a person mends the settings.
        """
        if not isinstance(message.to, self.reaches):
            raise BadMessage("recipient")
        self.check(message)
        try:
            self._rate.wait()
        except NoMoment as error:
            return receipt(message.our_id, State.FAILED_FOR_NOW, "rate", retry_after=error.seconds)
        return self._send(message)

    def ask(self, our_id: UUID) -> Receipt:
        """What became of a message. Where the channel cannot be asked it stays UNKNOWN."""
        return receipt(our_id, State.UNKNOWN, "cannot_be_asked")

    def close(self) -> None:  # noqa: B027 not every channel holds something
        """Give back what it holds."""

    @abc.abstractmethod
    def check(self, message: Message) -> None:
        """Raises BadMessage for what this channel cannot carry."""

    @abc.abstractmethod
    def _send(self, message: Message) -> Receipt:
        """Hand over a message that was checked."""


def receipt(
    our_id: UUID, state: State, reason: str = "", *, their_id: str = "", retry_after: float | None = None
) -> Receipt:
    """What we know now."""
    if retry_after is not None:
        retry_after = min(retry_after, LONGEST_RETRY_AFTER)
    return Receipt(our_id, state, timezone.now(), their_id, reason, retry_after)
