import datetime
import itertools
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages.outcomes import Attachment, BadMessage, Message, Receipt, State, is_one_line, reason_of
from integrations.messages.recipients import Mailbox, Phone
from tests.integrations.messages.examples import to_mailbox, to_phone

OUR_ID = uuid.uuid4()
START = datetime.datetime(2025, 10, 3, 12, tzinfo=datetime.UTC)
REPORTS = st.builds(
    lambda state, minute: Receipt(OUR_ID, state, START + datetime.timedelta(minutes=minute)),
    st.sampled_from(State),
    st.integers(0, 3),
)


def applied(reports) -> Receipt:
    known = Receipt(OUR_ID, State.UNKNOWN, START - datetime.timedelta(days=1))
    for report in reports:
        known = report if report.supersedes(known) else known
    return known


def test_neither_the_address_nor_the_words_stand_in_the_repr_of_a_message():
    shown = repr(
        to_mailbox(
            "parent@example.kz", "секретный текст", html="<p>секретный", attachments=(Attachment("a.pdf", b"secret"),)
        )
    )
    assert "parent" not in shown
    assert "секрет" not in shown
    assert "secret" not in shown
    assert "0000001" not in repr(to_phone("+77010000001"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": " \n"}, "no_text"),
        ({"valid_for": datetime.timedelta(0)}, "not_valid"),
        ({"subject": "x" * 201}, "subject_too_long"),
        ({"text": "x" * 100_001}, "text_too_long"),
        ({"html": "x" * 1_000_001}, "html_too_long"),
        ({"subject": "Тема\nBcc: x@example.kz"}, "header"),
        ({"subject": "Тема\r\nBcc: x@example.kz"}, "header"),
        ({"subject": "Тема\u2028Bcc: x@example.kz"}, "header"),
        ({"subject": "Тема\x85Bcc: x@example.kz"}, "header"),
        ({"unsubscribe_url": "https://a.example/\nBcc: x@example.kz"}, "header"),
        ({"text": "a\x00b"}, "control_character"),
        ({"text": "a\rb"}, "control_character"),
        ({"text": "a\ud800b"}, "control_character"),
        ({"html": "a\x1bb"}, "control_character"),
    ],
)
def test_a_message_that_no_channel_can_carry_is_not_made(changes, code):
    good = {"text": "Текст", "valid_for": datetime.timedelta(hours=1)}
    with pytest.raises(BadMessage) as caught:
        Message(OUR_ID, Mailbox("a@example.kz"), **good | changes)
    assert caught.value.code == code


def test_lines_may_end_as_a_browser_ends_them():
    assert to_phone(text="один\r\nдва").text == "один\nдва"


def test_only_a_text_fits_every_channel():
    assert to_phone().is_text_only
    assert not to_mailbox().is_text_only


@pytest.mark.parametrize(
    ("states", "last"),
    [
        ([State.ACCEPTED, State.SENT, State.DELIVERED], State.DELIVERED),
        ([State.ACCEPTED, State.SENT, State.FAILED_FOR_GOOD], State.FAILED_FOR_GOOD),
        ([State.ACCEPTED, State.EXPIRED], State.EXPIRED),
        ([State.UNKNOWN, State.ACCEPTED, State.FAILED_FOR_NOW], State.FAILED_FOR_NOW),
        ([State.SENT, State.EXPIRED, State.DELIVERED], State.DELIVERED),
    ],
)
def test_reports_end_in_the_same_state_in_any_order(states, last):
    reports = [Receipt(OUR_ID, state, START + datetime.timedelta(minutes=i)) for i, state in enumerate(states)]
    for order in itertools.permutations(reports):
        assert applied([*order, *order]).state == last


@given(st.lists(REPORTS, max_size=5))
def test_the_order_of_reports_never_matters(reports):
    assert applied(reports) == applied(reversed(reports)) or {r.state for r in reports} == {State.UNKNOWN}


def test_a_report_does_not_supersede_itself():
    report = Receipt(OUR_ID, State.SENT, START)
    assert not report.supersedes(report)


@given(st.text(max_size=300))
def test_a_reason_is_a_short_code_whatever_the_other_side_writes(text):
    reason = reason_of(text)
    assert len(reason) <= 100
    assert reason.isascii()
    assert reason == "" or reason.isprintable()


@given(st.text(max_size=30))
def test_what_may_stand_in_a_header_is_one_line_for_everybody(text):
    assert not is_one_line(text) or len(text.splitlines()) <= 1


def test_a_recipient_of_another_channel_is_still_a_recipient():
    assert Phone("+77010000001") != Mailbox("a@example.kz")
