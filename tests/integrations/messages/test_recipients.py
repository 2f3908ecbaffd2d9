import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.messages.recipients import BadRecipient, Chat, Mailbox, Phone


@pytest.mark.parametrize(
    ("kind", "typed", "address", "masked"),
    [
        (Phone, "8 (701) 123-45-01", "+77011234501", "+7 70* *** ** 01"),
        (Mailbox, " Parent@Example.KZ ", "Parent@example.kz", "P***@example.kz"),
        (
            Mailbox,
            "анна@пример.рф".replace("анна", "anna"),
            "anna@xn--e1afmkfd.xn--p1ai",
            "a***@xn--e1afmkfd.xn--p1ai",
        ),
        (Chat, "987654321", "987654321", "***21"),
    ],
)
def test_an_address_has_one_form_and_is_shown_masked(kind, typed, address, masked):
    recipient = kind(typed)
    assert recipient.address == address
    assert (str(recipient), repr(recipient)) == (masked, f"{kind.__name__}({masked})")
    assert f"{recipient}" == masked


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        (Phone, "+79161234567", "foreign"),
        (Phone, "8 727 250 00 00", "landline"),
        (Phone, "701", "format"),
        (Mailbox, "", "format"),
        (Mailbox, "nobody", "format"),
        (Mailbox, "a@localhost", "format"),
        (Mailbox, "a@b@example.kz", "format"),
        (Mailbox, "a b@example.kz", "format"),
        (Mailbox, "айгуль@example.kz", "format"),
        (Mailbox, "a..b@example.kz", "format"),
        (Mailbox, '"a b"@example.kz', "format"),
        (Mailbox, "a@example.kz\nBcc: b@example.kz", "format"),
        (Mailbox, "a@example.kz\r\nRCPT TO:<b@example.kz>", "format"),
        (Mailbox, "a@[127.0.0.1]", "format"),
        (Mailbox, "a,b@example.kz", "format"),
        (Mailbox, "a@example.kz>", "format"),
        (Mailbox, "a" * 65 + "@example.kz", "too_long"),
        (Mailbox, "a@" + "b" * 300 + ".kz", "too_long"),
        (Chat, "0", "format"),
        (Chat, "-1001234567890", "format"),
        (Chat, "@channel", "format"),
        (Chat, "１００１", "format"),
        (Chat, "1" * 17, "format"),
    ],
)
def test_an_address_that_cannot_be_reached_is_refused_without_being_repeated(kind, typed, code):
    with pytest.raises(BadRecipient) as caught:
        kind(typed)
    assert caught.value.code == code
    assert not typed or typed not in str(caught.value)


@given(st.text(max_size=300) | st.emails())
def test_any_text_is_a_mailbox_of_one_line_of_ascii_or_a_typed_error(text):
    try:
        address = Mailbox(text).address
    except BadRecipient:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' <>,;:"()[]')
    assert Mailbox(address).address == address
