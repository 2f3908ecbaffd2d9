"""Paying a month's acts through the emulated treasury, with what goes wrong there, until its answers are read.

The orders of the emulator's script are given before a file goes, so that a play that was killed gives them again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Exists, OuterRef, QuerySet

from acts.demo.endings import ACCEPTED_FIRST, Ending
from acts.demo.errors import DemoError
from acts.demo.months import MonthOfPlay
from acts.demo.region import JSON
from acts.demo.stages import Stage
from acts.enums import IN_FLIGHT, PAYABLE, RETRIABLE, OrderState
from acts.models import Act, PaymentOrder
from acts.payments.reconciling import reconcile_payments
from acts.payments.routing import route_payments
from schools.enums import SuspensionGround
from schools.models import Suspension
from voucher_portal.http import HttpClient, HttpError, Retries

MOST_ROUNDS = 10
CALM = {"refuse": {}, "submit_faults": [], "ask_faults": []}
ACCOUNT_CLOSED, WRONG_ACCOUNT = "AC04", "AC01"
# Each question of the portal is repeated a few times; this keeps the outcome unknown for about half an hour.
UNANSWERED = 36
DECISION = "Решение управления образования № 17 от 04.12.2025: налоговая задолженность (пример)"


@dataclass(frozen=True)
class DemoTreasury:
    """The emulated treasury: its script and its own book."""

    url: str
    token: str

    def check(self) -> None:
        """Wait a few seconds until it answers.

        Raises:
            DemoError: there is none, or it is a real one, to which the demo sends nothing.
        """
        try:
            self.book()
        except HttpError as error:
            raise DemoError(f"Эмулятор казначейства не отвечает: {error}") from error

    def order(self, script: Mapping[str, Any]) -> None:
        """Tell it what is to go wrong from now on; what `script` does not name goes well."""
        with self._client() as client:
            client.post("/control", json.dumps({**CALM, **script}).encode(), content_type=JSON, is_idempotent=True)

    def book(self) -> dict:
        """What it holds: accounts, messages, transfers (tiyn)."""
        with self._client() as client:
            return client.get("/book").json()

    def _client(self) -> HttpClient:
        return HttpClient(self.url, self.token, retries=Retries(attempts=4))


def pay(play: MonthOfPlay, treasury: DemoTreasury, stage: Stage) -> None:
    """Pay what was accepted and read the answers; in the last month what is refused stays so.

    Raises:
        DemoError: the treasury does not come to an end with it.
    """
    acts, may_retry = play.acts(*ACCEPTED_FIRST), not play.month.is_last
    if play.month.is_last:
        _suspend(play)
    if _without_orders(acts).exists():
        treasury.order(_script(play))
        _route(play, retry=False)
    for number in range(MOST_ROUNDS):
        stage.tell(f"ответы казначейства, {number + 1}")
        reconcile_payments(now=play.moment(2, 9))
        if not _open(acts, may_retry=may_retry).exists():
            break
        treasury.order({})
        _route(play, retry=may_retry)
    else:
        raise DemoError("Казначейство не закончило платежи")
    treasury.order({})
    stage.result = _outcome(_orders(acts))


def lose_sight(play: MonthOfPlay, treasury: DemoTreasury) -> None:
    """Send the orders of the acts whose payment nobody is to know of yet: the connection drops, no question helps."""
    if _without_orders(play.acts(Ending.UNKNOWN)).exists():
        treasury.order({"submit_faults": ["drop_before"], "ask_faults": ["503_before"] * UNANSWERED})
        _route(play, retry=False)


def _outcome(orders: QuerySet[PaymentOrder]) -> str:
    counts = dict(orders.values_list("state").annotate(Count("pk")).order_by())
    found = {
        "исполнено": counts.get(OrderState.PAID, 0),
        "со второй попытки": orders.filter(state=OrderState.PAID, attempts__number__gt=1).count(),
        "отклонено": counts.get(OrderState.REJECTED, 0),
        "удержано": counts.get(OrderState.HELD, 0),
    }
    return "поручений " + ", ".join(f"{what} {count}" for what, count in found.items() if count)


def _route(play: MonthOfPlay, *, retry: bool) -> None:
    route_payments(issuer=play.issuer, now=play.moment(1, 16), today=play.day(2), retry=retry)


def _script(play: MonthOfPlay) -> dict[str, Any]:
    """What goes wrong: first an answer is lost, then a payee's account is wrong, at last some accounts are closed."""
    if play.month is play.region.months[0]:
        return {"submit_faults": ["503_after"]}
    rejected = play.acts(Ending.REJECTED).order_by("pk").select_related("provider")
    if play.month.is_last:
        return {"refuse": {act.provider.iban: ACCOUNT_CLOSED for act in rejected}}
    first = play.acts().exclude(republican_kzt=0).order_by("pk").first()
    return {"refuse": {f"{first.number}-RB": WRONG_ACCOUNT}} if first else {}


def _suspend(play: MonthOfPlay) -> None:
    """The providers whose payment is to be held have a tax debt from the day of acceptance on."""
    for act in play.acts(Ending.HELD).select_related("provider"):
        Suspension.objects.get_or_create(
            provider=act.provider,
            document=DECISION,
            defaults={"ground": SuspensionGround.TAX_DEBT, "days": DateRange(play.day(1), None)},
        )


def _without_orders(acts: QuerySet[Act]) -> QuerySet[Act]:
    return acts.filter(~Exists(PaymentOrder.objects.filter(act=OuterRef("pk"))), state__in=PAYABLE)


def _orders(acts: QuerySet[Act]) -> QuerySet[PaymentOrder]:
    return PaymentOrder.objects.filter(act__in=acts.values("pk"))


def _open(acts: QuerySet[Act], *, may_retry: bool) -> QuerySet[PaymentOrder]:
    waiting = (OrderState.PREPARED, *IN_FLIGHT, *(RETRIABLE if may_retry else ()))
    return _orders(acts).filter(state__in=waiting)
