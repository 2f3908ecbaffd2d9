"""NCANode's double with its GOST keys, for tests that meet it over HTTP."""

import datetime
from collections.abc import Callable, Iterator

import pytest
import requests

from integrations.eds.chain import Trust
from integrations.eds.ncanode import NcaNode
from integrations.emulators import gost
from integrations.emulators.gost_pki import make_gost_pki
from integrations.emulators.ncanode import NcaNodeEmulator
from integrations.emulators.ncanode_script import Script
from integrations.emulators.pki import Credential, Pki
from voucher_portal.http import Retries

NOW = datetime.datetime.now(datetime.UTC)
DATA = "Акт A-2025-11-0007".encode()
ONCE = Retries(attempts=1, total_seconds=3.0)
_AS_IT_IS = {"ocsp": "good", "crl": "good", "revoked": [], "now": None, "traps": [], "faults": [], "slow_seconds": 1.0}

Order = Callable[..., None]


@pytest.fixture(scope="session")
def gost_pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """The demo's people with keys that look like GOST."""
    return make_gost_pki(tmp_path_factory.mktemp("gost") / "pki")


@pytest.fixture(scope="session")
def ncanode_running(gost_pki: Pki) -> Iterator[NcaNodeEmulator]:
    """The double, for the whole session."""
    with NcaNodeEmulator([gost_pki.folder], script=Script()) as running:
        yield running


@pytest.fixture
def ncanode_url(ncanode_running: NcaNodeEmulator) -> str:
    """The double's address, everything in order there."""
    requests.post(f"{ncanode_running.url}/control", json=_AS_IT_IS, timeout=5).raise_for_status()
    return ncanode_running.url


@pytest.fixture
def order(ncanode_url: str) -> Order:
    """Tell the double what is to go wrong."""

    def tell(**script) -> None:
        requests.post(f"{ncanode_url}/control", json=script, timeout=5).raise_for_status()

    return tell


@pytest.fixture
def ncanode(ncanode_url: str, gost_pki: Pki) -> NcaNode:
    """The client, which asks once and waits for a second."""
    return NcaNode(ncanode_url, Trust.load(gost_pki.trust), timeouts=(0.5, 1.0), retries=ONCE)


@pytest.fixture
def director(gost_pki: Pki) -> Credential:
    """The head of the school."""
    return gost_pki.credential("school-director-sign")


@pytest.fixture
def signature(director: Credential) -> bytes:
    """His detached signature over `DATA`."""
    return gost.sign_gost_cms(director, DATA)
