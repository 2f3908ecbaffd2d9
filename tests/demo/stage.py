"""A small demo region between emulators that are processes of their own, as `make run` has them."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from integrations.emulators.lms_process import lms_process
from integrations.emulators.process import emulator_process
from integrations.emulators.region import SCALES, Scale
from tests.core.digest import state_with_history

SCALE, SMALL = "small", Scale(providers=12, children=150)
KNOWS_SMALL = f"from integrations.emulators import region; region.SCALES['{SCALE}'] = region.{SMALL!r}"
PLAY = ("play_demo", "--scale", SCALE)
TODAY = "2025-12-05"
TOKEN = "token-of-the-demo-test"
PAYMENTS = """
    SELECT a.number, o.source, o.amount_kzt, o.pay_kzt, o.state, t.end_to_end_id, t.amount_kzt, t.is_final
    FROM acts_paymentorder o JOIN acts_act a ON a.id = o.act_id
    LEFT JOIN acts_paymentattempt t ON t.order_id = o.id"""
EVENTS = """
    SELECT a.number, e.kind, u.iin
    FROM acts_actevent e JOIN acts_act a ON a.id = e.act_id LEFT JOIN accounts_user u ON u.id = e.by_id"""


@contextlib.contextmanager
def treasury_process(book: Path) -> Iterator[str]:
    """The emulated treasury on a free port; its base address."""
    environment = {"TREASURY_TOKEN": TOKEN}
    with emulator_process("treasury", "--book", book, environment=environment) as (address, _process):
        yield address


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[None]:
    """Emulators that know nothing yet, and a process that knows where they are and keeps its files in `folder`."""
    with lms_process(token=TOKEN) as lms, treasury_process(folder / "book.sqlite3") as treasury:
        variables = {
            "LMS_EMULATOR_URL": lms,
            "LMS_TOKEN": TOKEN,
            "TREASURY_URL": treasury,
            "TREASURY_TOKEN": TOKEN,
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_TODAY": TODAY,
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(SCALES, SCALE, SMALL)
            for name, value in variables.items():
                patch.setenv(name, value)
            with override_settings(
                DATA_DIR=folder, MEDIA_ROOT=folder / "documents", TREASURY_URL=treasury, TREASURY_TOKEN=TOKEN
            ):
                yield


def play() -> str:
    """Play to the end, here; what was printed."""
    out = io.StringIO()
    call_command(*PLAY, stdout=out)
    return out.getvalue()


def state() -> dict[str, list[tuple]]:
    """Everything that a second play must not change, without numbers and times that chance decides."""
    found = state_with_history()
    with connection.cursor() as cursor:
        for kind, statement in (("payments", PAYMENTS), ("events", EVENTS)):
            cursor.execute(statement)
            found[kind] = sorted(cursor.fetchall(), key=str)
    return found
