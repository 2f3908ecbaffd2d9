"""`manage.py play_demo [--scale demo|city] [--seed N]`: load the demo region and play its three months."""

import logging
import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from acts.demo.errors import DemoError
from acts.demo.paying import DemoTreasury
from acts.demo.play import Demo, play_demo
from acts.demo.region import DemoLms
from acts.demo.report import adds_up, report
from acts.demo.stages import Stages
from acts.demo.sums import sums_of
from acts.verification import verify
from integrations.emulators.region import SCALES
from voucher_portal.commands import PUT_ASIDE, WRONG_INPUT
from voucher_portal.environment import Environment

SEED = 2025
# Who would warn of what the demo itself tells the treasury to do wrong.
ORDERED_TROUBLE = ("acts.payments.sending", "voucher_portal.http")


class Command(BaseCommand):
    help = "Play the demo: `make run` starts the emulators for it. What has been played is not played again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the size of the region and the seed that it is made from."""
        scale = Environment(os.environ).text("SCALE", "demo")
        parser.add_argument("--scale", choices=sorted(SCALES), default=scale)
        parser.add_argument("--seed", type=int, default=SEED)

    def handle(self, *, scale: str, seed: int, **_options) -> None:
        """Play, then print the sums and the sign-ins; exit status 1 when they do not add up."""
        demo = self._demo(scale, seed)
        for name in ORDERED_TROUBLE:
            logging.getLogger(name).setLevel(logging.ERROR)
        stages = Stages(sys.stderr)
        try:
            region, is_new = play_demo(demo, stages)
            with stages.stage("Проверка сумм и журнала" if is_new else "Проверка сумм"):
                sums = sums_of(region.issuer, demo.treasury.book())
                verified = verify() if is_new else None  # a city's takes a minute: not at every start
        except DemoError as error:
            raise CommandError(str(error), returncode=WRONG_INPUT) from error
        self.stdout.write("\n".join(["", *report(region, sums, verified)]))
        if not adds_up(sums, verified):
            raise CommandError("Суммы не сходятся.", returncode=PUT_ASIDE)

    def _demo(self, scale: str, seed: int) -> Demo:
        if scale not in SCALES:  # the default, out of the environment, has been checked by nobody
            raise CommandError(f"SCALE: {scale!r}, а бывает {', '.join(SCALES)}.", returncode=WRONG_INPUT)
        env = Environment(os.environ)
        address = env.text("LMS_EMULATOR_URL")
        if not address or not settings.TREASURY_URL:
            raise CommandError(
                "Нет эмуляторов: LMS_EMULATOR_URL и TREASURY_URL ставит `make run`.", returncode=WRONG_INPUT
            )
        return Demo(
            data_dir=settings.DATA_DIR,
            scale=scale,
            seed=seed,
            lms=DemoLms(url=address, token_env="LMS_TOKEN", token=env.text("LMS_TOKEN")),
            treasury=DemoTreasury(settings.TREASURY_URL, settings.TREASURY_TOKEN),
        )
