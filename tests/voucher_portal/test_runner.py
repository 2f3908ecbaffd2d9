"""`make run`: what it starts it ends, whatever happens."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from voucher_portal.environment import BASE_DIR
from voucher_portal.other_sides import OTHER_SIDES
from voucher_portal.processes import Supervisor, listening_socket

READY_WITHIN_SECONDS = 90


def processes_of(folder: Path) -> list[psutil.Process]:
    """Processes that were told to keep their data in `folder`, and the embedded servers in it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PORTAL_DATA_DIR") == str(folder) or str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


@pytest.fixture
def portal(tmp_path):
    """A way to start the portal on the test's own data folder, as `make run` does."""
    folder, started = tmp_path / "data", []

    def start() -> subprocess.Popen:
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        settings = {"DJANGO_SETTINGS_MODULE": "voucher_portal.settings.dev", "PORTAL_ENV_FILE": "none"}
        environment = kept | settings | {"PORTAL_DATA_DIR": str(folder), "PLAY_DEMO": "no", "PORT": "8400"}
        runner = subprocess.Popen(
            [sys.executable, "-m", "voucher_portal.runner"],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(runner)
        return runner

    start.folder = folder
    yield start
    for runner in started:
        runner.stdout.close()
    for process in processes_of(folder):
        process.kill()


def printed_by(runner: subprocess.Popen) -> tuple[str, list[str]]:
    """The address that the runner prints once the portal is ready, and the lines before it."""
    lines = []
    for line in runner.stdout:
        if found := re.search(r"(?:is at|already:) (http://127\.0\.0\.1:\d+)", line):
            return found[1], lines
        lines.append(line)
    raise AssertionError("the runner ended without an address")


def address_of(runner: subprocess.Popen) -> str:
    """The address alone."""
    return printed_by(runner)[0]


def status_at(address: str) -> int:
    """What a server answers there; raises when there is none."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_portal_serves_and_a_signal_to_its_group_ends_every_process(portal):
    runner = portal()
    address, lines = printed_by(runner)
    with urllib.request.urlopen(f"{address}/healthz/ready", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok"}

    told = [line for line in lines if line.startswith("  ")]
    assert len(told) == len(OTHER_SIDES), "one line for each emulator"
    assert all(status_at(re.search(r"http://[^ ]+", line).group()) < 500 for line in told), "each is there"
    asked = ask_state_database(portal.folder)
    assert json.loads(asked)["outcome"] == "FOUND", "a command in another terminal meets them"

    second = portal()
    assert address_of(second) == address, "the second one points to the first one"
    assert second.wait(30) == 0

    os.killpg(runner.pid, signal.SIGINT)
    assert runner.wait(60) == 0
    assert processes_of(portal.folder) == []


def test_a_process_that_ends_by_itself_ends_the_portal_with_its_name(portal):
    runner = portal()
    address_of(runner)
    worker = next(process for process in processes_of(portal.folder) if "worker" in process.cmdline())
    worker.terminate()
    assert runner.wait(60) == 1
    assert re.search("worker ended by itself", runner.stdout.read())
    assert processes_of(portal.folder) == []


def ask_state_database(folder: Path) -> str:
    """What the command of the summary prints."""
    environment = {"PATH": os.environ["PATH"], "PORTAL_ENV_FILE": str(folder / "demo.env")}
    command = [sys.executable, "manage.py", "ask_state_database", "GBDUL", "250140990016", "--json"]
    return subprocess.check_output(command, cwd=BASE_DIR, env=environment, stderr=subprocess.DEVNULL, text=True)


@pytest.fixture
def supervisor(tmp_path):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield Supervisor(tmp_path, dict(os.environ))
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_process_that_ignores_the_request_to_end_is_killed_with_its_children(supervisor, monkeypatch, tmp_path):
    monkeypatch.setattr("voucher_portal.processes.TERMINATE_WITHIN_SECONDS", 0.5)
    supervisor.start("stubborn", ["bash", "-c", "trap '' TERM; sleep 300 & echo $!; while true; do sleep 1; done"])
    log = tmp_path / "stubborn.log"
    while not log.read_text().strip():
        time.sleep(0.05)
    child = psutil.Process(int(log.read_text()))
    supervisor.end_all()
    assert psutil.wait_procs([child], timeout=10)[1] == []


def test_a_signal_ends_the_wait_for_a_command(supervisor):
    os.kill(os.getpid(), signal.SIGTERM)
    assert supervisor.run("long", ["sleep", "300"]) is None
    supervisor.end_all()
    assert supervisor.signal_received == signal.SIGTERM


def test_the_exit_code_of_a_command_is_handed_on(supervisor):
    assert supervisor.run("failing", ["bash", "-c", "exit 3"]) == 3


def test_a_busy_port_leads_to_the_next_free_one():
    with listening_socket("127.0.0.1", 8500) as first:
        port = first.getsockname()[1]
        with listening_socket("127.0.0.1", port) as second:
            assert second.getsockname()[1] > port
