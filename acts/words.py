"""Words of acts that the kernel has not: sums in words, days as documents write them, calendar days to pay.

Like `voucher_portal.words` they speak the language of the page or of the document that is being rendered.
Source: glossary, "How to write for people", 4 and 5.
"""

import datetime
from decimal import Decimal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from num2words import num2words

from voucher_portal.money import TIYN_IN_TENGE
from voucher_portal.words import NBSP, RU_OF_MONTH

NUM2WORDS_LANGUAGES = {"kk": "kz", "ru": "ru"}
TENGE_IN_WORDS = {"kk": "теңге", "ru": "тенге"}
TIYN_IN_WORDS = "тиын"
MINUS_IN_WORDS = "минус"
KK_IN_MONTH = (
    "қаңтардағы ақпандағы наурыздағы сәуірдегі мамырдағы маусымдағы шілдедегі тамыздағы қыркүйектегі қазандағы "
    "қарашадағы желтоқсандағы"
).split()


def sum_in_words(amount: Decimal) -> str:
    """«Сорок три тысячи девять тенге 23 тиын», «Қырық үш мың тоғыз теңге 23 тиын».

    Whole tenge go in as a whole number: read as currency, a whole number would be tiyn.
    """
    language = get_language()
    whole, tiyn = divmod(int(abs(amount) * TIYN_IN_TENGE), TIYN_IN_TENGE)
    words = num2words(whole, lang=NUM2WORDS_LANGUAGES[language])
    signed = f"{MINUS_IN_WORDS} {words}" if amount < 0 else words
    return f"{signed[0].upper()}{signed[1:]} {TENGE_IN_WORDS[language]} {tiyn:02d}{NBSP}{TIYN_IN_WORDS}"


def document_day(day: datetime.date) -> str:
    """A day before the noun that it dates: «5 октября 2026 года», «2026 жылғы 5 қазандағы»."""
    if get_language() == "kk":
        return f"{day.year}{NBSP}жылғы {day.day}{NBSP}{KK_IN_MONTH[day.month - 1]}"
    return f"{day.day}{NBSP}{RU_OF_MONTH[day.month - 1]} {day.year}{NBSP}года"


def days_to_pay(days: int) -> str:
    """What is left of the calendar days to pay: zero is the last day, negative is overdue."""
    if days == 0:
        return _("today is the last day")
    if days < 0:
        late = -days
        return ngettext("%(count)s calendar day overdue", "%(count)s calendar days overdue", late) % {"count": late}
    return ngettext("%(count)s calendar day left", "%(count)s calendar days left", days) % {"count": days}
