"""Filters of a month's calculation in words."""

from django import template

from registry.enums import Mark
from registry.marks import days_in_words

register = template.Library()


@register.filter
def days_by_mark(days: dict[str, int]) -> str:
    """«15 дней посещения, 1 день болезни»: days by mark, in the order of the marks."""
    return ", ".join(days_in_words(mark, days[mark]) for mark in Mark.values if days.get(mark))
