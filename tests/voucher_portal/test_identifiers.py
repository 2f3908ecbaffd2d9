"""IIN, BIN and IBAN: every example of contracts/number-formats.md and REG §16."""

import pytest
import stdnum.iban
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from voucher_portal import identifiers

VALID_IINS = """
190101599018 200229699015 850630399010 721231499014 150901599109 190101599911 050515699017
150315599004 181103699006 850721499001 120901699109
""".split()
WRONG_IINS = [
    ("850631499012", "date"),
    ("190101599017", "check_digit"),
    ("191301599018", "date"),
    ("190101999013", "century"),
    ("19010159901", "format"),
    *((f"19010159990{last}", "check_digit") for last in range(10)),
    ("000000000000", "century"),
    ("150315599005", "check_digit"),
    ("150230599904", "date"),
    ("150315799909", "century"),
    *((f"12090169088{last}", "check_digit") for last in range(10)),
    ("", "format"),
    ("1901015990180", "format"),
    (" 190101599018", "format"),
    ("190101599018\n", "format"),
    ("19010159901٨", "format"),
]
VALID_BINS = """
250140990016 230540990017 240641990018 221150990018 210360990015 250740990018 250140990707
200940990006 191041990007 240640990002 200940990702
""".split()
WRONG_BINS = [
    ("250140990017", "check_digit"),
    ("251340990016", "month"),
    ("250170990011", "entity_type"),
    ("250149990015", "entity_subtype"),
    ("25014099001", "format"),
    ("190101599018", "entity_type"),
    ("200940990007", "check_digit"),
    ("201340990007", "month"),
    ("200970990005", "entity_type"),
]
VALID_IBANS = """
KZ60999KZT0000000001 KZ33999KZT0000000002 KZ299990000000000042 KZ42998ABCDEFGHIJKLM KZ56997KZT0000000003
KZ68601TEST000000001 KZ55722TEST000000002 KZ68070TEST000000003
""".split()
WRONG_IBANS = [
    ("KZ61999KZT0000000001", "check_digits"),
    ("KZ60999KZT000000001", "format"),
    ("KZ60A99KZT0000000001", "format"),
    ("RU60999KZT0000000001", "format"),
    ("KZ06999KZT0000000001", "check_digits"),
    ("KZ67601TEST000000001", "check_digits"),
    ("KZ68601TEST00000001", "format"),
    ("RU68601TEST000000001", "format"),
]


@pytest.mark.parametrize("iin", VALID_IINS)
def test_a_right_iin_passes(iin):
    assert identifiers.iin_error(iin) is None
    assert identifiers.classify(iin) == "iin"
    identifiers.validate_iin(iin)
    identifiers.validate_performer(iin)


@pytest.mark.parametrize(("iin", "error"), WRONG_IINS)
def test_a_wrong_iin_is_refused_with_its_code(iin, error):
    assert identifiers.iin_error(iin) == error
    with pytest.raises(ValidationError) as refused:
        identifiers.validate_iin(iin)
    assert refused.value.code == error


@pytest.mark.parametrize("value", VALID_BINS)
def test_a_right_bin_passes(value):
    assert identifiers.bin_error(value) is None
    assert identifiers.classify(value) == "bin"
    identifiers.validate_bin(value)
    identifiers.validate_performer(value)


@pytest.mark.parametrize(("value", "error"), WRONG_BINS)
def test_a_wrong_bin_is_refused_with_its_code(value, error):
    assert identifiers.bin_error(value) == error
    with pytest.raises(ValidationError) as refused:
        identifiers.validate_bin(value)
    assert refused.value.code == error


@pytest.mark.parametrize("iban", VALID_IBANS)
def test_a_right_iban_passes_here_and_in_the_library(iban):
    assert identifiers.iban_error(iban) is None
    assert stdnum.iban.is_valid(iban)
    identifiers.validate_iban(iban)


@pytest.mark.parametrize(("iban", "error"), WRONG_IBANS)
def test_a_wrong_iban_is_refused_with_its_code(iban, error):
    assert identifiers.iban_error(iban) == error
    with pytest.raises(ValidationError) as refused:
        identifiers.validate_iban(iban)
    assert refused.value.code == error


@pytest.mark.parametrize("alias", ["00", "01", "99"])
def test_check_digits_outside_02_to_98_are_refused_though_modulo_97_may_pass(alias):
    twin = {"00": "97", "01": "98", "99": "02"}[alias]
    account = next(
        f"999KZT{number:010}"
        for number in range(10_000)
        if identifiers.iban_error(f"KZ{twin}999KZT{number:010}") is None
    )
    assert identifiers.iban_error(f"KZ{alias}{account}") == "check_digits"


@pytest.mark.parametrize("typed", ["kz60999KZT0000000001", "KZ60 999K ZT00 0000 0001", " KZ60-999K-ZT00-0000-0001 "])
def test_an_iban_is_kept_in_one_form(typed):
    assert identifiers.iban_error(typed) == "format"
    assert identifiers.normalise_iban(typed) == VALID_IBANS[0]
    identifiers.validate_iban(typed)


@pytest.mark.parametrize(("sign", "position"), [("К", 1), ("Т", 10), ("О", 20), ("а", 8)])
def test_a_cyrillic_lookalike_is_named_by_its_place(sign, position):
    iban = VALID_IBANS[0][: position - 1] + sign + VALID_IBANS[0][position:]
    with pytest.raises(ValidationError) as refused:
        identifiers.validate_iban(iban[:4] + " " + iban[4:])
    assert refused.value.code == "format"
    assert refused.value.params == {"position": position}


def test_the_bank_code_names_the_bic():
    assert identifiers.expected_bic("KZ68070TEST000000003") == "KKMFKZ2A"
    assert identifiers.expected_bic("KZ55722TEST000000002") == "CASPKZKA"
    assert identifiers.expected_bic("KZ60999KZT0000000001") is None


def test_a_performer_may_be_a_sole_trader():
    assert identifiers.performer_error("190101599018") is None
    assert identifiers.performer_error("250140990016") is None
    assert identifiers.performer_error("190101599017") == "check_digit"
    assert identifiers.performer_error("250170990011") == "entity_type"
    with pytest.raises(ValidationError):
        identifiers.validate_performer("190101599017")


@pytest.mark.parametrize("value", ["", "25014099001", "250170990011", "25014099001a"])
def test_what_is_neither_number_is_not_classified(value):
    assert identifiers.classify(value) is None


def test_an_iin_is_shown_masked():
    assert identifiers.mask_iin("190101599018") == "1901******18"
    assert identifiers.mask_iin("150315599004") == "1503******04"
    assert identifiers.mask_iin("19010159") == "************"


def test_spaces_at_the_edges_of_a_number_are_not_part_of_it():
    assert identifiers.normalise_number(" 190101599018\n") == "190101599018"
    assert identifiers.normalise_number("190101 599018") == "190101 599018"


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_at_most_one_last_digit_fits(first):
    fitting = [last for last in range(10) if identifiers.check_digit(first) == last]
    assert len(fitting) <= 1


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_the_check_digit_is_that_of_the_written_rule(first):
    digits = [int(sign) for sign in first]
    value = sum(weight * digit for weight, digit in zip(range(1, 12), digits, strict=True)) % 11
    if value == 10:
        value = sum(w * d for w, d in zip([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2], digits, strict=True)) % 11
    assert identifiers.check_digit(first) == (None if value == 10 else value)
