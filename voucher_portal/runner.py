"""`make run`: the whole portal on one machine, from an empty data folder to a served demo, until Ctrl-C.

PostgreSQL and Redis have been started by the settings where the environment names none; they are stopped at the end
if this process started them.
"""

import contextlib
import fcntl
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import TextIO

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import get_commands  # noqa: E402

from voucher_portal import embedded  # noqa: E402
from voucher_portal.celery import QUEUES  # noqa: E402
from voucher_portal.environment import Environment  # noqa: E402
from voucher_portal.processes import LOOK_EVERY_SECONDS, Supervisor, listening_socket  # noqa: E402

HOST = "127.0.0.1"
READY_WITHIN_SECONDS = 120
DEMO_TODAY = "2025-12-05"  # two days after the last month of the demo was closed
DEMO_TOKEN = "the-demo-has-no-secrets"
PYTHON = [sys.executable, "-m"]
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]


def main() -> int:
    """Prepare, serve, play the demo, and go on serving until a signal; 1 when a process ended that should not have."""
    django.setup()
    with _only_one() as address_file:
        if address_file is None:
            return 0
        supervisor = Supervisor(settings.DATA_DIR / "logs", dict(os.environ))
        try:
            return _run(supervisor, address_file)
        finally:
            _say("Stopping …")
            supervisor.end_all()
            embedded.stop_started_here()
            _say("Stopped.")


def _run(supervisor: Supervisor, address_file: TextIO) -> int:
    if supervisor.run("migrate", [*MANAGE, "migrate", "--verbosity", "0"]) != 0:
        return _outcome(supervisor)
    address = _start_processes(supervisor)
    address_file.write(address)
    address_file.flush()
    if not _is_ready(supervisor, address) or not _demo_is_played(supervisor):
        return _outcome(supervisor)
    # Not before: until then the demo polls, closes and pays on days of its own.
    supervisor.start("beat", [*PYTHON, "celery", "--app", "voucher_portal", "beat", "--pidfile="])
    _say(f"The portal is at {address}; logs are in {supervisor.log_dir}. Ctrl-C ends it.")
    supervisor.watch()
    return _outcome(supervisor)


def _outcome(supervisor: Supervisor) -> int:
    if supervisor.signal_received:
        return 0
    if name := supervisor.ended():
        _say(f"The process {name} ended by itself; see {supervisor.log_dir / name}.log")
    return 1


def _start_processes(supervisor: Supervisor) -> str:
    """Start the other sides of our wires, background work and pages; the portal's address."""
    env = Environment(os.environ)
    if env.flag("PLAY_DEMO", True):
        supervisor.environment["PORTAL_TODAY"] = env.text("PORTAL_TODAY", DEMO_TODAY)
    _start_emulators(supervisor, env)
    listener = listening_socket(HOST, env.number("PORT", 8000))
    address = f"http://{HOST}:{listener.getsockname()[1]}"
    supervisor.environment["PORTAL_ADDRESS"] = address
    worker = [
        "celery",
        "--app",
        "voucher_portal",
        "worker",
        "--concurrency",
        "2",
        "--without-mingle",
        "--without-gossip",
    ]
    supervisor.start("worker", [*PYTHON, *worker, "--queues", ",".join(QUEUES)])
    web = ["gunicorn", "voucher_portal.wsgi", "--config", "python:voucher_portal.web", "--bind"]
    supervisor.start("web", [*PYTHON, *web, f"fd://{listener.fileno()}"], pass_fds=(listener.fileno(),))
    listener.close()
    return address


def _start_emulators(supervisor: Supervisor, env: Environment) -> None:
    """Start the demo's LMS, and a treasury unless the environment names a real one; tell all that come after."""
    supervisor.environment["LMS_TOKEN"] = DEMO_TOKEN
    lms = _start_emulator(supervisor, "lms", env.number("LMS_EMULATOR_PORT", 8090), "--token-env", "LMS_TOKEN")
    supervisor.environment["LMS_EMULATOR_URL"] = lms
    if env.text("TREASURY_URL"):
        return
    supervisor.environment["TREASURY_TOKEN"] = DEMO_TOKEN
    book = settings.DATA_DIR / "treasury" / "book.sqlite3"
    treasury = _start_emulator(supervisor, "treasury", env.number("TREASURY_EMULATOR_PORT", 8094), "--book", str(book))
    supervisor.environment["TREASURY_URL"] = treasury


def _start_emulator(supervisor: Supervisor, name: str, wanted_port: int, *options: str) -> str:
    """The base address that the emulator prints as its first line; nothing when it ended instead."""
    with listening_socket(HOST, wanted_port) as listener:
        port = str(listener.getsockname()[1])
    supervisor.start(name, [*PYTHON, f"integrations.emulators.{name}", "--port", port, *options])
    log = supervisor.log_dir / f"{name}.log"
    while not supervisor.interrupted():
        if (first_line := log.read_text(encoding="utf-8").partition("\n"))[1]:
            return first_line[0]
        time.sleep(LOOK_EVERY_SECONDS)
    return ""


def _is_ready(supervisor: Supervisor, address: str) -> bool:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline and not supervisor.interrupted():
        try:
            with urllib.request.urlopen(f"{address}/healthz/ready", timeout=10):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    return False


def _demo_is_played(supervisor: Supervisor) -> bool:
    env = Environment(os.environ)
    if not env.flag("PLAY_DEMO", True) or "play_demo" not in get_commands():
        return True
    return supervisor.run("demo", [*MANAGE, "play_demo"]) == 0


@contextlib.contextmanager
def _only_one() -> Iterator[TextIO | None]:
    """The file that holds the address of the portal of this data folder; None while another process serves it."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "address").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            _say(f"The portal of {settings.DATA_DIR} runs already: {file.read() or 'it is starting'}")
            yield None
            return
        file.truncate(0)
        yield file


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
