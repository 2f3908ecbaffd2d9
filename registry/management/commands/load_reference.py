"""Set a region up, or change what it is set up with, by a reference file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from registry.reference.document import MOST_BYTES
from registry.reference.loading import load_reference
from registry.reference.problems import WrongReference
from voucher_portal.commands import JsonCommand, WrongInput


class Command(JsonCommand):
    help = "Check a reference file (contracts/reference-data.md) and apply it: all of it or nothing."

    def add_options(self, parser: CommandParser) -> None:
        """Ask for the file."""
        parser.add_argument("file", metavar="FILE.yaml", type=Path)

    def run(self, *, file: Path, **options: Any) -> dict:
        """Load the file; counts by section."""
        try:
            with file.open("rb") as source:
                data = source.read(MOST_BYTES + 1)
        except OSError as error:
            raise WrongInput(f"file: {error.strerror or error}") from None
        try:
            loaded = load_reference(data)
        except WrongReference as error:
            raise WrongInput(*error.lines) from None
        for warning in loaded.warnings:
            self.progress(f"warning: {warning}")
        if loaded.contracts:
            self.progress(f"contracts to be looked at again: {loaded.contracts}")
        return loaded.counts
