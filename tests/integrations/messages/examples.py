"""Messages to nobody, what they are sent with, and servers that say what a test wants."""

import contextlib
import datetime
import socket
import threading
import time
import uuid
from collections.abc import Iterator

from integrations.messages.outcomes import Message
from integrations.messages.recipients import Chat, Mailbox, Phone
from voucher_portal.http import Retries

TOKEN, CALLBACK_TOKEN, BOT_TOKEN = "sms-secret-token", "callback-secret", "123456:bot-secret_token"
QUICK = Retries(attempts=2, total_seconds=3, first_pause=0.01, longest_pause=0.02)
SENDER = "Портал ваучеров <portal@voucher.example>"


def message(to, text="Вашему ребёнку предложен ваучер.", **more) -> Message:
    return Message(more.pop("our_id", uuid.uuid4()), to, text, datetime.timedelta(hours=1), **more)


def to_phone(typed="+77010000001", text="Вашему ребёнку предложен ваучер.", **more) -> Message:
    return message(Phone(typed), text, **more)


def to_mailbox(address="parent@example.kz", text="Сәлеметсіз бе!", **more) -> Message:
    return message(Mailbox(address), text, **{"subject": "Оплата приостановлена — Күншуақ"} | more)


def to_chat(number="1001", text="Вы не подтвердили ваучер.", **more) -> Message:
    return message(Chat(number), text, **more)


def eventually(ask, seconds=3.0):
    """The first true answer, asked again and again."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return answer


@contextlib.contextmanager
def serving(talk) -> Iterator[int]:
    """A port at which `talk(connection)` meets everybody who connects."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                talk(connection)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def http_talk(status: int, body: bytes, headers: str = "", seen: list | None = None):
    """Give every request this answer, then close."""

    def talk(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        head, _, rest = request.partition(b"\r\n\r\n")
        sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = int(sizes[0].split(b":")[1]) if sizes else 0
        while len(rest) < size:
            rest += connection.recv(65536)
        if seen is not None:
            seen.append((head, rest))
        answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        connection.sendall(answer.encode() + body)

    return talk
