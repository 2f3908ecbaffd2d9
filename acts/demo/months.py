"""One month of the play: the LMS is polled, the month closed, and both sides take their steps with its acts.

Every step asks the database first what is left to do, so that a play that was killed goes on. The moments are those
of the demo's year, a day or two after the poll.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from accounts.enums import Role
from accounts.models import User
from acts import workflow
from acts.closing import close_month
from acts.demo.endings import Ending, endings_of
from acts.demo.errors import DemoError
from acts.demo.people import directors, person_of
from acts.demo.region import DemoMonth, DemoRegion
from acts.demo.stages import Stage
from acts.enums import ActState
from acts.models import Act, MonthClose
from integrations.models import Lms
from registry.intake.polling import begun_months, poll
from registry.settling import settle_contracts
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal.dates import ALMATY

TOGETHER = 50  # acts of one transaction: each commit waits for the disk
RETURN_REASON = "Число дней посещения у двух детей не совпадает с журналом. Уточните табель и отправьте акт снова."


@dataclass
class MonthOfPlay:
    """A month of a region with what is looked up once."""

    region: DemoRegion
    month: DemoMonth
    issuer: Issuer
    _endings: dict[int, Ending] = field(default_factory=dict)

    def moment(self, days: int, hour: int, minute: int = 0) -> datetime.datetime:
        """An instant `days` after the poll."""
        day = self.day(days)
        return datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ALMATY)

    def day(self, days: int) -> datetime.date:
        """The day so many days after the poll."""
        return self.month.polled_on + datetime.timedelta(days=days)

    @property
    def is_closed(self) -> bool:
        """Whether both programmes are closed. One query."""
        closes = MonthClose.objects.filter(issuer=self.issuer, month=self.month.month.first)
        return closes.count() == len(Programme)

    def acts(self, *endings: Ending) -> QuerySet[Act]:
        """The month's acts, or those that come to one of `endings`."""
        acts = Act.objects.filter(provider__issuer=self.issuer, bill_month=self.month.month.first)
        if not endings:
            return acts
        if not self._endings:
            known = acts.select_related("provider__organisation")
            self._endings = endings_of(known, self.region, is_last_month=self.month.is_last)
        return acts.filter(pk__in=[pk for pk, ending in self._endings.items() if ending in endings])


def take_in(play: MonthOfPlay, lms: Lms, stage: Stage) -> None:
    """Poll the LMS to its end and settle what came."""
    polled = poll(lms, months=begun_months(play.month.polled_on), progress=stage.tell)
    if polled.failure:
        raise DemoError(f"Система школы не ответила: {polled.failure}")
    settled = settle_contracts(now=play.moment(0, 6), progress=stage.count)
    contracts, sheets = polled.contracts, polled.sheets
    stage.result = (
        f"договоров {contracts.new + contracts.changed}, табелей {sheets.new + sheets.changed},"
        f" ваучеров {settled['issued']}"
    )


def close(play: MonthOfPlay, stage: Stage) -> None:
    """Close both programmes by the hand of the department's officer."""
    officer, charges, acts = person_of(Role.DEPARTMENT_OFFICER), 0, 0
    for programme in Programme:
        result = close_month(
            issuer=play.issuer, programme=programme, month=play.month.month, today=play.month.polled_on,
            now=play.moment(0, 10), by=officer, progress=lambda closing: stage.tell(str(closing.label)),
        )  # fmt: skip
        charges, acts = charges + sum(result["charges"].values()), acts + result["acts"]
    stage.result = f"начислений {charges}, актов {acts}"


def submit(play: MonthOfPlay, endings: Iterable[Ending], stage: Stage) -> None:
    """Every director submits the act of the own organisation."""
    by_organisation = directors(play.issuer)
    acts = play.acts(*endings).filter(state=ActState.TO_PROVIDER).select_related("provider")

    def one(act: Act) -> None:
        director = by_organisation[act.provider.organisation_id]
        workflow.submit_act(act_id=act.pk, by=director, now=play.moment(0, 15))

    stage.result = f"актов {_each(acts, one, stage)}"


def send_back(play: MonthOfPlay) -> None:
    """The department's officer returns the acts that are to come back."""
    officer: User = person_of(Role.DEPARTMENT_OFFICER)
    for act in play.acts(Ending.RETURNED).filter(state=ActState.TO_CUSTOMER):
        workflow.return_act(act_id=act.pk, by=officer, now=play.moment(1, 9), reason=RETURN_REASON)


def accept(play: MonthOfPlay, endings: Iterable[Ending], stage: Stage) -> None:
    """The head of the department accepts acts."""
    head = person_of(Role.DEPARTMENT_HEAD)
    acts = play.acts(*endings).filter(state=ActState.TO_CUSTOMER)

    def one(act: Act) -> None:
        workflow.accept_act(act_id=act.pk, by=head, now=play.moment(1, 11), today=play.day(1))

    stage.result = f"актов {_each(acts, one, stage)}"


def _each(acts: QuerySet[Act], step, stage: Stage) -> int:
    """Take a step with every act, in transactions of several; how many there were."""
    waiting = list(acts.order_by("pk"))
    for start in range(0, len(waiting), TOGETHER):
        stage.count(start, len(waiting))
        with transaction.atomic():
            for act in waiting[start : start + TOGETHER]:
                step(act)
    return len(waiting)
