"""The LMS emulator as a process of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from integrations.emulators.process import emulator_process

_TOKEN_VARIABLE = "EMULATED_LMS_TOKEN"


@contextmanager
def lms_process(
    *, contracts: Sequence[Path | str] = (), sheets: Sequence[Path | str] = (), token: str, options: Sequence[str] = ()
) -> Iterator[str]:
    """Run the emulator on a free port and give its base URL; `options` as on its command line.

    Raises:
        RuntimeError: it ended before it listened; its own words are on standard error.
    """
    files = []
    for name, paths in (("--contracts", contracts), ("--sheets", sheets)):
        files += [name, *(str(Path(path).resolve()) for path in paths)] if paths else []
    arguments = ["--token-env", _TOKEN_VARIABLE, *options, *files]
    with emulator_process("lms", *arguments, environment={_TOKEN_VARIABLE: token}) as (url, _process):
        yield url
