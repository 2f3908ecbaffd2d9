"""Sums in tenge. Every sum is a Decimal with two places; a tiyn is the smallest step, halves go away from zero."""

from decimal import ROUND_HALF_UP, Decimal

TIYN = Decimal("0.01")
TIYN_IN_TENGE = 100


def round_half_up(value: Decimal) -> Decimal:
    """`value` tenge rounded to the tiyn; exactly half a tiyn goes away from zero, so a refund mirrors its charge."""
    return value.quantize(TIYN, ROUND_HALF_UP)


def share(nominal: Decimal, cum: int, cum_before: int, study_days: int) -> Decimal:
    """What one contract earns (or reserves) of a part: tenge, exact to the tiyn.

    `cum` are the days of the child's contracts up to and including this one, `cum_before` those before it, of
    `study_days` in the month. The shares of a part add up to what all its days earn, however many contracts.

    Raises:
        ValueError: not 0 <= `cum_before` <= `cum` <= `study_days`, no study days, a negative nominal or one with
            a fraction of a tiyn.
    Source: design.md §6.
    """
    if study_days <= 0 or not 0 <= cum_before <= cum <= study_days:
        raise ValueError(f"{cum_before=}, {cum=} of {study_days=}")
    tiyn = _tiyn(nominal)
    if tiyn < 0:
        raise ValueError(f"negative {nominal=}")
    return _tenge(_divide_half_up(tiyn * cum, study_days) - _divide_half_up(tiyn * cum_before, study_days))


def split_by_source(amount: Decimal, norm_local: Decimal, norm_total: Decimal) -> tuple[Decimal, Decimal]:
    """Split a charge into what the local and the republican budget pay, in tenge: `(local, republican)`.

    The local share is rounded, the republican one is the rest, so that the two always add up. A refund splits into
    exactly the negated parts of its charge.

    Raises:
        ValueError: `norm_total` is not positive, `norm_local` is outside 0..`norm_total`, or a sum has a fraction
            of a tiyn.
    Source: design.md §6.
    """
    local, total, whole = _tiyn(norm_local), _tiyn(norm_total), _tiyn(amount)
    if total <= 0 or not 0 <= local <= total:
        raise ValueError(f"{norm_local=} of {norm_total=}")
    share_of_local = _divide_half_up(abs(whole) * local, total) * (1 if whole >= 0 else -1)
    return _tenge(share_of_local), _tenge(whole - share_of_local)


def parts_of_norm(norm: Decimal, parts: int) -> list[Decimal]:
    """A year's norm in `parts` nominals, tenge: equal ones rounded to the tiyn, the last one takes the remainder.

    Raises:
        ValueError: `parts` is not positive, or the norm is too small for the last part to be 0 or more.
    Source: design.md §6, REG §8.3.
    """
    if parts <= 0:
        raise ValueError(f"{parts=}")
    tiyn = _tiyn(norm)
    each = _divide_half_up(tiyn, parts)
    last = tiyn - each * (parts - 1)
    if tiyn < 0 or last < 0:
        raise ValueError(f"{norm=} cannot be cut into {parts=}")
    return [_tenge(each)] * (parts - 1) + [_tenge(last)]


def _divide_half_up(numerator: int, denominator: int) -> int:
    """Both not negative: a whole number nearest to the quotient, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _tiyn(sum_in_tenge: Decimal) -> int:
    tiyn = sum_in_tenge * TIYN_IN_TENGE
    if tiyn != int(tiyn):
        raise ValueError(f"{sum_in_tenge} is not a whole number of tiyn")
    return int(tiyn)


def _tenge(tiyn: int) -> Decimal:
    return Decimal(tiyn).scaleb(-2)
