"""The operator's commands, run here or as a process of its own that can be killed."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connection

TOKEN_ENV, TOKEN = "TEST_LMS_TOKEN", "token-of-the-test"
PATIENCE_SECONDS = 60
PROGRAM = """
import sys, django
django.setup()
%s
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@dataclass(frozen=True)
class Said:
    """What a command printed on standard output, and its exit status."""

    out: str
    status: int

    @property
    def json(self) -> dict:
        return json.loads(self.out)


def run(*words: str, today: str = "") -> Said:
    """Run a command in this process, as if the day were `today`."""
    out, status = io.StringIO(), 0
    with _environment(today):
        try:
            call_command(*words, stdout=out, stderr=io.StringIO())
        except SystemExit as stop:
            status = stop.code
    return Said(out.getvalue(), status)


@contextmanager
def _environment(today: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ[TOKEN_ENV] = TOKEN
    if today:
        os.environ["PORTAL_TODAY"] = today
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def started(*words: str, today: str = "", before: str = "") -> Iterator[subprocess.Popen]:
    """A command as a process on this test's database, killed at the end; `before` is Python to run in it first."""
    database = connection.settings_dict
    host, user = quote(str(database["HOST"]), safe=""), database["USER"]
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{user}@{host}:{database['PORT']}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "voucher_portal.settings.dev",
        "PORTAL_ENV_FILE": "none",
        "PORTAL_TODAY": today,
        TOKEN_ENV: TOKEN,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM % before, *words],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        kill(process)


def end_of(process: subprocess.Popen) -> Said:
    """Wait for a process and give what it said."""
    out, _err = process.communicate(timeout=PATIENCE_SECONDS)
    return Said(out, process.returncode)


def kill(process: subprocess.Popen) -> None:
    """SIGKILL: nothing in the process may tidy up. Does nothing to one that has ended."""
    if process.poll() is None:
        process.kill()
        process.communicate()


@contextmanager
def session() -> Iterator:
    """A database session beside Django's; what it did is rolled back at the end."""
    database = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    beside = psycopg2.connect(**{ours: database[theirs] for ours, theirs in names.items() if database[theirs]})
    try:
        yield beside
    finally:
        beside.rollback()
        beside.close()


@contextmanager
def locked(statement: str, *params) -> Iterator:
    """Hold the locks that a statement takes, so that another process stops where it needs them."""
    with session() as beside, beside.cursor() as cursor:
        cursor.execute(statement, params)
        yield


def wait_until(condition: Callable[[], bool], *processes: subprocess.Popen) -> None:
    """Wait until `condition()`; fail when it takes too long or one of `processes` ends before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        for process in processes:
            assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def waiting_for_locks() -> int:
    """How many sessions of this database wait for a lock."""
    return _sessions("wait_event_type = 'Lock'")


def all_gone() -> bool:
    """Whether no session of another process is left: PostgreSQL has seen that a killed process is dead."""
    return _sessions("true") == 0


def _sessions(condition: str) -> int:
    with session() as beside, beside.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            f" AND backend_type = 'client backend' AND pid <> %s AND {condition}",
            [connection.connection.info.backend_pid if connection.connection else 0],
        )
        return cursor.fetchone()[0]
