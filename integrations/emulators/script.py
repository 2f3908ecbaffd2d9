"""What every emulator can be told to do wrong: a script of typed keys, from a file or changed while it runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import yaml

Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]


class ScriptError(ValueError):
    """The script has an unknown key or a value of the wrong form; the text names it."""


class BaseScript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script without keys; each emulator adds its own, with the values that change nothing as defaults."""

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """This script with the keys of `changes` replaced. Raises ScriptError."""
        if not isinstance(changes, Mapping):
            raise ScriptError("the script is not an object")
        try:
            return msgspec.convert(self.merged(changes), type(self))
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise ScriptError(str(error)) from None

    def merged(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the changed script, not checked yet."""
        return msgspec.to_builtins(self) | dict(changes)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The script in a YAML or JSON file. Raises ScriptError and OSError."""
        try:
            orders = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ScriptError(f"{path}: {error}") from None
        return cls().changed(orders or {})
