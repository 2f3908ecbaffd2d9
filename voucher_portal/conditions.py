"""Conditions of check constraints that more than one table has."""

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import Exact, GreaterThanOrEqual


def has_only(field: str, characters: str, *, least: int) -> Q:
    """At least so many characters, all of them of `characters`; the column's length bounds them above.

    Takes a fifth of the time of a regular expression, which the first load of a city feels in every row.
    """
    rest = Func(field, Value(characters), function="RTRIM", output_field=CharField())
    return Q(Exact(rest, Value("")), GreaterThanOrEqual(Length(field), least))
