import contextlib
import datetime
import io
import logging
import re
import smtplib
import socket
import ssl
import time
import traceback

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.emulators.messages_box import Box
from integrations.emulators.messages_script import Director
from integrations.emulators.messages_smtp import SmtpServer
from integrations.messages.mail import MailChannel, MailServer, Security
from integrations.messages.outcomes import Attachment, BadMessage, ChannelMisconfigured, State
from integrations.messages.smtp_session import BadReply, Reply, Session
from tests.integrations.messages.examples import SENDER, serving, to_chat, to_mailbox, to_phone

PASSWORD = "mail-secret-4711"


def rule(other, do, **more):
    other.control({"rules": [{"do": do} | more]})


def channel(port, **options):
    return MailChannel(
        MailServer("127.0.0.1", port, **{"security": Security.NONE, "wait": 1, "total": 2} | options), sender=SENDER
    )


def replies(*lines, greeting=b"220 hello\r\n", seen=None, after=b""):
    """A server that gives these answers in order, `after` what it says to a whole letter, and then hangs up."""

    def talk(connection: socket.socket) -> None:
        file = connection.makefile("rb")
        connection.sendall(greeting)
        for line in lines:
            command = file.readline(3_000)
            if seen is not None:
                seen.append(command)
            connection.sendall(line)
        if after is not None and lines and lines[-1].startswith(b"354"):
            while file.readline(3_000) not in (b".\r\n", b""):
                pass
            connection.sendall(after)

    return talk


UP_TO_DATA = [b"250-x\r\n250 SIZE 1000000\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]


def sent_to(talk, **options):
    with serving(talk) as port:
        return channel(port, **options).send(to_mailbox())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A server's certificate of its own for 127.0.0.1, made now; the file holds its key too."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(9901)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextlib.contextmanager
def tls_server(certificate, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Box()
    server = SmtpServer(box, Director(), tls=context, **options)
    yield server, box
    server.close()


def trusting(certificate):
    return ssl.create_default_context(cafile=certificate)


def test_a_letter_is_taken_and_stands_in_the_box(other, mail):
    file = Attachment("Акт № 1.pdf", b"%PDF-1.7\n")
    sent = to_mailbox(text="Сәлеметсіз бе!\n.\n..\n", html="<p>Сәлеметсіз бе!</p>", attachments=(file,))
    receipt = mail.send(sent)
    assert (receipt.state, receipt.our_id, receipt.reason) == (State.SENT, sent.our_id, "")
    (item,) = other.box.select()
    assert (item.to, item.subject, item.text) == (sent.to.address, sent.subject, "Сәлеметсіз бе!\n.\n..\n")
    assert (item.key, item.sender) == (f"<{sent.our_id}@voucher.example>", SENDER)
    assert [(kept.name, kept.content) for kept in item.files] == [(file.name, file.content)]


def test_the_same_letter_again_is_known_by_its_message_id(other, mail):
    sent = to_mailbox()
    mail.send(sent)
    mail.send(sent)
    second, first = other.box.select()
    assert (first.key, first.is_repeat, second.key, second.is_repeat) == (second.key, False, first.key, True)


@pytest.mark.parametrize(
    ("do", "state", "reason"),
    [
        ("unknown_user", State.FAILED_FOR_GOOD, "550_5.1.1"),
        ("refuse", State.FAILED_FOR_GOOD, "554_5.7.1"),
        ("mailbox_full", State.FAILED_FOR_NOW, "452_4.2.2"),
        ("greylist", State.FAILED_FOR_NOW, "451_4.7.1"),
        ("too_many", State.FAILED_FOR_NOW, "450_4.7.0"),
        ("unavailable", State.FAILED_FOR_NOW, "421_4.3.2"),
        ("drop_before", State.UNKNOWN, "disconnected"),
        ("drop_after", State.UNKNOWN, "disconnected"),
    ],
)
def test_each_answer_has_its_outcome(other, mail, do, state, reason):
    rule(other, do)
    receipt = mail.send(to_mailbox())
    assert (receipt.state, receipt.reason) == (state, reason)


def test_a_rule_about_the_text_strikes_after_the_letter(other, mail):
    rule(other, "mailbox_full", text="ПРИОСТАНОВЛЕНА")
    assert mail.send(to_mailbox()).reason == "452_4.2.2"
    assert mail.send(to_mailbox(subject="Другое")).state == State.SENT


def test_a_greylisted_letter_is_taken_the_second_time(other, mail):
    rule(other, "greylist", times=1)
    sent = to_mailbox()
    assert [mail.send(sent).state for _ in range(2)] == [State.FAILED_FOR_NOW, State.SENT]


def test_a_letter_whose_answer_was_lost_is_not_sent_again(other, mail):
    rule(other, "drop_after")
    sent = to_mailbox()
    assert mail.send(sent).state == State.UNKNOWN
    assert mail.ask(sent.our_id).state == State.UNKNOWN
    assert len(other.box.select()) == 1
    assert (mail.is_idempotent, mail.can_be_asked) == (False, False)


@pytest.mark.parametrize("wrong", [to_phone(), to_chat()])
def test_what_is_no_letter_is_not_sent(other, mail, wrong):
    with pytest.raises(BadMessage):
        mail.send(wrong)
    assert other.box.select() == []


@pytest.mark.parametrize(
    ("answers", "state", "reason"),
    [
        ([b"250 x\r\n", b"250 ok\r\n", b"550 5.1.1 <parent@example.kz> unknown\r\n"], "failed_for_good", "550_5.1.1"),
        ([b"250 x\r\n", b"250 ok\r\n", b"552 full\r\n"], "failed_for_good", "552"),
        ([b"250 x\r\n", b"250 ok\r\n", b"452-4.2.2 a\r\n452 4.2.2 b\r\n"], "failed_for_now", "452_4.2.2"),
        ([b"250 x\r\n", b"451 4.3.0 later\r\n"], "failed_for_now", "451_4.3.0"),
        ([b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"554 no\r\n"], "failed_for_good", "554"),
        ([b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 what\r\n"], "failed_for_now", "250"),
        ([b"250-x\r\n250 SIZE 100\r\n"], "failed_for_good", "too_large"),
        ([b"502 no\r\n", b"502 no\r\n"], "failed_for_now", "SMTPHeloError"),
        ([b"250 x\r\n"], "failed_for_now", "disconnected"),
        ([], "failed_for_now", "disconnected"),
        (UP_TO_DATA, "unknown", "disconnected"),
    ],
)
def test_what_is_said_before_the_letter_is_known_for_certain(answers, state, reason):
    receipt = sent_to(replies(*answers))
    assert (receipt.state, receipt.reason) == (state, reason)


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (b"250 ok\r\n", State.SENT),
        (b"451 4.3.0 later\r\n", State.FAILED_FOR_NOW),
        (b"552 5.3.4 too large\r\n", State.FAILED_FOR_GOOD),
        (b"", State.UNKNOWN),
        (b"nonsense\r\n", State.UNKNOWN),
        (b"250\r\n", State.SENT),
        (b"250\n", State.SENT),
        (b"250", State.UNKNOWN),
        (b"25", State.UNKNOWN),
        (b"2500\r\n", State.UNKNOWN),
        (b"250-a\r\n" * 50, State.UNKNOWN),
    ],
)
def test_the_answer_to_a_whole_letter_decides(after, state):
    assert sent_to(replies(*UP_TO_DATA, after=after)).state == state


@pytest.mark.parametrize(
    ("greeting", "state"), [(b"554 no\r\n", State.FAILED_FOR_NOW), (b"421 busy\r\n", State.FAILED_FOR_NOW)]
)
def test_a_server_that_does_not_want_to_talk_took_nothing(greeting, state):
    assert sent_to(replies(greeting=greeting)).state == state


@pytest.mark.parametrize("answers", [[b"250 x\r\n", b"550 5.7.1 not you\r\n"], [b"250 x\r\n", b"530 5.7.0 who?\r\n"]])
def test_a_server_that_does_not_want_us_is_for_a_person_to_mend(answers):
    with pytest.raises(ChannelMisconfigured):
        sent_to(replies(*answers))


def test_nobody_listening_took_nothing():
    with serving(lambda connection: None) as port:
        pass
    receipt = channel(port).send(to_mailbox())
    assert (receipt.state, receipt.reason) == (State.FAILED_FOR_NOW, "ConnectionRefusedError")


def test_the_conversation_is_that_of_the_standard():
    seen = []
    sent_to(replies(*UP_TO_DATA, after=b"250 ok\r\n", seen=seen))
    ehlo, mail_from, to, data = seen
    assert ehlo == b"ehlo voucher.example\r\n"
    assert mail_from.startswith(b"mail FROM:<portal@voucher.example> SIZE=")
    assert to.lower() == b"rcpt to:<parent@example.kz>\r\n"
    assert data == b"DATA\r\n"


def drip(connection: socket.socket) -> None:
    for _ in range(100):
        connection.sendall(b"2")
        time.sleep(0.1)


def never_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-hello\r\n" * 1_000)


def endless_line(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2" * 10_000)


def silent(connection: socket.socket) -> None:
    time.sleep(1.5)


def drip_after_letter(connection: socket.socket) -> None:
    replies(*UP_TO_DATA, after=b"")(connection)
    drip(connection)


@pytest.mark.parametrize(
    ("talk", "state"),
    [
        (drip, State.FAILED_FOR_NOW),
        (never_end, State.FAILED_FOR_NOW),
        (endless_line, State.FAILED_FOR_NOW),
        (silent, State.FAILED_FOR_NOW),
        (drip_after_letter, State.UNKNOWN),
    ],
)
def test_a_conversation_is_bounded_in_time_and_size__smtp_session_cut_after(talk, state):
    started = time.monotonic()
    assert sent_to(talk, wait=1, total=0.8).state == state
    assert time.monotonic() - started < 3


def test_a_handshake_that_drips_is_cut_too__smtp_session_get_socket(certificate):
    def drip_handshake(connection):
        connection.recv(10_000)
        for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    started = time.monotonic()
    options = {"security": Security.TLS, "tls": trusting(certificate)}
    assert sent_to(drip_handshake, **options, wait=5, total=0.8).state == State.FAILED_FOR_NOW
    assert time.monotonic() - started < 3


@settings(max_examples=25)
@given(
    st.lists(
        st.binary(max_size=60) | st.from_regex(rb"[2-5][0-9]{2}[ -][a-z=.]{0,20}\r\n", fullmatch=True), max_size=6
    )
)
def test_a_server_that_answers_anything_leaves_an_outcome(answers):
    try:
        receipt = sent_to(replies(*answers), wait=0.1, total=0.2)
    except ChannelMisconfigured:
        return
    assert receipt.state != State.DELIVERED


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.from_regex(rb"([2-5][0-9]{2}[ -]?.{0,10}\r?\n){0,5}.{0,5}", fullmatch=True))
def test_any_bytes_are_an_answer_or_the_end_of_the_conversation(content):
    session = Session()
    session.file = io.BytesIO(content)
    try:
        code, text = session.getreply()
    except (BadReply, smtplib.SMTPServerDisconnected):
        return
    reply = Reply.of(code, text)
    assert 200 <= reply.code <= 599
    assert re.fullmatch(r"[2-5][0-9]{2}(_[245]\.[0-9]{1,3}\.[0-9]{1,3})?", reply.reason)


def test_tls_from_the_first_byte(certificate):
    with tls_server(certificate, is_tls_from_start=True) as (server, box):
        sent = MailChannel(
            MailServer("localhost", server.port, Security.TLS, tls=trusting(certificate)), sender=SENDER
        ).send(to_mailbox())
    assert (sent.state, len(box.select())) == (State.SENT, 1)


def test_starttls_and_sign_in(certificate):
    with tls_server(certificate, user="portal", password=PASSWORD) as (server, box):
        login = {"user": "portal", "password": PASSWORD, "tls": trusting(certificate)}
        sent = MailChannel(MailServer("localhost", server.port, Security.STARTTLS, **login), sender=SENDER).send(
            to_mailbox()
        )
    assert (sent.state, len(box.select())) == (State.SENT, 1)


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong-secret"}, {"user": ""}, {"password": "құпиясөз"}, {"tls": ssl.create_default_context()}],
)
def test_a_wrong_sign_in_or_an_unknown_certificate_is_for_a_person_to_mend(certificate, caplog, wrong):
    caplog.set_level(logging.DEBUG)
    login = {"user": "portal", "password": PASSWORD, "tls": trusting(certificate)} | wrong
    with tls_server(certificate, user="portal", password=PASSWORD) as (server, box):
        line = MailChannel(MailServer("localhost", server.port, Security.STARTTLS, **login), sender=SENDER)
        with pytest.raises(ChannelMisconfigured) as caught:
            line.send(to_mailbox())
    shown = "".join(traceback.format_exception(caught.value)) + repr(MailServer("x", **login))
    shown += "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert box.select() == []
    assert not login["password"] or login["password"] not in shown


def test_a_certificate_for_another_name_is_not_trusted(certificate):
    with tls_server(certificate, is_tls_from_start=True) as (server, box):
        wrong_name = MailServer("127.0.0.1", server.port, Security.TLS, tls=trusting(certificate))
        with pytest.raises(ChannelMisconfigured):
            MailChannel(wrong_name, sender=SENDER).send(to_mailbox())
    assert box.select() == []


def test_without_starttls_nothing_goes_in_the_clear__mail_introduce(other):
    line = channel(other.smtp.port, security=Security.STARTTLS, user="portal", password=PASSWORD)
    with pytest.raises(ChannelMisconfigured):
        line.send(to_mailbox())
    assert other.box.select() == []


def test_a_server_that_takes_back_starttls_gets_nothing():
    seen = []
    talk = replies(b"250-x\r\n250 STARTTLS\r\n", b"454 not now\r\n", seen=seen)
    assert sent_to(talk, security=Security.STARTTLS).state == State.FAILED_FOR_NOW
    assert [line.strip().lower() for line in seen] == [b"ehlo voucher.example", b"starttls"]


@pytest.mark.parametrize("challenge", [b"334 !!!!\r\n", b"334 \xff\xff\r\n", b"535 no\r\n", b"454 4.7.0 later\r\n"])
def test_a_sign_in_that_goes_wrong_shows_no_secret(challenge):
    talk = replies(b"250-x\r\n250 AUTH CRAM-MD5\r\n", challenge, b"535 5.7.8 no\r\n")
    shown = ""
    try:
        shown = repr(sent_to(talk, user="portal", password=PASSWORD))
    except ChannelMisconfigured as error:
        shown = "".join(traceback.format_exception(error))
    assert shown
    assert PASSWORD not in shown


def test_other_programs_may_send_to_the_emulated_server_too(other):
    with smtplib.SMTP("127.0.0.1", other.smtp.port, timeout=5) as session:
        content = b"Subject: =?utf-8?q?broken\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe"
        session.sendmail("a@example.kz", ["b@example.kz", "c@example.kz"], content)
        session.sendmail("a@example.kz", ["d@example.kz"], b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--")
    assert {item.to for item in other.box.select()} == {"b@example.kz", "c@example.kz", "d@example.kz"}
