"""What every test shares: the session's own services, a clock that can be set."""

import datetime
import os
import shutil
from collections.abc import Iterator

import pytest
import time_machine

from voucher_portal import embedded

ALMATY = datetime.timezone(datetime.timedelta(hours=5))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services that this session started; the workers of pytest-xdist leave that to their master."""
    if hasattr(config, "workerinput"):
        return
    embedded.stop_started_here()
    if folder := os.environ.get("PORTAL_TEST_DATA_DIR"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def freeze() -> Iterator:
    """Stop the clock: `freeze(2025, 11, 3)` or `freeze(2025, 11, 3, 14, 30)`, in Almaty's time."""
    travels = []

    def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0):
        instant = datetime.datetime(year, month, day, hour, minute, tzinfo=ALMATY)
        travel = time_machine.travel(instant, tick=False)
        travels.append(travel)
        return travel.start()

    yield at
    for travel in reversed(travels):
        travel.stop()
