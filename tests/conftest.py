"""What every test shares: the session's own services, a clock that can be set, a browser."""

import datetime
import os
import shutil
from collections.abc import Iterator

import hypothesis
import pytest
import time_machine
from django.db import connection

from voucher_portal import embedded

# The same examples on every machine, however busy it is.
hypothesis.settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis.settings.load_profile("portal")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
ALMATY = datetime.timezone(datetime.timedelta(hours=5))

# Playwright runs an event loop in the test's thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services that this session started; the workers of pytest-xdist leave that to their master."""
    if hasattr(config, "workerinput"):
        return
    embedded.stop_started_here()
    if folder := os.environ.get("PORTAL_TEST_DATA_DIR"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The session's database; what a thread left connected to it does not keep it from being dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Drive the machine's own Chromium, not one that Playwright would download."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        pytest.skip("No Chromium here. Run once: sudo apt-get install --no-install-recommends chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    return browser_type_launch_args | {"executable_path": chromium, "args": ["--disable-gpu", *sandbox]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """People of Almaty, reading Russian unless a test says otherwise."""
    return browser_context_args | {"locale": "ru-KZ", "timezone_id": "Asia/Almaty"}
