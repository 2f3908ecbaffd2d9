"""Filters and tags of the templates: dashes, masks, badges, controls."""

import datetime
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template

from tests.factories import UserFactory
from voucher_portal.states import LOOKS, look_of


def draw(source: str, **context) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


def test_filters_write_sums_and_days():
    assert draw("{{ sum|kzt }}", sum=Decimal("1234.5")) == "1\xa0234,50\xa0₸"
    assert draw("{{ on|day }}", on=datetime.date(2026, 10, 5)) == "05.10.2026"


@pytest.mark.parametrize("name", ["kzt", "day", "month_words", "percent", "iin_mask", "moment", "days_range"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_value_is_a_dash(name, value):
    assert draw(f"{{{{ value|{name} }}}}", value=value) == "—"


def test_zero_is_a_value():
    assert draw("{{ sum|kzt }}", sum=Decimal(0)) == "0,00\xa0₸"


def test_an_iin_is_masked():
    assert draw("{{ iin|iin_mask }}", iin="190101599018") == "1901******18"


def test_a_badge_tells_a_state_by_colour_sign_and_word():
    badge = draw('{% state_badge "RESERVED" "Забронирован" %}')
    assert 'class="state is-reserved"' in badge
    assert ">●</span>Забронирован</span>" in badge


def test_a_badge_of_an_object_takes_the_word_of_its_model():
    class Part:
        state = "REDEEMED"

        def get_state_display(self):
            return "<Погашен>"

    assert ">✓</span>&lt;Погашен&gt;</span>" in draw("{% state_badge part %}", part=Part())


@pytest.mark.parametrize(
    ("state", "colour", "sign"),
    [
        ("ACTIVE", "active", "○"),
        ("RESERVED", "reserved", "●"),
        ("WRITTEN_OFF", "written-off", "◑"),
        ("REDEEMED", "redeemed", "✓"),
        ("REJECTED", "problem", "!"),
        ("ACT_REJECTED", "problem", "!"),
        ("approved", "reserved", "●"),
    ],
)
def test_a_state_looks_the_same_everywhere(state, colour, sign):
    assert (look_of(state).colour, look_of(state).sign) == (colour, sign)
    assert draw("{% state_class state %} {% state_sign state %}", state=state) == f"is-{colour} {sign}"


def test_a_state_without_a_look_is_grey():
    assert look_of("SOMETHING_NEW") == LOOKS["ACTIVE"]


def test_a_wrong_field_is_tied_to_its_error_and_its_help():
    class Form(forms.Form):
        sum = forms.IntegerField(help_text="Whole tenge")

    control = draw("{% control form.sum data_portal_x='1' %}", form=Form({"sum": "x"}))
    assert 'aria-describedby="id_sum_helptext id_sum_error"' in control
    assert 'aria-invalid="true"' in control
    assert 'class="form-control is-invalid"' in control
    assert 'data-portal-x="1"' in control


@pytest.mark.django_db
def test_short_names_do_not_break_over_lines():
    assert UserFactory.build(last_name="Ан", first_name="Ия", middle_name="").short_name == "Ан\xa0И."
