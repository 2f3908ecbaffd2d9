"""The LMS emulator as a process of its own, so that its work does not slow down the one that is measured."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_TOKEN_VARIABLE = "EMULATED_LMS_TOKEN"
_SECONDS_TO_END = 10
_PROJECT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def lms_process(
    *, contracts: Sequence[Path | str] = (), sheets: Sequence[Path | str] = (), token: str, options: Sequence[str] = ()
) -> Iterator[str]:
    """Run the emulator on a free port and give its base URL; `options` as on its command line.

    Raises:
        RuntimeError: it ended before it listened; its own words are on standard error.
    """
    command = [sys.executable, "-m", "integrations.emulators.lms", "--token-env", _TOKEN_VARIABLE, *options]
    for name, paths in (("--contracts", contracts), ("--sheets", sheets)):
        command += [name, *(str(Path(path).resolve()) for path in paths)] if paths else []
    environment = os.environ | {_TOKEN_VARIABLE: token}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_PROJECT, env=environment) as process:
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("the emulator of the LMS did not start")
            yield url
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
