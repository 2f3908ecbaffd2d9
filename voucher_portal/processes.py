"""Processes that live and die together: started by one supervisor, ended with it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

TERMINATE_WITHIN_SECONDS = 15
LOOK_EVERY_SECONDS = 0.1


class Supervisor:
    """Starts processes, each in a session of its own and with a log file, and ends all of them.

    SIGINT and SIGTERM only set `signal_received`, and whoever waits in `run` or `watch` returns: no signal can come
    between the start of a process and its entry among those to end.
    """

    def __init__(self, log_dir: Path, environment: Mapping[str, str]) -> None:
        self.log_dir = log_dir
        self.environment = environment
        self.processes: dict[str, subprocess.Popen] = {}
        self.signal_received: int | None = None
        log_dir.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)

    def start(
        self, name: str, command: list[str], *, pass_fds: tuple[int, ...] = (), on_console: bool = False
    ) -> None:
        """Start a process; its output goes to `<name>.log`, or to ours with `on_console`."""
        with (self.log_dir / f"{name}.log").open("w") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=None if on_console else log,
                stderr=None if on_console else subprocess.STDOUT,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    def run(self, name: str, command: list[str], *, on_console: bool = True) -> int | None:
        """Run a command to its end; its exit code, or None when something `interrupted` the wait."""
        self.start(name, command, on_console=on_console)
        while (code := self.processes[name].poll()) is None:
            if self.interrupted(except_for=name):
                return None
            time.sleep(LOOK_EVERY_SECONDS)
        del self.processes[name]
        return code

    def interrupted(self, except_for: str = "") -> bool:
        """Whether a signal came or a process ended that should have gone on."""
        return bool(self.signal_received or self.ended(except_for))

    def ended(self, except_for: str = "") -> str:
        """The name of a process that has ended by itself, or nothing."""
        return next((name for name, p in self.processes.items() if name != except_for and p.poll() is not None), "")

    def watch(self) -> None:
        """Wait until something interrupts."""
        while not self.interrupted():
            time.sleep(LOOK_EVERY_SECONDS)

    def end_all(self) -> None:
        """Ask every process to end, with all its children; after a time make it."""
        deadline = time.monotonic() + TERMINATE_WITHIN_SECONDS
        for process in self.processes.values():
            _signal_group(process, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                pass
            _signal_group(process, signal.SIGKILL)  # also children that outlived it
            process.wait()
        self.processes.clear()

    def _remember(self, number: int, _frame) -> None:
        self.signal_received = number


def _signal_group(process: subprocess.Popen, number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def listening_socket(host: str, wanted_port: int, attempts: int = 100) -> socket.socket:
    """A listening socket on `wanted_port` or the first free one after it.

    Raises:
        OSError: none of `attempts` ports is free.
    """
    for port in range(wanted_port, wanted_port + attempts):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError:
            listener.close()
            continue
        return listener
    raise OSError(f"no free port from {wanted_port} to {wanted_port + attempts - 1}")
