"""Filters of a provider's pages."""

from django import template

from schools.enums import Programme

register = template.Library()


@register.filter
def programme_label(programme: str) -> str:
    """The word of a programme by its code."""
    return Programme(programme).label
