"""IIN, BIN and IBAN: checks, normal form, mask and form validators. Source: contracts/number-formats.md.

The number alone proves nothing about a person: birth date, age and sex come from the state database, never from here.
"""

import datetime
import re
from operator import mul

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.iso7064 import mod_97_10

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_IBAN = re.compile(r"KZ[0-9]{2}[0-9]{3}[A-Z0-9]{13}")
_SPACES_AND_HYPHENS = re.compile(r"[\s\u2010-\u2015-]+")
_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
_LOOKALIKES = frozenset("АВЕЗКМНОРСТУХІҮЅЈ")
_BIC_BY_BANK_CODE = {
    "070": "KKMFKZ2A",
    "125": "NBRKKZKX",
    "551": "KSNVKZKA",
    "563": "KPSTKZKA",
    "601": "HSBKKZKX",
    "722": "CASPKZKA",
    "821": "KINCKZKA",
    "856": "KCJBKZKX",
}


def check_digit(first_eleven: str) -> int | None:
    """The twelfth digit that belongs to these eleven, 0..9, or None: no number with this beginning is ever issued."""
    # The bytes of the digits are 48 + digit; 48 times the sum of either row of weights is a multiple of 11.
    digits = first_eleven.encode()
    value = sum(map(mul, _FIRST_WEIGHTS, digits)) % 11
    if value == 10:
        value = sum(map(mul, _SECOND_WEIGHTS, digits)) % 11
    return value if value < 10 else None


def iin_error(value: str) -> str | None:
    """What is wrong with an IIN: `format`, `century`, `date` or `check_digit`, in this order; None when right."""
    if not _TWELVE_DIGITS.fullmatch(value):
        return "format"
    century = _CENTURIES.get(value[6])
    if century is None:
        return "century"
    try:
        datetime.date(century + int(value[:2]), int(value[2:4]), int(value[4:6]))
    except ValueError:
        return "date"
    return None if check_digit(value[:11]) == int(value[11]) else "check_digit"


def bin_error(value: str) -> str | None:
    """What is wrong: `format`, `month`, `entity_type`, `entity_subtype` or `check_digit`, in this order; or None."""
    if not _TWELVE_DIGITS.fullmatch(value):
        return "format"
    if not 1 <= int(value[2:4]) <= 12:
        return "month"
    if value[4] not in "456":
        return "entity_type"
    if value[5] not in "0123":
        return "entity_subtype"
    return None if check_digit(value[:11]) == int(value[11]) else "check_digit"


def iban_error(value: str) -> str | None:
    """What is wrong with a Kazakhstani IBAN in normal form: `format` or `check_digits`; None when right."""
    if not _IBAN.fullmatch(value):
        return "format"
    # Modulo 97 alone would let the aliases 00, 01 and 99 pass for some accounts.
    if not 2 <= int(value[2:4]) <= 98 or not mod_97_10.is_valid(value[4:] + value[:4]):
        return "check_digits"
    return None


def normalise_number(value: str) -> str:
    """An IIN or BIN as typed, without the spaces at its edges."""
    return value.strip()


def normalise_iban(value: str) -> str:
    """An IBAN as typed, without spaces and hyphens, in capitals: the form that is stored."""
    return _SPACES_AND_HYPHENS.sub("", value).upper()


def cyrillic_position(iban: str) -> int | None:
    """The place (from 1, in normal form) of the first Cyrillic letter that looks Latin; None without any."""
    return next((place for place, sign in enumerate(iban, start=1) if sign in _LOOKALIKES), None)


def expected_bic(iban: str) -> str | None:
    """The BIC of the bank whose code stands in the IBAN, None for a bank that is not in our table. REG §16.2.

    A bank's list changes: where the two disagree the user is warned, never refused.
    """
    return _BIC_BY_BANK_CODE.get(iban[4:7])


def classify(value: str) -> str | None:
    """`"iin"` or `"bin"` by the fifth of twelve digits; None when it is neither. Says nothing of the check digit."""
    if not _TWELVE_DIGITS.fullmatch(value):
        return None
    if value[4] in "0123":
        return "iin"
    return "bin" if value[4] in "456" else None


def performer_error(value: str) -> str | None:
    """What is wrong with a performer's number: a BIN, or the IIN of a sole trader, who has no BIN; None when right."""
    return iin_error(value) if classify(value) == "iin" else bin_error(value)


def mask_iin(iin: str) -> str:
    """An IIN (or BIN) for lists and logs: "1901******18". Anything shorter than twelve signs is hidden whole."""
    if len(iin) != 12:
        return "*" * 12
    return f"{iin[:4]}******{iin[-2:]}"


_IIN_MESSAGES = {
    "century": _("The portal does not accept an IIN with this seventh digit. Contact the operator."),
    "date": _("The IIN is wrong: its first six digits are not a date. Check all 12 digits."),
    "check_digit": _(
        "The IIN is wrong: the check digit does not match. "
        "Check all 12 digits on the identity card or birth certificate."
    ),
}
_WRONG_BIN = _("The BIN is wrong. Check the 12 digits.")
_WRONG_IBAN = _("The account number is wrong. It begins with KZ and has 20 characters.")
_CYRILLIC_IN_IBAN = _("Character %(position)s of the account number is a Cyrillic letter. Type it in Latin letters.")


def validate_iin(value: str) -> None:
    """Django validator of an IIN; the error's code is that of `iin_error`."""
    _refuse_wrong_length(value, _("An IIN has 12 digits. You entered %(n)s."), _("An IIN consists of digits only."))
    error = iin_error(value)
    if error:
        raise ValidationError(_IIN_MESSAGES[error], code=error)


def validate_bin(value: str) -> None:
    """Django validator of a BIN; the error's code is that of `bin_error`."""
    _refuse_wrong_length(value, _("A BIN has 12 digits. You entered %(n)s."), _("A BIN consists of digits only."))
    error = bin_error(value)
    if error:
        raise ValidationError(_WRONG_BIN, code=error)


def validate_performer(value: str) -> None:
    """Django validator of a performer's number: a BIN, or the IIN of a sole trader."""
    if classify(value) == "iin":
        validate_iin(value)
    else:
        validate_bin(value)


def validate_iban(value: str) -> None:
    """Django validator of an IBAN as typed or in normal form; a Cyrillic look-alike is named by its place."""
    iban = normalise_iban(value)
    position = cyrillic_position(iban)
    if position:
        raise ValidationError(_CYRILLIC_IN_IBAN, code="format", params={"position": position})
    error = iban_error(iban)
    if error:
        raise ValidationError(_WRONG_IBAN, code=error)


def _refuse_wrong_length(value: str, wrong_length, not_only_digits) -> None:
    digits = sum(sign in "0123456789" for sign in value)
    if digits != 12:
        raise ValidationError(wrong_length, code="format", params={"n": digits})
    if len(value) != 12:
        raise ValidationError(not_only_digits, code="format")
