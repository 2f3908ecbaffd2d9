"""The base of the commands that an operator runs by hand (contracts/reference-data.md, "Commands").

With `--json` standard output has one JSON object and nothing else; progress and logs go to standard error. The exit
status is 0 when done, 1 when something was put aside or is broken, 2 for wrong input. Every command is safe to repeat.
"""

import contextlib
import json
import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

DONE, PUT_ASIDE, WRONG_INPUT = 0, 1, 2


class WrongInput(Exception):
    """What the operator gave cannot be used; each of `reasons` is one line for him."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = list(reasons)


class JsonCommand(BaseCommand):
    """A command with `--json`. A subclass has `run(**options) -> dict`, may have `add_options` and `exit_status`."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for `--json` beside what the subclass asks for."""
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        self.add_options(parser)

    def add_options(self, parser: CommandParser) -> None:
        """The command's own arguments."""

    def run(self, **options: Any) -> dict:
        """Do the work; the dictionary is what the command prints.

        Raises:
            WrongInput: exit status 2; the reasons go to standard error and into `errors` of the JSON.
        """
        raise NotImplementedError

    def exit_status(self, result: dict) -> int:
        """0 for done, 1 when something was put aside or is broken."""
        return DONE

    def progress(self, line: str) -> None:
        """Tell the operator how far the work is."""
        self.stderr.write(line, style_func=str)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print and exit. Raises SystemExit for every status but 0."""
        try:
            # What a library prints must not get between the braces.
            with contextlib.redirect_stdout(sys.stderr):
                result = self.run(**options)
            status = self.exit_status(result)
        except WrongInput as error:
            for reason in error.reasons:
                self.progress(reason)
            result, status = {"errors": error.reasons}, WRONG_INPUT
        if options["json"]:
            self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder, ensure_ascii=False))
        elif status != WRONG_INPUT:
            for line in _lines(result):
                self.stdout.write(line)
        if status:
            sys.exit(status)


def _lines(result: dict, name: str = "") -> Iterable[str]:
    """The result for people: one line for each number, with the path to it."""
    for key, value in result.items():
        path = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict) and value:
            yield from _lines(value, path)
        else:
            yield f"{path}: {value}"
