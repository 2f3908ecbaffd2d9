"""What the tests of acts share."""

import pytest

from integrations.emulators.treasury import TreasuryEmulator
from tests.acts.paying import TOKEN


@pytest.fixture
def treasury(tmp_path, settings):
    """The emulated treasury of the test, connected; its book is its own."""
    with TreasuryEmulator(tmp_path / "book.sqlite3", TOKEN) as emulator:
        settings.TREASURY_URL, settings.TREASURY_TOKEN = emulator.url, TOKEN
        yield emulator
