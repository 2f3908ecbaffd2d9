"""What the process is told from outside: environment variables, completed by a `.env` file.

Settings read the environment only through `Environment`, so that every variable has one type and one default,
and `.env.example` can be compared with the code.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"", "0", "false", "no", "off"})


class Environment:
    """Typed reading of variables. An empty value counts as not set."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        """The variable as written, without surrounding blanks."""
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        """True for 1, true, yes, on; False for 0, false, no, off.

        Raises:
            ImproperlyConfigured: any other word.
        """
        word = self.text(name).lower()
        if not word:
            return default
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ImproperlyConfigured(f"{name}={word!r} is neither yes nor no")
        return word in TRUE_WORDS

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            ImproperlyConfigured: the value is not a whole number.
        """
        word = self.text(name)
        try:
            return int(word) if word else default
        except ValueError:
            raise ImproperlyConfigured(f"{name}={word!r} is not a whole number") from None

    def words(self, name: str, default: Iterable[str] = ()) -> list[str]:
        """A list written with commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()] or list(default)

    def path(self, name: str, default: Path) -> Path:
        """An absolute path; a relative one starts at the project folder."""
        return (BASE_DIR / Path(self.text(name) or default).expanduser()).resolve()

    def require(self, *names: str) -> None:
        """Refuse to go on while any of `names` is not set.

        Raises:
            ImproperlyConfigured: names every missing variable.
        """
        missing = [name for name in names if not self.text(name)]
        if missing:
            raise ImproperlyConfigured("Set these environment variables: " + ", ".join(missing))


def load_env_file(path: Path) -> None:
    """Put the lines `NAME=value` of a file into the process environment; what is already set there wins."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def read_environment() -> Environment:
    """The process environment, completed by the file that PORTAL_ENV_FILE names (`.env`; `none` for no file)."""
    load_env_file(BASE_DIR / os.environ.get("PORTAL_ENV_FILE", ".env"))
    return Environment(os.environ)


def data_dir(env: Environment) -> Path:
    """The folder of everything that this installation stores on disk; a demo of another size has one of its own."""
    scale = env.text("SCALE", "demo")
    return env.path("PORTAL_DATA_DIR", BASE_DIR / ".data" / ("" if scale == "demo" else scale))
