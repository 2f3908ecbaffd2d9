"""The whole play in order: a region, its people, and three months from the LMS contract to the redeemed part.

Killed anywhere it goes on when it is called again; when it is through, calling it again changes nothing.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from acts.demo import months, people, region
from acts.demo.endings import ACCEPTED_FIRST, SUBMITTED, Ending
from acts.demo.errors import DemoError
from acts.demo.months import MonthOfPlay
from acts.demo.papers import print_acts
from acts.demo.paying import DemoTreasury, lose_sight, pay
from acts.demo.region import DemoLms, DemoRegion
from acts.demo.stages import Stages
from integrations.emulators.region import Scale
from integrations.models import Lms
from voucher_portal.words import month_name

PLAYED = "played"


@dataclass(frozen=True)
class Demo:
    """What is played, where its files are, and the other sides of the wires."""

    data_dir: Path
    scale: str | Scale
    seed: int
    lms: DemoLms
    treasury: DemoTreasury


def play_demo(demo: Demo, stages: Stages) -> tuple[DemoRegion, bool]:
    """Play what has not been played yet; the region, and whether anything was left to play.

    Raises:
        DemoError: production, another region in the database, or an emulator that does not answer.
    """
    if getattr(settings, "PRODUCTION", False):
        raise DemoError("В рабочей среде демонстрация не запускается.")
    demo.treasury.check()
    with stages.stage("Регион: файлы") as stage:
        found = region.make_region(demo.data_dir, scale=demo.scale, seed=demo.seed)
        stage.result = f"организаций {found.providers}, детей {found.children}"
    region.refuse_another_region(found)
    if _is_played(found):
        _serve_again(demo, found)
        return found, False
    _play_all(demo, found, stages)
    return found, True


def _is_played(found: DemoRegion) -> bool:
    """Whether the play came to its end, in this database too."""
    if not (found.folder / PLAYED).exists() or not region.is_loaded(found):
        return False
    return MonthOfPlay(found, found.months[-1], found.issuer).is_closed


def _serve_again(demo: Demo, found: DemoRegion) -> None:
    """The LMS has been started anew, knows nothing yet, and may have another address."""
    demo.lms.connect(found)
    for month in found.months:
        demo.lms.publish(month)


def _play_all(demo: Demo, found: DemoRegion, stages: Stages) -> None:
    with stages.stage("Справочники") as stage:
        counts = region.load_region(found)
        stage.result = f"новых записей {sum(count['created'] for count in counts.values())}"
    with stages.stage("Сотрудники") as stage:
        stage.result = f"новых {people.make_people(found, seed=demo.seed)}"
    lms = demo.lms.connect(found)
    for month in found.months:
        demo.lms.publish(month)
        _play_month(demo, lms, MonthOfPlay(found, month, found.issuer), stages)
    people.open_guardian(found)
    with stages.stage("Признаки риска") as stage:
        stage.result = f"новых {_scan_sheets()}"
    (found.folder / PLAYED).touch()


def _scan_sheets() -> int:
    """Look through the sheets for the commission, as the schedule does every hour; how many signals were raised."""
    answer = io.StringIO()
    call_command("scan_sheets", "--json", stdout=answer)  # by its name: the commission is a floor above
    return json.loads(answer.getvalue())["raised"]


def _play_month(demo: Demo, lms: Lms, play: MonthOfPlay, stages: Stages) -> None:
    name = month_name(play.month.month, "ru").capitalize()
    # A closed month has been polled, and the LMS would not know the cursor of a later one yet.
    if not play.is_closed:
        with stages.stage(f"{name}: договоры и табели из LMS") as stage:
            months.take_in(play, lms, stage)
        with stages.stage(f"{name}: закрытие месяца") as stage:
            months.close(play, stage)
    with stages.stage(f"{name}: акты отправлены") as stage:
        months.submit(play, SUBMITTED, stage)
    months.send_back(play)
    with stages.stage(f"{name}: акты приняты") as stage:
        months.accept(play, ACCEPTED_FIRST, stage)
    with stages.stage(f"{name}: оплата и погашение") as stage:
        pay(play, demo.treasury, stage)
    if play.month.is_last:
        with stages.stage(f"{name}: оплата с неизвестным исходом") as stage:
            months.accept(play, {Ending.UNKNOWN}, stage)
            lose_sight(play, demo.treasury)
        with stages.stage(f"{name}: печать актов") as stage:
            print_acts(play, stage)
