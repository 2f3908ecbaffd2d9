"""An emulator as a process of its own, so that its work does not slow down the one that is measured or tested."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_SECONDS_TO_END = 10
_PROJECT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def emulator_process(
    name: str, *options: str | Path, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Run `integrations.emulators.<name>` with `options` and give its address, the first line that it prints.

    Raises:
        RuntimeError: it ended before it listened; its own words are on standard error.
    """
    command = [sys.executable, "-m", f"integrations.emulators.{name}", *map(str, options)]
    variables = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_PROJECT, env=variables) as process:
        try:
            address = process.stdout.readline().strip()
            if not address:
                raise RuntimeError(f"the emulator {name} did not start")
            yield address, process
        finally:
            end(process)


def end(process: subprocess.Popen) -> None:
    """Ask the process to end; after a time make it."""
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
