"""Filters of the printed act: sums without the sign of tenge under a head that has it, sums in words, days.

{% load portal act_paper %}
{{ act.amount_kzt|amount }}  {{ act.amount_kzt|sum_in_words }}  {{ order.signed_on|document_day }}
"""

from django import template

from acts import words
from voucher_portal.words import number

register = template.Library()


@register.filter
def amount(value) -> str:
    """55 659,00: to the tiyn, for a column whose head says ₸."""
    return number(value, 2)


register.filter("sum_in_words", words.sum_in_words)
register.filter("document_day", words.document_day)
register.filter("days_to_pay", words.days_to_pay)
