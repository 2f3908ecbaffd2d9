"""E-mail by SMTP: one letter to one person in one conversation, and what the server's answers mean.

4xx and everything before the letter's end that goes wrong with the line is for now; 5xx about the recipient or the
letter is for good; 5xx about us (sign-in, sender) is for a person to mend. When the line breaks between the letter's
last byte and the answer, nobody knows: UNKNOWN. SMTP cannot be asked and recognises nothing that comes twice, so such
a letter is not sent again by itself. SENT means that the next server has taken it; a letter that comes back later is
not seen here.
Source: RFC 5321 §4.2.1, §4.5.3, §6.1; RFC 3463 for the enhanced codes; RFC 1870 for SIZE.
"""

import contextlib
import enum
import smtplib
import ssl
from dataclasses import dataclass, field
from uuid import UUID

from integrations.messages import letters
from integrations.messages.channel import Channel, ChannelName, receipt
from integrations.messages.outcomes import ChannelMisconfigured, Message, Receipt, State
from integrations.messages.rates import Rate
from integrations.messages.recipients import Mailbox
from integrations.messages.smtp_session import Reply, Session, session_with, stuffed

WAIT_SECONDS = 20.0  # for each answer
TOTAL_SECONDS = 60.0  # for a letter from the greeting on


class Security(enum.StrEnum):
    """How the line is protected: STARTTLS or nothing goes, TLS from the first byte, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True)
class MailServer:
    """Our outgoing server. `tls` checks its certificate; without a user there is no sign-in. Times in seconds."""

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    wait: float = WAIT_SECONDS
    total: float = TOTAL_SECONDS


class _Ended(Exception):
    """The conversation ended before the letter went out; the outcome is known."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class MailChannel(Channel):
    """Letters from one sender, `MAIL_FROM`, through one server. Raises BadSender."""

    name = ChannelName.MAIL
    reaches = Mailbox

    def __init__(self, server: MailServer, *, sender: str, rate: Rate | None = None) -> None:
        super().__init__(rate)
        self._server = server
        self._sender = letters.read_sender(sender)

    def check(self, message: Message) -> None:
        """A subject, files of known kinds within their limits."""
        letters.check(message)

    def _send(self, message: Message) -> Receipt:
        content, server = letters.compose(message, self._sender), self._server
        times = {"wait": server.wait, "total": server.total}
        implicit_tls = server.tls if server.security == Security.TLS else None
        line = session_with(
            server.host, server.port, **times, implicit_tls=implicit_tls, local_name=self._sender.domain
        )
        try:
            with line as session:
                self._address(session, message.to, len(content))
                session.send(stuffed(content))  # a part of it that did not leave us holds at least the end
                return _answer_of(session, message.our_id)
        except _Ended as ended:
            return receipt(message.our_id, ended.state, ended.reason)
        except ssl.SSLCertVerificationError:
            raise ChannelMisconfigured("the mail server's certificate is not trusted") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return receipt(message.our_id, State.FAILED_FOR_NOW, _name_of(error))

    def _address(self, session: Session, to: Mailbox, size: int) -> None:
        """Everything up to the letter itself. Raises _Ended, ChannelMisconfigured, OSError or SMTPException."""
        self._introduce(session)
        limit = session.esmtp_features.get("size", "")
        if limit.isascii() and limit.isdigit() and 0 < int(limit[:12]) < size:
            raise _Ended(State.FAILED_FOR_GOOD, "too_large")
        options = [f"SIZE={size}"] if "size" in session.esmtp_features else []
        _want(Reply.of(*session.mail(self._sender.addr_spec, options)), is_about_us=True)
        _want(Reply.of(*session.rcpt(to.address)))
        _want(Reply.of(*session.docmd("DATA")), good=3)

    def _introduce(self, session: Session) -> None:
        session.ehlo_or_helo_if_needed()
        if self._server.security == Security.STARTTLS:
            if not session.has_extn("starttls"):
                raise ChannelMisconfigured("the mail server offers no STARTTLS")
            session.starttls(context=self._server.tls)
            session.ehlo_or_helo_if_needed()
        if self._server.user:
            self._sign_in(session)

    def _sign_in(self, session: Session) -> None:
        try:
            session.login(self._server.user, self._server.password)
        except (smtplib.SMTPNotSupportedError, UnicodeEncodeError):
            raise ChannelMisconfigured("the mail server offers no sign-in that we can do") from None
        except smtplib.SMTPAuthenticationError as error:
            # Its text may repeat what we said.
            _want(Reply.of(error.smtp_code, b""), is_about_us=True)


def _want(reply: Reply, *, good: int = 2, is_about_us: bool = False) -> None:
    """Go on only after a good answer. Raises _Ended or ChannelMisconfigured."""
    kind = reply.code // 100
    if kind == good:
        return
    if kind == 5 and (is_about_us or reply.code == 530):  # 530: sign in first
        raise ChannelMisconfigured(f"the mail server answers {reply.reason}") from None
    state = State.FAILED_FOR_GOOD if kind == 5 else State.FAILED_FOR_NOW
    raise _Ended(state, reply.reason) from None


def _answer_of(session: Session, our_id: UUID) -> Receipt:
    """What became of a letter that has left us whole."""
    try:
        reply = Reply.of(*session.getreply())
    except (OSError, smtplib.SMTPException) as error:
        return receipt(our_id, State.UNKNOWN, _name_of(error))
    with contextlib.suppress(OSError, smtplib.SMTPException):
        session.docmd("QUIT")
    state = {2: State.SENT, 5: State.FAILED_FOR_GOOD}.get(reply.code // 100, State.FAILED_FOR_NOW)
    return receipt(our_id, state, "" if state == State.SENT else reply.reason)


def _name_of(error: Exception) -> str:
    """Which kind of failure; never its text, in which servers repeat addresses."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "disconnected"
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__
