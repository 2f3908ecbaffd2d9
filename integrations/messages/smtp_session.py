"""One conversation with an SMTP server, bounded in time and in what is read.

smtplib bounds the wait for each packet, not the whole; a server that drips would hold a worker for ever, one that
never ends its answer would fill its memory.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MAX_REPLY_LINES = 100
MAX_REPLY_LINE = 2_000
LOOK_EVERY_SECONDS = 0.1
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")  # RFC 3463


@dataclass(frozen=True)
class Reply:
    """A server's answer: its code and, as it is not ours and may name people, only its enhanced code."""

    code: int
    enhanced: str = ""

    @classmethod
    def of(cls, code: int, text: bytes) -> Self:
        """Read what smtplib gives."""
        match = _ENHANCED.match(text.decode("ascii", "replace"))
        return cls(code, match[1] if match else "")

    @property
    def reason(self) -> str:
        """ "550_5.1.1"."""
        return f"{self.code}_{self.enhanced}" if self.enhanced else str(self.code)


class BadReply(smtplib.SMTPException):
    """The server does not speak SMTP."""


class Session(smtplib.SMTP):
    """smtplib's client, with bounds on what it reads and a line that can be cut from another thread."""

    line: socket.socket | None = None

    def connect(self, host: str, port: int) -> tuple[int, bytes]:
        """Connect and hear the greeting."""
        self._host = host  # what TLS checks the certificate for; smtplib itself sets it in the constructor only
        return super().connect(host, port)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # smtplib's own place for another kind of socket. The twin stays itself when TLS takes the socket over.
        plain = super()._get_socket(host, port, timeout)
        self.line = plain.dup()
        return plain

    def getreply(self) -> tuple[int, bytes]:
        """The next answer. Raises SMTPServerDisconnected or BadReply."""
        if self.file is None:
            self.file = self.sock.makefile("rb")
        texts = []
        for _ in range(MAX_REPLY_LINES):
            code, is_last, text = self._reply_line()
            texts.append(text)
            if is_last:
                return code, b"\n".join(texts)
        self.close()
        raise BadReply("the server's answer has no end")

    def _reply_line(self) -> tuple[int, bool, bytes]:
        try:
            line = self.file.readline(MAX_REPLY_LINE + 1)
        except (OSError, ValueError):  # ValueError: closed meanwhile
            line = b""
        if not line or (not line.endswith(b"\n") and len(line) <= MAX_REPLY_LINE):  # half a line says nothing
            self.close()
            raise smtplib.SMTPServerDisconnected("the connection ended")
        match = _REPLY_LINE.fullmatch(line.rstrip(b"\r\n"))
        if not match or len(line) > MAX_REPLY_LINE:
            self.close()
            raise BadReply("the server's answer is not SMTP")
        return int(match[1]), match[2] != b"-", match[3] or b""


class _TlsSession(smtplib.SMTP_SSL, Session):
    """TLS from the first byte; in this order SMTP_SSL wraps the socket that Session opens."""


@contextlib.contextmanager
def session_with(
    host: str, port: int, *, wait: float, total: float, implicit_tls: ssl.SSLContext | None, local_name: str
) -> Iterator[Session]:
    """Connect and hear the greeting; `wait` seconds for each answer, `total` for everything up to the end of `with`.

    When the time is over the connection is cut, and what waits on it sees its end. Raises OSError or SMTPException.
    """
    options = {"local_hostname": local_name, "timeout": wait}
    session = _TlsSession(context=implicit_tls, **options) if implicit_tls else Session(**options)
    is_over = threading.Event()
    threading.Thread(target=_cut_after, args=(total, session, is_over), daemon=True).start()
    try:
        code, text = session.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        yield session
    finally:
        is_over.set()
        session.close()
        if session.line:
            session.line.close()


def _cut_after(seconds: float, session: Session, is_over: threading.Event) -> None:
    pause = seconds
    while not is_over.wait(pause):
        pause = LOOK_EVERY_SECONDS  # it may not be connected yet
        if session.line:
            with contextlib.suppress(OSError):
                session.line.shutdown(socket.SHUT_RDWR)


def stuffed(content: bytes) -> bytes:
    """The letter as DATA wants it: a line that begins with a dot gets another, the end is a dot alone."""
    doubled = re.sub(rb"(?m)^\.", b"..", content)
    return doubled + (b"" if doubled.endswith(b"\r\n") else b"\r\n") + b".\r\n"
