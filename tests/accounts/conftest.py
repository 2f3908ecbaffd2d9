"""What the tests of sign-in by signature share: keys of the demo's people, and a certification centre that answers."""

from collections.abc import Iterator

import pytest

from integrations.emulators.signatures import SignaturesEmulator
from tests.pki import pki

__all__ = ["centre", "pki", "trusting"]


@pytest.fixture(scope="module")
def centre(pki) -> Iterator[SignaturesEmulator]:
    """OCSP of the test centre."""
    with SignaturesEmulator(pki) as running:
        yield running


@pytest.fixture
def trusting(settings, pki, centre):
    """A portal that trusts the test centre and asks it; the settings, to change more."""
    centre.control({"ocsp": "right"})
    settings.EDS_TRUST_DIR = str(pki.trust)
    settings.EDS_OCSP_URL = f"{centre.url}/ocsp"
    settings.NCANODE_URL = ""
    return settings
