"""The feeds that the LMS emulator serves: lines of NDJSON files, in file order, read again when a file grows."""

import random
import re
from collections import defaultdict
from pathlib import Path

_MONTH = re.compile(rb'"month"\s*:\s*"([0-9]{4}-[0-9]{2})"')


class GrowingFile:
    """The complete lines of a file, a new one as soon as its line end is there."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not a file")
        self.path = path
        self._read_bytes = 0

    def new_lines(self) -> list[bytes]:
        """The lines that came since the last call. A file that shrank is a mistake of whoever runs the emulator."""
        size = self.path.stat().st_size
        if size == self._read_bytes:
            return []
        if size < self._read_bytes:
            raise ValueError(f"{self.path} became shorter")
        with self.path.open("rb") as file:
            file.seek(self._read_bytes)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        self._read_bytes += len(complete)
        return [line for line in complete.splitlines() if line.strip()]


class Feed:
    """All lines of some files, one after the other. With a seed each batch of new lines is shuffled."""

    def __init__(self, paths: list[Path], shuffle_seed: int | None = None) -> None:
        self.lines: list[bytes] = []
        self._files: list[GrowingFile] = []
        self._random = None if shuffle_seed is None else random.Random(shuffle_seed)
        self.add(paths)

    def add(self, paths: list[Path]) -> None:
        """Serve these files too, after all that is there. A file that is served already is not added again."""
        known = {file.path for file in self._files}
        self._files += [GrowingFile(path) for path in dict.fromkeys(map(Path, paths)) if path not in known]
        self.refresh()

    def refresh(self) -> None:
        """Look whether the files grew."""
        for file in self._files:
            lines = file.new_lines()
            if self._random is not None:
                self._random.shuffle(lines)
            self._take(lines)

    def select(self, month: str) -> list[bytes]:
        """The lines of the feed; a feed of contracts knows no months."""
        return self.lines

    def _take(self, lines: list[bytes]) -> None:
        self.lines += lines


class SheetFeed(Feed):
    """A feed that is asked for by month. A line without a month that can be read belongs to none."""

    def __init__(self, paths: list[Path], shuffle_seed: int | None = None) -> None:
        self._by_month: defaultdict[str, list[bytes]] = defaultdict(list)
        super().__init__(paths, shuffle_seed)

    def select(self, month: str) -> list[bytes]:
        """The lines of that month."""
        return self._by_month.get(month, [])

    def _take(self, lines: list[bytes]) -> None:
        super()._take(lines)
        for line in lines:
            found = _MONTH.search(line)
            if found:
                self._by_month[found[1].decode()].append(line)
