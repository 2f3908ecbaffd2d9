import pytest
from hypothesis import given
from hypothesis import strategies as st

from voucher_portal.phones import PhoneError, mask_phone, normalise_phone

NUMBER = "+77011234567"
SEPARATORS = " \u00a0\u202f\u2009\t()-\u2010\u2011\u2012\u2013\u2014\u2212\u200b"


@pytest.mark.parametrize(
    "typed",
    [
        "+77011234567",
        "87011234567",
        "77011234567",
        "+7 701 123 45 67",
        "8 (701) 123-45-67",
        " +7(701)123-45-67 ",
        "+7\u00a0701\u00a0123\u00a045\u00a067",
        "8\u2011701\u2013123\u201445\u221267",
        "+7\u202f(701)\u2009123\u201145\u201167",
    ],
)
def test_a_mobile_number_has_one_form_however_it_is_typed(typed):
    assert normalise_phone(typed) == NUMBER


@pytest.mark.parametrize("code", ["700", "705", "708", "747", "771", "775", "778", "799"])
def test_a_code_of_any_network_is_taken(code):
    assert normalise_phone(f"8{code}1234567") == f"+7{code}1234567"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("+79161234567", "foreign"),
        ("89161234567", "foreign"),
        ("8 800 080 77 77", "foreign"),
        ("+996 555 123 456", "foreign"),
        ("+1 202 555 0123", "foreign"),
        ("8 (727) 250-00-00", "landline"),
        ("+77172741234", "landline"),
        ("", "format"),
        ("12345", "format"),
        ("7011234567", "format"),
        ("7701123456", "format"),
        ("+87011234567", "format"),
        ("++77011234567", "format"),
        ("7+7011234567", "format"),
        ("+7701123456x", "format"),
        ("+7701123456\u0667", "format"),
        ("+7701123456７", "format"),
        ("+770112345678", "format"),
        ("+77011234567\n+77011234568", "format"),
        ("+77011234567;+77011234568", "format"),
        ("+77011234567\x00", "format"),
        ("8" * 100_000, "format"),
    ],
)
def test_what_is_no_mobile_number_of_kazakhstan_is_refused_with_its_own_error(typed, code):
    with pytest.raises(PhoneError) as caught:
        normalise_phone(typed)
    assert caught.value.code == code


def test_an_error_holds_no_part_of_the_number():
    with pytest.raises(PhoneError) as caught:
        normalise_phone("+79161234567")
    assert "916" not in str(caught.value)


def test_a_mask_shows_the_first_and_the_last_two_digits():
    assert mask_phone("+77011234501") == "+7 70* *** ** 01"


@pytest.mark.parametrize("broken", ["", "87011234567", "+7701", "+77011234567\n"])
def test_the_mask_of_what_is_no_number_shows_nothing(broken):
    assert not any(sign.isdigit() for sign in mask_phone(broken))


@given(st.text(max_size=60))
def test_any_text_is_a_number_in_normal_form_or_a_typed_error(text):
    try:
        number = normalise_phone(text)
    except PhoneError:
        return
    assert normalise_phone(number) == number
    assert number.isascii()
    assert len(number) == 12


@given(
    st.sampled_from(["+7", "7", "8"]),
    st.from_regex(r"7[03-9][0-9]{8}", fullmatch=True),
    st.lists(st.sampled_from(SEPARATORS), min_size=11, max_size=11),
)
def test_blanks_and_dashes_between_digits_change_nothing(prefix, number, separators):
    typed = prefix + "".join(sign + digit for sign, digit in zip(separators, number, strict=False))
    assert normalise_phone(typed) == f"+7{number}"
