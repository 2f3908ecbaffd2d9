"""The printed acts of the newest month: by the workers when there are some, else a handful at once."""

from django.utils import timezone

from accounts.enums import Language
from acts import documents
from acts.demo.months import MonthOfPlay
from acts.demo.region import DemoRegion
from acts.demo.stages import Stage
from acts.tasks import RENDERED_TOGETHER, render_act_documents
from voucher_portal.health import CHECKS

MOST_QUEUED = 100  # acts: a city's thousand would keep both cores of the demo busy for half an hour


def print_acts(play: MonthOfPlay, stage: Stage) -> None:
    """Let the month's acts be printed, those of the demo's own two organisations first."""
    acts = _own_first(play)
    if CHECKS["worker"]():
        queued = acts[:MOST_QUEUED]
        for start in range(0, len(queued), RENDERED_TOGETHER):
            render_act_documents.delay(queued[start : start + RENDERED_TOGETHER])
        stage.result = f"актов {len(queued)} в очереди на печать"
        return
    own = acts[: len(_own(play.region))]
    for act_id in own:
        for language in Language:
            documents.store_document(act_id=act_id, language=language, now=timezone.now())
    stage.result = f"актов {len(own)} напечатано"


def _own(region: DemoRegion) -> tuple[str, str]:
    return region.school_bin, region.kindergarten_bin


def _own_first(play: MonthOfPlay) -> list[int]:
    rows = play.acts().order_by("pk").values_list("pk", "provider__organisation__bin")
    return [pk for pk, _number in sorted(rows, key=lambda row: row[1] not in _own(play.region))]
