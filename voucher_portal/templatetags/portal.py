"""Filters and tags of every page: sums, days, masks, state badges and form controls.

    {% load portal %}
    {{ act.total_kzt|kzt }}  {{ part.month|month_words }}  {{ child.iin|iin_mask }}  {% state_badge part %}

An absent value is a dash, so templates need no `if`. For paging and filter links use Django's `{% querystring %}`.
"""

from functools import wraps

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from voucher_portal import words
from voucher_portal.identifiers import mask_iin
from voucher_portal.states import look_of

register = template.Library()

DASH = "\N{EM DASH}"
CONTROL_CLASSES = {"select": "form-select", "nullbooleanselect": "form-select", "checkbox": "form-check-input"}


def _register(name: str, function) -> None:
    @register.filter(name)
    @wraps(function)
    def or_dash(value):
        return DASH if value is None or value == "" else function(value)


for _name in (
    "number kzt kzt_whole mln percent day day_words day_short month_name month_short month_words moment days_range "
    "children organisations contracts acts study_days deadline"
).split():
    _register(_name, getattr(words, _name))
_register("iin_mask", mask_iin)


def badge(state: str, label: str) -> SafeString:
    """A state told by colour, sign and word together; the colour and the sign are those of `states.look_of`."""
    look = look_of(state)
    return format_html(
        '<span class="state is-{}"><span class="state__sign" aria-hidden="true">{}</span>{}</span>',
        look.colour,
        look.sign,
        label,
    )


@register.simple_tag
def state_badge(thing, label: str = "") -> SafeString:
    """`{% state_badge part %}` for an object with `state`, or `{% state_badge "RESERVED" label %}`."""
    if isinstance(thing, str):
        return badge(thing, label or thing)
    return badge(thing.state, label or thing.get_state_display())


@register.simple_tag
def state_class(state: str) -> str:
    """The class that gives `--c`, the colour of a state, to a cell or a flow: `is-reserved`."""
    return f"is-{look_of(state).colour}"


@register.simple_tag
def state_sign(state: str) -> str:
    """The sign of a state alone, beside a word that says it: ●."""
    return look_of(state).sign


@register.simple_tag
def control(field: BoundField, **attrs) -> SafeString:
    """The input of a bound field with the look of the portal; Django links its help and its errors."""
    attrs["class"] = CONTROL_CLASSES.get(field.widget_type, "form-control")
    if field.errors:
        attrs["class"] += " is-invalid"
    return field.as_widget(attrs={name.replace("_", "-"): value for name, value in attrs.items()})
