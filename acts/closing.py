"""Closing a month: charges, acts, ledger and parts for an issuer and programme, in a constant number of statements.

One transaction: killed anywhere it leaves nothing, and the same call does it again. Source: design.md §6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from acts.enums import CloseStage
from acts.models import Act, MonthClose
from registry.enums import CHARGEABLE, EXPIRABLE, MARKS, REDEEMABLE
from registry.ledger import lock_ledger
from registry.models import ClosedThrough, RuleSet
from schools.models import Issuer
from voucher_portal import sql
from voucher_portal.dates import Month
from voucher_portal.words import month_words

NEVER = date(1900, 1, 1)
Progress = Callable[[str], None]


class CloseError(Exception):
    """The month cannot be closed; the text is fit for the user, in the language that is active."""


@dataclass(frozen=True)
class Closing:
    """What is closed: a month of a programme of an issuer, and the last month closed before it."""

    issuer: Issuer
    programme: str
    month: Month
    closed_through: date

    @property
    def params(self) -> dict:
        return {
            "issuer": self.issuer.pk,
            "programme": self.programme,
            "month": self.month.first,
            "closed_through": self.closed_through,
        }


def close_month(
    *,
    issuer: Issuer,
    programme: str,
    month: Month,
    today: date,
    now: datetime,
    by=None,
    progress: Progress | None = None,
) -> dict:
    """Close `month` and earlier months that are still open. Repeatable: a closed month gives its result again.

    One runner at a time for an issuer; of two that start at once the second waits and gets the same result.
    `progress` is told each `CloseStage` as it begins.

    Raises:
        CloseError: the month has not ended, has no rules, or a later one is closed already.
    Returns: acts, charges {kind: n}, amount_kzt, local_kzt, republican_kzt, released_kzt, not_charged {reason: n}.
    """
    tell = progress or (lambda _stage: None)
    with transaction.atomic():
        lock_ledger([issuer.pk])
        done = MonthClose.objects.filter(issuer=issuer, programme=programme, month=month.first).first()
        if done:
            return done.result
        closing = _closing(issuer, programme, month, today)
        close = MonthClose.objects.create(
            issuer=issuer, programme=programme, month=month.first, closed_at=now, closed_by=by
        )
        result = _run(closing, close, today, now, by, tell)
        close.result, close.finished_at = result, now
        close.save(update_fields=["result", "finished_at"])
    tell(CloseStage.DONE)
    return result


def preview(*, issuer: Issuer, programme: str, month: Month, today: date) -> dict:
    """What `close_month` would bill now; writes nothing.

    Raises:
        CloseError: as `close_month`; also when the month is closed.
    Returns: children, and what `close_month` returns, with `older_kzt`: the part of the sum for older months.
    """
    with transaction.atomic():
        closing = _closing(issuer, programme, month, today)
        _count(closing)
        summary = _summary(closing)
        transaction.set_rollback(True)
    return summary


def _closing(issuer: Issuer, programme: str, month: Month, today: date) -> Closing:
    if month.last >= today:
        raise CloseError(_("The month has not ended yet. It can be closed from the first day of the next month."))
    last = ClosedThrough.objects.filter(issuer=issuer, programme=programme).first()
    if last and last.month >= month.first:
        said = _("The month was closed together with a later one: %(month)s. Late data go into the next close.")
        raise CloseError(said % {"month": month_words(last.month)})
    return Closing(issuer, programme, month, last.month if last else NEVER)


def _run(closing: Closing, close: MonthClose, today: date, now: datetime, by, tell: Progress) -> dict:
    params = closing.params | {"close": close.pk, "now": now, "today": today, "actor": by and by.pk}
    tell(CloseStage.COUNTING)
    _count(closing)
    result = _summary(closing)
    tell(CloseStage.CHARGING)
    drawn = Act.objects.filter(provider__issuer=closing.issuer, bill_month=closing.month.first).count()
    sql.execute("acts/close_acts", **params, code=closing.issuer.code, drawn=drawn)
    sql.execute("acts/close_charges", **params)
    tell(CloseStage.POSTING)
    sql.execute("acts/close_post", **params, expirable=EXPIRABLE)
    states = {"chargeable": CHARGEABLE, "expirable": EXPIRABLE, "redeemable": REDEEMABLE}
    sql.execute("acts/close_parts", **params, **states)
    tell(CloseStage.CHECKING)
    sql.execute("acts/close_end", **params)
    return result


def _count(closing: Closing) -> None:
    """Fill the temporary tables `billing`, `held` (older parts of which a fact changed) and `line`."""
    payable, least = _rules_sql(closing)
    statement = sql.statement("acts/close_count").format(payable_days=payable, min_present_days=least)
    with connection.cursor() as cursor:
        cursor.execute(statement, closing.params)
    sql.execute("acts/close_late", **closing.params)
    sql.execute("acts/close_lines")


def _rules_sql(closing: Closing) -> tuple[str, str]:
    """The rule sets as two SQL expressions: payable days of a sheet as a mask, and the least days of presence.

    A day is paid by the rule set of that day, so a rule set that begins in mid-month gives its days only.
    Built of digits only, from dates and marks that the table's constraints have checked.
    """
    masks, leasts = [], []
    for rules in RuleSet.objects.filter(programme=closing.programme).order_by("days"):
        first, end = rules.days.lower, rules.days.upper or closing.month.last + timedelta(days=1)
        bits = "".join("1" if mark in rules.payable_marks else "0" for mark in MARKS)
        masks.append(
            f"(registry_marks_mask(s.marks, '{bits}') & registry_days_mask(r.month, daterange('{first}', '{end}')))"
        )
        leasts.append(f"WHEN r.month < '{end}' THEN {rules.min_present_days}")
    if not masks:
        raise CloseError(_("No rules are in force for this programme. The operator loads the reference data."))
    return f"({' | '.join(masks)})", f"CASE {' '.join(leasts)} ELSE {leasts[-1].split()[-1]} END"


def _summary(closing: Closing) -> dict:
    row = sql.fetch_dicts("acts/close_summary", month=closing.month.first)[0]
    kinds = {kind.upper(): row.pop(kind) for kind in ("original", "refund", "correction")}
    not_charged = dict(sql.fetch("acts/close_not_charged"))
    ((released,),) = sql.fetch("acts/close_released")
    sums = {key: str(value) for key, value in row.items() if key.endswith("_kzt")}
    return {
        "acts": row["acts"],
        "children": row["children"],
        "charges": kinds,
        **sums,
        "released_kzt": str(released),
        "not_charged": not_charged,
    }
