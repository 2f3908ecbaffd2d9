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
from voucher_portal.other_sides import HOST, PYTHON, Running, start_other_sides, summary, write_env_file  # noqa: E402
from voucher_portal.processes import Supervisor, listening_socket  # noqa: E402

READY_WITHIN_SECONDS = 120
DEMO_TODAY = "2025-12-05"  # two days after the last month of the demo was closed
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
    env = Environment(os.environ)
    if not _prepare_other_sides(supervisor, env):
        return _outcome(supervisor)
    address, others = _start_processes(supervisor, env)
    address_file.write(address)
    address_file.flush()
    if not _is_ready(supervisor, address) or not _demo_is_played(supervisor):
        return _outcome(supervisor)
    # Not before: until then the demo polls, closes and pays on days of its own.
    supervisor.start("beat", [*PYTHON, "celery", "--app", "voucher_portal", "beat", "--pidfile="])
    env_file = settings.DATA_DIR / "demo.env"
    write_env_file(env_file, others, supervisor.environment)
    _say("\n".join(["", *summary(others, env_file), ""]))
    _say(f"The portal is at {address}; logs are in {supervisor.log_dir}. Ctrl-C ends it.")
    supervisor.watch()
    return _outcome(supervisor)


def _outcome(supervisor: Supervisor) -> int:
    if supervisor.signal_received:
        return 0
    if name := supervisor.ended():
        _say(f"The process {name} ended by itself; see {supervisor.log_dir / name}.log")
    return 1


def _start_processes(supervisor: Supervisor, env: Environment) -> tuple[str, list[Running]]:
    """Start the other sides of our wires, background work and pages; the portal's address, and who was started."""
    if env.flag("PLAY_DEMO", True):
        supervisor.environment["PORTAL_TODAY"] = env.text("PORTAL_TODAY", DEMO_TODAY)
    others = start_other_sides(supervisor, env, settings.DATA_DIR)
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
    return address, others


def _prepare_other_sides(supervisor: Supervisor, env: Environment) -> bool:
    """Make what the emulators live from, each once: the keys of a test certification centre, the people that state
    databases know. False when something interrupted.
    """
    scale = env.text("SCALE", "demo")
    made = {"pki": settings.DATA_DIR / "pki", "shep_world": settings.DATA_DIR / "shep"}
    for module, folder in made.items():
        options = ["--out", str(folder), "--scale", scale]
        if supervisor.run(module, [*PYTHON, f"integrations.emulators.{module}", *options], on_console=False) != 0:
            return False
    return True


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
