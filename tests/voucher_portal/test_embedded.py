"""The embedded services, in data folders and processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection
from kombu import Connection

from voucher_portal import embedded
from voucher_portal.addresses import QUEUE, broker_url
from voucher_portal.embedded import unprivileged

VARIABLES = ("DATABASE_URL", "REDIS_URL", "PORTAL_DATA_DIR", "PORTAL_TEST_DATA_DIR")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This process's environment, without the services of its tests."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    dev = {"DJANGO_SETTINGS_MODULE": "voucher_portal.settings.dev", "PORTAL_ENV_FILE": "none"}
    return kept | dev | {"PORTAL_DATA_DIR": str(folder)} | more


def command(folder: Path, *arguments: str, **more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output_of(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def ask(server: embedded.Postgres, sql: str):
    session = psycopg2.connect(host=str(server.host), user="portal", dbname="portal")
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute(sql)
        answer = cursor.fetchone()[0] if cursor.description else None
    session.close()
    return answer


@pytest.fixture
def folder(tmp_path):
    yield from usable(tmp_path / "data")


def usable(folder: Path):
    """A data folder, whose services are stopped afterwards."""
    yield folder
    if folder.exists():
        embedded.stop(embedded.Postgres(folder))
        embedded.stop(embedded.Redis(folder))


def test_a_bare_command_starts_both_services_and_leaves_them_running(folder):
    output_of(command(folder, "manage.py", "check"))
    assert ask(embedded.Postgres(folder), "SHOW server_version").startswith("18.")
    assert embedded.Redis(folder).is_running()
    assert "running" in output_of(command(folder, "-m", "voucher_portal.embedded", "status"))


def test_nothing_embedded_starts_when_both_addresses_are_given(folder):
    database = settings.DATABASES["default"]
    url = f"postgres://{database['USER']}@{database['HOST'].replace('/', '%2F')}:5432/portal"
    output_of(command(folder, "manage.py", "check", DATABASE_URL=url, REDIS_URL=settings.REDIS_URL))
    assert not folder.exists()


def test_commands_that_start_together_share_one_server(folder):
    started = [command(folder, "-m", "voucher_portal.embedded", "start") for _ in range(4)]
    for process in started:
        output_of(process)
    servers = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres"
        and str(embedded.Postgres(folder).folder) in (process.info["cmdline"] or [])
    ]
    assert len(servers) == 1


def test_two_folders_beside_each_other_do_not_meet(tmp_path):
    for first in usable(tmp_path / "a"):
        for second in usable(tmp_path / "b"):
            servers = [embedded.Postgres(first), embedded.Postgres(second)]
            stores = [embedded.Redis(first), embedded.Redis(second)]
            for service in servers + stores:
                embedded.ensure_started(service)
            ask(servers[0], "CREATE TABLE only_here (id int)")
            redis.Redis.from_url(stores[0].url()).set("only", "here")
            assert ask(servers[1], "SELECT to_regclass('only_here') IS NULL")
            assert redis.Redis.from_url(stores[1].url()).get("only") is None


def test_a_folder_with_a_long_name_works(tmp_path):
    for folder in usable(tmp_path / "-".join(["длинная папка"] * 8)):
        output_of(command(folder, "manage.py", "check"))
        assert ask(embedded.Postgres(folder), "SELECT 1") == 1
        assert len(os.fsencode(embedded.Redis(folder).socket)) <= 107


def test_celery_reaches_a_socket_whose_folder_has_blanks_and_cyrillic_letters(tmp_path):
    for folder in usable(tmp_path / "папка 1%"):
        server = embedded.Redis(folder)
        embedded.ensure_started(server)
        assert server.socket.parent == server.folder, "the folder's name is short enough"
        with Connection(broker_url(server.url(), QUEUE)) as broker:
            assert broker.default_channel.client.ping()


def test_a_killed_server_starts_again_with_its_data(folder):
    server = embedded.Postgres(folder)
    embedded.ensure_started(server)
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    ask(server, "CHECKPOINT")
    postmaster = psutil.Process(int((server.folder / "postmaster.pid").read_text().split()[0]))
    children = postmaster.children()
    postmaster.send_signal(signal.SIGKILL)
    psutil.wait_procs([postmaster, *children], timeout=30)
    embedded.ensure_started(server)
    assert ask(server, "SELECT n FROM kept") == 7


def test_a_process_number_that_now_belongs_to_another_process_does_not_stop_the_start(folder):
    server = embedded.Postgres(folder)
    embedded.ensure_started(server)
    pid_file = server.folder / "postmaster.pid"
    left_behind = pid_file.read_text().splitlines()
    embedded.stop(server)
    unrelated = subprocess.Popen(["sleep", "60"])
    pid_file.write_text("\n".join([str(unrelated.pid), *left_behind[1:]]) + "\n")
    os.chown(pid_file, unprivileged.owner_of(server.folder), -1)
    embedded.ensure_started(server)
    unrelated.terminate()
    unrelated.wait()
    assert server.is_running()


def test_only_what_this_process_started_is_stopped_with_it(folder, monkeypatch):
    monkeypatch.setattr(embedded, "started_here", set())  # without the services of this test session
    server, store = embedded.Postgres(folder), embedded.Redis(folder)
    output_of(command(folder, "-m", "voucher_portal.embedded", "start"))
    embedded.ensure_started(server)
    embedded.stop_started_here()
    assert server.is_running()
    assert store.is_running()
    output_of(command(folder, "-m", "voucher_portal.embedded", "stop"))
    assert not server.is_running()
    assert not store.is_running()


def test_redis_keeps_its_data_over_a_stop(folder):
    store = embedded.Redis(folder)
    embedded.ensure_started(store)
    redis.Redis.from_url(store.url()).set("task", "waiting")
    embedded.stop(store)
    embedded.ensure_started(store)
    assert redis.Redis.from_url(store.url()).get("task") == b"waiting"


@pytest.mark.parametrize("extension", ["btree_gist", "pg_trgm", "pg_stat_statements"])
def test_extensions_that_the_portal_needs_are_there(extension, db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = %s", [extension])
        assert cursor.fetchone() == (1,)


def test_kazakh_letters_take_part_in_trigrams_and_in_case(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT upper('әңғұі'), similarity('Әлихан', 'әлихан'), 'Ә' > 'я'")
        assert cursor.fetchone() == ("ӘҢҒҰІ", 1.0, True)


def test_a_stopped_server_takes_little_time_to_find(folder):
    started = time.perf_counter()
    assert not embedded.Redis(folder).is_running()
    assert not embedded.Postgres(folder).is_running()
    assert time.perf_counter() - started < 0.5
