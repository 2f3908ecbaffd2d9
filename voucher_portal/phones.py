"""Mobile numbers of Kazakhstan: one normal form, `+77XXXXXXXXX`, one mask.

+7 7xx is Kazakhstan, the rest of +7 is Russia. Of the codes 7xx those in 71x and 72x belong to towns, the others to
networks that take messages. Which operator has a code changes, and people keep their number when they change him, so
there is no list of operators here. Source: the numbering plan of Kazakhstan as libphonenumber has it (region KZ).
"""

import re

# Blanks of every kind, brackets, and dashes of every kind: hyphens, figure dash, en and em dash, minus, full-width.
_SEPARATORS = re.compile(r"[\s\u200b\u2060()\u002d\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+")
_TYPED = re.compile(r"(?:\+7|7|8)([0-9]{10})")
_ABROAD = re.compile(r"\+(?!7|87)[1-9][0-9]{6,14}")  # +8 7… is our own number with both prefixes
_LONGEST_TYPED = 40


class PhoneError(ValueError):
    """No mobile number of Kazakhstan. `code`: `format`, `foreign` (another country's) or `landline` (a town's)."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not a mobile number of Kazakhstan: {code}")
        self.code = code


def normalise_phone(typed: str) -> str:
    """A number as people type it (+7 701…, 8 (701)…, 7-701-…) as `+7701…`: the form that is stored and sent to.

    Ten digits without a prefix are not completed: they are just as well eleven with one forgotten, which would reach
    a stranger.

    Raises:
        PhoneError: it is none; its text holds no part of the number.
    """
    if len(typed) > _LONGEST_TYPED:
        raise PhoneError("format")
    compact = _SEPARATORS.sub("", typed)
    match = _TYPED.fullmatch(compact)
    if not match:
        raise PhoneError("foreign" if _ABROAD.fullmatch(compact) else "format")
    number = match[1]
    if number[0] != "7":
        raise PhoneError("foreign")
    if number[1] in "12":
        raise PhoneError("landline")
    return f"+7{number}"


def mask_phone(phone: str) -> str:
    """A number in normal form for lists and logs: "+7 70* *** ** 01". Anything else is hidden whole."""
    if not re.fullmatch(r"\+77[0-9]{9}", phone):
        return "+* *** *** ** **"
    return f"+7 {phone[2:4]}* *** ** {phone[-2:]}"
