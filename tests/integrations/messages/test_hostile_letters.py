"""A letter of any program comes to the emulated mail server: it is shown, or its source is, at a fair price."""

import smtplib
import tracemalloc

import pytest

from integrations.emulators.messages_letters import item_of
from tests.patience import no_hang

WORD = b"=?utf-8?q?a?= "
MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
PART = b"--b\r\nContent-Type: text/plain; %s\r\nContent-Disposition: attachment; %s\r\n\r\nx\r\n"


def nested(depth: int) -> bytes:
    line = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
    return b"".join(line % (number, number) for number in range(depth)) + b"\r\nx"


ONE_LONG = "one long header (messages_letters:_Part.set_raw)"
READ = {
    ONE_LONG: b"Subject: " + WORD * 8_000 + b"\r\n\r\nx",
    "long headers of parts (messages_letters:_Part.set_raw)": MULTIPART
    + PART % (b"a*0=x;" * 2_000, b'a="b";' * 2_000) * 8,
}
KEPT = {
    "nested (messages_letters:_Parts)": nested(100),
    "nested deeper than the stack (messages_letters:_Parts)": nested(1_500),
    "many parts (messages_letters:_Parts)": MULTIPART + b"--b\r\n\r\nx\r\n" * 100_000,
    "many headers (messages_letters:_Part.set_raw)": b"a:\r\n" * 300_000 + b"\r\nx",
    "many lines (messages_letters:_read)": nested(20) + b"\r\n" * 3_000_000,
    "comments in comments (messages_letters:_read)": b"Content-Type: " + b"(" * 990 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("content", [*READ.values(), *KEPT.values()], ids=[*READ, *KEPT])
def test_a_hostile_letter_is_read_in_good_time(content):
    with no_hang():
        item_of(content, "a@b.kz", "")


@pytest.mark.parametrize("name", [ONE_LONG, *KEPT])
def test_a_hostile_letter_takes_up_little_more_than_its_size(name):
    content = (READ | KEPT)[name]
    tracemalloc.start()
    try:
        item_of(content, "a@b.kz", "")
        assert tracemalloc.get_traced_memory()[1] < len(content) + 60 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", KEPT.values(), ids=KEPT)
def test_a_letter_that_is_too_much_is_kept_as_its_source(content):
    item = item_of(content, "a@b.kz", "from@b.kz")
    assert item.text == item.source == content[:20_000].decode()
    assert (item.to, item.sender, item.subject, item.files) == ("a@b.kz", "from@b.kz", "", ())


def test_the_beginning_of_a_long_subject_is_shown():
    assert item_of(READ[ONE_LONG], "a@b.kz", "").subject.startswith("aaa")


def test_a_nested_letter_is_taken_and_the_next_one_too(other):
    with smtplib.SMTP("127.0.0.1", other.smtp.port, timeout=10) as client:
        client.sendmail("from@b.kz", ["a@b.kz", "c@d.kz"], nested(1_500))
        client.sendmail("from@b.kz", ["a@b.kz"], b"Subject: second\r\n\r\ntext")
    second, *first = other.box.select()
    assert (second.subject, second.text.strip()) == ("second", "text")
    assert {item.to for item in first} == {"a@b.kz", "c@d.kz"}
    assert all(item.text.startswith("Content-Type: multipart") for item in first)
    assert all(item.state == "delivered" for item in first)
