"""PostgreSQL and Redis out of Python wheels, for development, tests and the demo.

Both keep their data in one data folder and listen only on unix sockets there, so two folders never meet. They are
started on demand, shared by every process of the folder, and outlive the command that started them:
`python -m voucher_portal.embedded stop` ends them.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from voucher_portal.embedded.postgres import Postgres
from voucher_portal.embedded.redis import Redis

Service = Postgres | Redis

started_here: set[Service] = set()


@contextlib.contextmanager
def _one_at_a_time(data_dir: Path) -> Iterator[None]:
    """Only one process of a data folder starts or stops its services at a time."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_started(service: Service) -> None:
    """Start a service unless it already answers; remembers in `started_here` what this process started."""
    if service.is_running():
        return
    with _one_at_a_time(service.data_dir):
        if not service.is_running():
            service.start()
            started_here.add(service)


def stop(service: Service) -> bool:
    """Stop a service; return whether it was running."""
    with _one_at_a_time(service.data_dir):
        was_running = service.is_running()
        if was_running:
            service.stop()
    started_here.discard(service)
    return was_running


def stop_started_here() -> None:
    """Stop what this process started, and only that."""
    for service in list(started_here):
        stop(service)
