"""The marks of a sheet as people read them: a letter in the language of the page, its word, a cell of a month.

Source: glossary, "Day marks": letters of the electronic diary that parents know, never colour alone.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext_lazy, pgettext_lazy

from registry.enums import Mark

STUDY = "1"
LETTERS = {
    Mark.PRESENT: "+",
    Mark.SICK: pgettext_lazy("letter of a day", "S"),
    Mark.LEAVE: pgettext_lazy("letter of a day", "L"),
    Mark.QUARANTINE: pgettext_lazy("letter of a day", "Q"),
    Mark.NO_REASON: pgettext_lazy("letter of a day", "N"),
    Mark.OFF: pgettext_lazy("letter of a day", "H"),
    Mark.OUTSIDE: "\N{EN DASH}",
}
# A spreadsheet takes a plus sign for a formula.
LETTERS_IN_FILES = LETTERS | {Mark.PRESENT: pgettext_lazy("letter of a day", "P")}
DAYS_OF = {
    Mark.PRESENT: ngettext_lazy("%(days)s day of presence", "%(days)s days of presence", "days"),
    Mark.SICK: ngettext_lazy("%(days)s day of illness", "%(days)s days of illness", "days"),
    Mark.LEAVE: ngettext_lazy(
        "%(days)s day on the parent's application", "%(days)s days on the parent's application", "days"
    ),
    Mark.QUARANTINE: ngettext_lazy("%(days)s day of quarantine", "%(days)s days of quarantine", "days"),
    Mark.NO_REASON: ngettext_lazy("%(days)s day without a reason", "%(days)s days without a reason", "days"),
    Mark.OFF: ngettext_lazy("%(days)s day marked as a day off", "%(days)s days marked as days off", "days"),
    Mark.OUTSIDE: ngettext_lazy("%(days)s day without a mark", "%(days)s days without a mark", "days"),
}


def letter_of(mark: str) -> str:
    """The letter of a mark in the language of the page: «Б» or «А» for illness, a plus sign for presence."""
    return str(LETTERS[Mark(mark)])


def letter_in_file(mark: str) -> str:
    """As `letter_of`, with a letter for presence too."""
    return str(LETTERS_IN_FILES[Mark(mark)])


def legend() -> list[dict]:
    """Every mark with its letter and word; it stands on the same screen as the letters."""
    return [{"mark": mark.value, "letter": letter_of(mark), "label": mark.label} for mark in Mark]


def days_in_words(mark: str, days: int) -> str:
    """«15 дней посещения», «1 день болезни»: days of one mark, for a calculation in words."""
    return DAYS_OF[Mark(mark)] % {"days": days}


def cells_of(marks: str, study_mask: str, covered_mask: str, days: int, cells: Mapping) -> SafeString:
    """The table cells of one sheet, a cell a day, out of `day_cells()`.

    A day off is grey, and bare unless somebody was marked; a study day that is not covered is pale: it earns nothing.
    """
    return mark_safe("".join(cells[marks[day : day + 1], study_mask[day] + covered_mask[day]] for day in range(days)))


def day_cells() -> dict[tuple[str, str], SafeString]:
    """The cells of every mark by study day and covered day; a page of 50 children has 1 550 of them."""
    kinds = {"11": "day", "10": "day uncovered", "00": "day off", "01": "day off"}
    cells = {("", masks): format_html('<td class="{}"></td>', kind) for masks, kind in kinds.items()}
    for mark in Mark:
        shown = format_html('<span class="mark mark-{}">{}</span>', mark.value, letter_of(mark))
        for masks, kind in kinds.items():
            is_bare = masks[0] != STUDY and mark in (Mark.OFF, Mark.OUTSIDE)
            cells[mark.value, masks] = format_html(
                '<td class="{}" title="{}">{}</td>', kind, mark.label, "" if is_bare else shown
            )
    return cells


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month's calendar. `mark` is empty while there is no sheet."""

    date: datetime.date
    mark: str
    is_study: bool

    @property
    def letter(self) -> str:
        return letter_of(self.mark) if self.mark and (self.is_study or self.mark not in ".H") else ""

    @property
    def label(self) -> str:
        return Mark(self.mark).label if self.mark else ""


def weeks_of(month: datetime.date, marks: str, study_mask: str, days: int) -> list[list[Day | None]]:
    """The month as weeks from Monday to Sunday; None fills the first and the last week."""
    shown = [
        Day(month.replace(day=place + 1), marks[place : place + 1], study_mask[place] == STUDY)
        for place in range(days)
    ]
    filled = [None] * (month.isoweekday() - 1) + shown
    filled += [None] * (-len(filled) % 7)
    return [filled[start : start + 7] for start in range(0, len(filled), 7)]
