"""Progress of a long play on the console: a line for each stage, with what came of it and how long it took."""

import contextlib
import time
from collections.abc import Iterator
from typing import TextIO

TITLE_WIDTH = 44
QUIET_SECONDS = 10.0
CLEAR_LINE = "\r\x1b[K"


class Stage:
    """One stage while it runs. `result` is written behind its title in the end."""

    def __init__(self, title: str, out: TextIO) -> None:
        self.title = title
        self.result = ""
        self._out = out
        self._is_terminal = out.isatty()
        self._began_at = self._told_at = time.monotonic()
        self.tell("…")

    def tell(self, how_far: str) -> None:
        """Say how far it is: in place on a terminal, else now and then on a line of its own."""
        now = time.monotonic()
        if self._is_terminal:
            self._write(f"{CLEAR_LINE}{self.title:{TITLE_WIDTH}} {how_far}")
        elif now - self._told_at > QUIET_SECONDS:
            self._told_at = now
            self._write(f"{self.title:{TITLE_WIDTH}} {how_far}\n")

    def count(self, done: int, total: int) -> None:
        """Say how far it is as a share."""
        self.tell(f"{100 * done // max(total, 1):3} %")

    def end(self) -> None:
        """Write the line that stays."""
        seconds = f"{time.monotonic() - self._began_at:.1f}".replace(".", ",")
        line = f"{self.title:{TITLE_WIDTH}} {self.result:52} {seconds:>6} с"
        self._write(f"{CLEAR_LINE if self._is_terminal else ''}{line}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class Stages:
    """Where the stages of a play are told."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    @contextlib.contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """A stage that begins and ends with the block."""
        stage = Stage(title, self._out)
        yield stage
        stage.end()
