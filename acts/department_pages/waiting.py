"""What waits for the department: how many, since when, and where to go."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from acts.department_pages.acts import OVERDUE
from acts.department_pages.closing import closable
from acts.enums import ActState
from acts.models import Act
from integrations.models import Lms
from registry.feeds import FeedState, state_of
from registry.models import LedgerBalance, PutAside
from schools.models import Issuer
from voucher_portal.dates import ALMATY
from voucher_portal.words import day, moment, month_words, number


@dataclass(frozen=True)
class Wait:
    """One line: what waits, a fact about the oldest, the address of the list."""

    text: str
    detail: str
    url: str
    is_problem: bool = False


def waiting_for(
    user: User, issuers: list[Issuer], balances: Iterable[LedgerBalance], now: datetime.datetime, today: datetime.date
) -> list[Wait]:
    """Every line that has something in it. Four queries."""
    lines = [
        *_acts(issuers, today),
        *_months(issuers, balances, today),
        *_put_aside(user),
        *_feeds(issuers, now),
    ]
    return sorted(lines, key=lambda line: not line.is_problem)


def _acts(issuers: list[Issuer], today: datetime.date) -> Iterator[Wait]:
    waits, late = Q(state=ActState.TO_CUSTOMER), Q(state=ActState.SIGNED, pay_before__lt=today)
    found = Act.objects.filter(waits | late, close__issuer__in=issuers).aggregate(
        waits=Count("pk", filter=waits),
        since=Min("submitted_at", filter=waits),
        late=Count("pk", filter=late),
        due=Min("pay_before", filter=late),
    )
    address = reverse("department:acts")
    if count := found["late"]:
        text = ngettext("%(count)s act is not paid in time", "%(count)s acts are not paid in time", count)
        yield Wait(
            text % {"count": number(count)}, _longest_delay(today - found["due"]), f"{address}?state={OVERDUE}", True
        )
    if count := found["waits"]:
        text = ngettext("%(count)s act to accept", "%(count)s acts to accept", count)
        age = _oldest(today - found["since"].astimezone(ALMATY).date())
        yield Wait(text % {"count": number(count)}, age, f"{address}?state={ActState.TO_CUSTOMER}")


def _oldest(age: datetime.timedelta) -> str:
    if age.days <= 0:
        return _("all came today")
    return ngettext("the oldest waits %(count)s day", "the oldest waits %(count)s days", age.days) % {
        "count": age.days
    }


def _longest_delay(age: datetime.timedelta) -> str:
    return ngettext("up to %(count)s day late", "up to %(count)s days late", age.days) % {"count": age.days}


def _months(issuers: list[Issuer], balances: Iterable[LedgerBalance], today: datetime.date) -> Iterator[Wait]:
    """The last month that can be closed, of each issuer and programme: the earlier ones close with it."""
    last = {(each.issuer.pk, each.programme): each for each in closable(issuers, balances, today)}
    for each in last.values():
        text = _("Close the month: %(month)s") % {"month": month_words(each.month)}
        yield Wait(text, str(each.programme.label), each.url)


def _put_aside(user: User) -> Iterator[Wait]:
    found = PutAside.objects.visible_to(user).waiting().aggregate(count=Count("pk"), since=Min("first_seen_at"))
    if count := found["count"]:
        text = ngettext("%(count)s record is put aside", "%(count)s records are put aside", count)
        since = _("since %(day)s") % {"day": day(found["since"].astimezone(ALMATY))}
        yield Wait(text % {"count": number(count)}, since, reverse("department:aside"))


def _feeds(issuers: list[Issuer], now: datetime.datetime) -> Iterator[Wait]:
    served = Lms.objects.filter(providers__issuer__in=issuers, is_active=True).distinct().annotate(state=state_of(now))
    found = served.aggregate(
        down=Count("pk", filter=Q(state=FeedState.DOWN)),
        down_since=Min("failed_at", filter=Q(state=FeedState.DOWN)),
        stale=Count("pk", filter=Q(state=FeedState.STALE)),
        stale_since=Min("polled_at", filter=Q(state=FeedState.STALE)),
    )
    address = reverse("department:providers")
    if count := found["down"]:
        text = ngettext("%(count)s school system does not answer", "%(count)s school systems do not answer", count)
        yield Wait(text % {"count": count}, _last_poll(found["down_since"]), f"{address}?feed={FeedState.DOWN}", True)
    if count := found["stale"]:
        text = ngettext(
            "Data of %(count)s school system are out of date",
            "Data of %(count)s school systems are out of date",
            count,
        )
        yield Wait(text % {"count": count}, _last_poll(found["stale_since"]), f"{address}?feed={FeedState.STALE}")


def _last_poll(at: datetime.datetime | None) -> str:
    return moment(at) if at else _("not polled yet")
