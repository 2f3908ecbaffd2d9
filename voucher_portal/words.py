"""Numbers, sums, dates and counts as people read them, in Russian and in Kazakh.

Django has no Kazakh formats, and its month names are in the wrong form in both languages, so the tables are here.
Source: glossary, "How to write for people", 3 to 5 and 8. Every function speaks the language of the page unless
`language` is given. U+00A0 keeps a number with its unit.
"""

import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db.backends.postgresql.psycopg_any import Range
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from voucher_portal.dates import ALMATY, Month

NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TENGE = "\N{TENGE SIGN}"
MILLION = Decimal(1_000_000)

RU_OF_MONTH = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
RU_MONTHS = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
RU_SHORT = "янв фев мар апр мая июн июл авг сен окт ноя дек".split()
KK_MONTHS = "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан".split()
KK_SHORT = "қаң ақп нау сәу мам мау шіл там қыр қаз қар жел".split()


def _is_kazakh(language: str | None) -> bool:
    return (language or get_language()) == "kk"


def _month_number(month: datetime.date | Month) -> int:
    return month.number if isinstance(month, Month) else month.month


def number(value, places: int = 0) -> str:
    """1 234 567,89: groups of three by U+00A0, decimal comma, U+2212; rounded half up to `places`."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}".replace(",", NBSP).replace(".", ",")
    return f"{MINUS}{text}" if rounded < 0 else text


def kzt(value) -> str:
    """A sum to the tiyn: 55 659,00 ₸."""
    return f"{number(value, 2)}{NBSP}{TENGE}"


def kzt_whole(value) -> str:
    """A sum in whole tenge, for texts and cells where nobody pays by it: 55 659 ₸."""
    return f"{number(value)}{NBSP}{TENGE}"


def mln(value) -> str:
    """A sum in millions, for overviews: 5 812,4 млн ₸."""
    return f"{number(Decimal(value) / MILLION, 1)}{NBSP}млн{NBSP}{TENGE}"


def percent(share, places: int = 2, language: str | None = None) -> str:
    """A share of 0..1: 91,03 % in Russian, 91,03% in Kazakh."""
    return f"{number(Decimal(share) * 100, places)}{'' if _is_kazakh(language) else NBSP}%"


def day(value: datetime.date) -> str:
    """05.10.2026, the form of tables and fields in both languages."""
    return f"{value:%d.%m.%Y}"


def moment(value: datetime.datetime) -> str:
    """05.10.2026 09:07, by the clock of Almaty."""
    return f"{value.astimezone(ALMATY):%d.%m.%Y %H:%M}"


def days_range(value: Range) -> str:
    """A range of days whose last day is excluded: «01.09.2025 – 31.05.2026», «с 01.09.2025»."""
    if value.upper is None:
        return _("since %(day)s") % {"day": day(value.lower)}
    return f"{day(value.lower)} – {day(value.upper - datetime.timedelta(days=1))}"


def day_words(value: datetime.date, language: str | None = None) -> str:
    """A day in a sentence: «5 октября 2026 г.», «2026 ж. 5 қазан»."""
    if _is_kazakh(language):
        return f"{value.year}{NBSP}ж. {value.day}{NBSP}{KK_MONTHS[value.month - 1]}"
    return f"{value.day}{NBSP}{RU_OF_MONTH[value.month - 1]} {value.year}{NBSP}г."


def day_short(value: datetime.date, language: str | None = None) -> str:
    """A day of the current year: «3 окт», «3 қаз»."""
    names = KK_SHORT if _is_kazakh(language) else RU_SHORT
    return f"{value.day}{NBSP}{names[value.month - 1]}"


def month_name(value: datetime.date | Month, language: str | None = None) -> str:
    """The month alone, with a small letter: «октябрь», «қазан»."""
    return (KK_MONTHS if _is_kazakh(language) else RU_MONTHS)[_month_number(value) - 1]


def month_short(value: datetime.date | Month, language: str | None = None) -> str:
    """The month alone for a narrow cell or an axis: «окт», «май»; «қаз», «мам»."""
    return KK_SHORT[_month_number(value) - 1] if _is_kazakh(language) else month_name(value, "ru")[:3]


def month_words(value: datetime.date | Month, language: str | None = None) -> str:
    """A month with its year: «октябрь 2026 г.», «2026 ж. қазан»."""
    name = month_name(value, language)
    return f"{value.year}{NBSP}ж. {name}" if _is_kazakh(language) else f"{name} {value.year}{NBSP}г."


def children(count: int) -> str:
    """«88 014 детей», «88 014 бала»."""
    return ngettext("%(count)s child", "%(count)s children", count) % {"count": number(count)}


def organisations(count: int) -> str:
    """«985 организаций», «985 ұйым»."""
    return ngettext("%(count)s organisation", "%(count)s organisations", count) % {"count": number(count)}


def contracts(count: int) -> str:
    """«3 договора», «3 шарт»."""
    return ngettext("%(count)s contract", "%(count)s contracts", count) % {"count": number(count)}


def acts(count: int) -> str:
    """«971 акт», «971 акт»."""
    return ngettext("%(count)s act", "%(count)s acts", count) % {"count": number(count)}


def study_days(count: int) -> str:
    """«18 учебных дней», «18 оқу күні»."""
    return ngettext("%(count)s study day", "%(count)s study days", count) % {"count": number(count)}


def deadline(working_days: int) -> str:
    """What is left until a deadline: negative is overdue, zero is its last day."""
    if working_days == 0:
        return _("today is the last day")
    if working_days < 0:
        late = -working_days
        return ngettext("%(count)s working day overdue", "%(count)s working days overdue", late) % {"count": late}
    left = working_days
    return ngettext("%(count)s working day left", "%(count)s working days left", left) % {"count": left}
