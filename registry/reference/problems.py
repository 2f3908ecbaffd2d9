"""What is wrong with a reference file: every fault with its path, so that one run tells all of them."""


class WrongReference(Exception):
    """The file cannot be loaded and nothing of it was; `lines` are `path: reason`."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Problems:
    """Faults and warnings in the order in which they were found."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def add(self, path: str, reason: str) -> None:
        """The value at `path` cannot be taken."""
        self.lines.append(f"{path}: {reason}")

    def warn(self, path: str, reason: str) -> None:
        """The value at `path` is taken, but a person should look at it."""
        self.warnings.append(f"{path}: {reason}")

    def stop_on_any(self) -> None:
        """Raises WrongReference when there are faults."""
        if self.lines:
            raise WrongReference(self.lines)


def shown(value: object) -> str:
    """Something out of the file as it may stand in a line: short, and without signs that steer a terminal."""
    text = str(value)
    return "".join(sign if sign.isprintable() else "?" for sign in text[:60]) + ("…" if len(text) > 60 else "")
