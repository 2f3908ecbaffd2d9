import datetime
import email
import email.policy
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages.letters import MAX_ATTACHMENT_BYTES, BadSender, compose, message_id, read_sender
from integrations.messages.outcomes import Attachment, BadMessage
from integrations.messages.smtp_session import stuffed
from tests.integrations.messages.examples import to_mailbox
from tests.patience import no_hang

SENDER = read_sender("Портал ваучеров <portal@voucher.example>")
PDF = Attachment("Акт № 12 қазан.pdf", b"%PDF-1.7\nsynthetic")
AT = datetime.datetime(2025, 10, 3, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=5)))


def parsed(message):
    return email.message_from_bytes(compose(message, SENDER, at=AT), policy=email.policy.default)


def test_a_letter_says_who_whom_what_and_when():
    our_id = uuid.UUID("12345678-1234-4234-8234-123456789abc")
    letter = parsed(to_mailbox(our_id=our_id, unsubscribe_url="https://portal.example/u/1?a=b"))
    assert (
        dict(letter.items()).items()
        >= {
            "Message-ID": "<12345678-1234-4234-8234-123456789abc@voucher.example>",
            "Date": "Fri, 03 Oct 2025 12:00:00 +0500",
            "From": "Портал ваучеров <portal@voucher.example>",
            "To": "parent@example.kz",
            "Subject": "Оплата приостановлена — Күншуақ",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": "<https://portal.example/u/1?a=b>",
        }.items()
    )
    assert letter.get_body().get_content() == "Сәлеметсіз бе!\r\n"


def test_the_message_id_is_made_of_our_id_alone():
    our_id = uuid.uuid4()
    assert message_id(our_id, SENDER) == message_id(our_id, SENDER) == f"<{our_id}@voucher.example>"


def test_text_html_and_files_stand_side_by_side():
    letter = parsed(to_mailbox(html="<p>Сәлеметсіз бе!</p>", attachments=(PDF,)))
    assert letter.get_content_type() == "multipart/mixed"
    assert letter.get_body(("plain",)).get_content().strip() == "Сәлеметсіз бе!"
    assert letter.get_body(("html",)).get_content().strip() == "<p>Сәлеметсіз бе!</p>"
    (file,) = letter.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        PDF.name,
        "application/pdf",
        PDF.content,
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": " "}, "no_subject"),
        ({"unsubscribe_url": "javascript:alert(1)"}, "unsubscribe_url"),
        ({"unsubscribe_url": "https://a.example/>,<mailto:x@example.kz"}, "unsubscribe_url"),
        ({"unsubscribe_url": "https://a.example/ b"}, "unsubscribe_url"),
        ({"attachments": (PDF,) * 11}, "too_many_attachments"),
        ({"attachments": (Attachment("a.pdf", b"%PDF-" + b"x" * MAX_ATTACHMENT_BYTES),)}, "attachment_too_large"),
        ({"attachments": (Attachment("a.pdf", b"%PDF-" + b"x" * (MAX_ATTACHMENT_BYTES - 5)),) * 2}, "too_large"),
        ({"attachments": (Attachment("a.pdf", b"MZ"),)}, "attachment_type"),
        ({"attachments": (Attachment("a.html", b"x", "text/html"),)}, "attachment_type"),
        ({"attachments": (Attachment("a.exe", b"x", "application/pdf\r\nX: y"),)}, "attachment_type"),
        ({"attachments": (Attachment("", b"%PDF-"),)}, "attachment_name"),
        ({"attachments": (Attachment("../a.pdf", b"%PDF-"),)}, "attachment_name"),
        ({"attachments": (Attachment(".a.pdf", b"%PDF-"),)}, "attachment_name"),
        ({"attachments": (Attachment('a".pdf', b"%PDF-"),)}, "attachment_name"),
        ({"attachments": (Attachment("a\r\nBcc: x@example.kz", b"%PDF-"),)}, "attachment_name"),
        ({"attachments": (Attachment("a" * 121, b"%PDF-"),)}, "attachment_name"),
    ],
)
def test_what_no_letter_may_carry_is_refused__letters_check(changes, code):
    with pytest.raises(BadMessage) as caught:
        compose(to_mailbox(**changes), SENDER)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("portal@voucher.example", "portal@voucher.example"),
        (" Портал <portal@voucher.example>", "Портал <portal@voucher.example>"),
        ('"Портал, Алматы" <portal@voucher.example>', '"Портал, Алматы" <portal@voucher.example>'),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(text, address):
    assert str(read_sender(text)) == address


@pytest.mark.parametrize(
    "wrong", ["", "portal", "Портал <portal>", "a <b@c.kz", "x <a@b.kz>\nBcc: c@d.kz", "x <a@b.kz> y", "<>"]
)
def test_a_sender_without_an_address_is_refused(wrong):
    with pytest.raises(BadSender):
        read_sender(wrong)


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=120),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=200),
)
def test_nothing_in_a_message_begins_a_header_or_ends_a_letter(subject, text):
    try:
        content = compose(to_mailbox(text=text, subject=subject, html=text), SENDER)
    except BadMessage:
        return
    head = content.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert sorted(set(names)) == sorted(
        [b"Message-ID", b"Date", b"From", b"To", b"Subject", b"Auto-Submitted", b"MIME-Version", b"Content-Type"]
    )
    assert content.isascii()
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\r\n.\r\n" not in content
    letter = email.message_from_bytes(content, policy=email.policy.default)
    assert letter["Bcc"] is None
    assert letter.get_body(("plain",)).get_content().split() == text.split()


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"\r\n.")))
def test_a_dot_at_the_beginning_of_a_line_does_not_end_the_letter(content):
    sent = stuffed(content)
    assert sent.endswith(b"\r\n.\r\n")
    assert sent.index(b"\r\n.\r\n") == len(sent) - 5 or content == b""


def test_a_large_letter_is_made_quickly():
    with no_hang():
        compose(to_mailbox(text="я" * 100_000, html="<p>ә</p>" * 100_000, attachments=(PDF,)), SENDER)
