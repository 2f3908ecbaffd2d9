"""The session's own test certification centre, for every test that needs keys. `pki` costs about 2 s once."""

import pytest

from integrations.emulators.pki import Pki, make_pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """People, services and authorities of the demo, on disk."""
    return make_pki(tmp_path_factory.mktemp("eds") / "pki")
