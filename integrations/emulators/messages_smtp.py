"""A mail server that delivers nothing: it takes letters for anybody on this machine's loopback and shows them."""

import asyncio
import ssl
import threading
from dataclasses import replace

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from integrations.emulators.messages_box import Box, Item
from integrations.emulators.messages_letters import item_of
from integrations.emulators.messages_script import MAIL, Director, Rule

MAX_LETTER_BYTES = 15 * 1024 * 1024
IDLE_SECONDS = 60
# What is told at RCPT, before there is a letter, and after the letter.
AT_RECIPIENT = {
    "unknown_user": "550 5.1.1 No such user here",
    "fail_for_good": "550 5.1.1 No such user here",
    "mailbox_full": "452 4.2.2 Mailbox full",
    "greylist": "451 4.7.1 Greylisted, come again",
    "fail_for_now": "451 4.3.0 Come again",
    "too_many": "450 4.7.0 Too many letters",
    "unavailable": "421 4.3.2 Closing",
}
AFTER_LETTER = AT_RECIPIENT | {"refuse": "554 5.7.1 The letter is not wanted"}
DROPS = frozenset({"drop_before", "drop_after"})


class _Doorman:
    """aiosmtpd asks it about each step."""

    def __init__(self, box: Box, director: Director, *, asks_who: bool) -> None:
        self.box, self.director, self.asks_who = box, director, asks_who

    async def handle_MAIL(self, _server, session: Session, envelope: Envelope, address: str, options: list) -> str:
        """Only somebody who has signed in may send, when there is a user."""
        if self.asks_who and not session.authenticated:
            return "530 5.7.0 Sign in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options) -> str:
        """Whether this recipient is taken."""
        rule = self.director.rule(MAIL, address, None, only=frozenset(AT_RECIPIENT))
        if refusal := AT_RECIPIENT.get(rule.do):
            self._refused(envelope, address, refusal)
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the letter, once for each recipient."""
        letter = item_of(envelope.content, "", envelope.mail_from or "")
        for address in envelope.rcpt_tos:
            item = replace(letter, to=address, steps=[])
            text = f"{item.subject}\n{item.text}"
            rule = self.director.rule(MAIL, address, text, only=frozenset(AFTER_LETTER) | DROPS | {"deliver"})
            if answer := self._after_letter(server, item, rule):
                return answer
        return "250 2.0.0 Taken"

    def _after_letter(self, server: SMTP, item: Item, rule: Rule) -> str:
        if refusal := AFTER_LETTER.get(rule.do):
            self.box.put(item, "refused", refusal)
            return refusal
        if rule.do != "drop_before":
            self.box.put(item, "delivered")
        if rule.do in DROPS:
            server.transport.abort()
            return "421 4.3.2 Dropped"
        return ""

    def _refused(self, envelope: Envelope, address: str, refusal: str) -> None:
        self.box.put(Item(MAIL, address, "", "", sender=envelope.mail_from or ""), "refused", refusal)


class SmtpServer:
    """The server in a thread of its own; `port` is known once it is made.

    `tls` is offered as STARTTLS, or spoken from the first byte with `is_tls_from_start`. With a user, people sign in.
    """

    def __init__(
        self,
        box: Box,
        director: Director,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        is_tls_from_start: bool = False,
        user: str = "",
        password: str = "",
    ) -> None:
        self._doorman = _Doorman(box, director, asks_who=bool(user))
        self._wanted_port, self._tls, self._is_tls_from_start = port, tls, is_tls_from_start
        self._credentials = (user.encode(), password.encode())
        self._failure: OSError | None = None
        self.port = 0
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._is_ready.wait()
        if self._failure:
            raise self._failure

    def close(self) -> None:
        """Cut all conversations and end."""
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[SMTP] = set()
        try:
            tls = self._tls if self._is_tls_from_start else None
            server = await self._loop.create_server(self._protocol, "127.0.0.1", self._wanted_port, ssl=tls)
            self.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self._failure = error
            return
        finally:
            self._is_ready.set()
        await self._is_over.wait()
        server.close()
        for protocol in self._open:
            if protocol.transport is not None:
                protocol.transport.abort()
        await asyncio.sleep(0)

    def _protocol(self) -> SMTP:
        protocol = SMTP(
            self._doorman,
            data_size_limit=MAX_LETTER_BYTES,
            hostname="messages.example",
            ident="Emulator",
            tls_context=None if self._is_tls_from_start else self._tls,
            auth_require_tls=False,
            authenticator=self._authenticate,
            timeout=IDLE_SECONDS,
            loop=self._loop,
        )
        self._open = {known for known in self._open if known.transport and not known.transport.is_closing()}
        self._open.add(protocol)
        return protocol

    def _authenticate(self, _server, _session, _envelope, _mechanism: str, given: LoginPassword) -> AuthResult:
        is_right = self._credentials in ((b"", b""), (given.login, given.password))
        return AuthResult(success=is_right, handled=is_right)  # what is not handled is answered with 535
