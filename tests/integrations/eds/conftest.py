"""What the tests of signatures share."""

from tests.integrations.eds.ncanode_world import (
    director,
    gost_pki,
    ncanode,
    ncanode_running,
    ncanode_url,
    order,
    signature,
)
from tests.pki import pki

__all__ = ["director", "gost_pki", "ncanode", "ncanode_running", "ncanode_url", "order", "pki", "signature"]
