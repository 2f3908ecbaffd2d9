"""How far each act comes: all of them to the payment, but in the last month some stop on every step of the way."""

import enum
from collections.abc import Iterable

from acts.demo.region import DemoRegion
from acts.models import Act


class Ending(enum.Enum):
    """Where the play leaves an act."""

    TO_SUBMIT = enum.auto()
    TO_ACCEPT = enum.auto()
    RETURNED = enum.auto()
    HELD = enum.auto()
    REJECTED = enum.auto()
    UNKNOWN = enum.auto()
    PAID = enum.auto()


SUBMITTED = frozenset(Ending) - {Ending.TO_SUBMIT}
ACCEPTED_FIRST = frozenset({Ending.PAID, Ending.HELD, Ending.REJECTED})
# One of each kind among the first acts, however small the region is; the two waiting kinds are found all over it.
SINGLE = {1: Ending.HELD, 2: Ending.RETURNED, 4: Ending.REJECTED, 6: Ending.UNKNOWN, 12: Ending.REJECTED}
REPEATED = {3: Ending.TO_SUBMIT, 5: Ending.TO_ACCEPT}
EVERY = 8


def endings_of(acts: Iterable[Act], region: DemoRegion, *, is_last_month: bool) -> dict[int, Ending]:
    """The ending of each of `acts`, by key; the same ones each time. Needs the acts' organisations."""
    ordered = sorted(acts, key=lambda act: (act.provider.organisation.bin, act.number))
    if not is_last_month:
        return {act.pk: Ending.PAID for act in ordered}
    own = {region.school_bin: Ending.TO_SUBMIT, region.kindergarten_bin: Ending.RETURNED}
    others = [act for act in ordered if act.provider.organisation.bin not in own]
    found = {act.pk: own.get(act.provider.organisation.bin) for act in ordered}
    found |= {
        act.pk: SINGLE.get(place) or REPEATED.get(place % EVERY, Ending.PAID) for place, act in enumerate(others)
    }
    return found
