"""What the tests of the state gateway share."""

from tests.integrations.shep.emulated_gateway import client, gateway, running_gateway
from tests.pki import pki

__all__ = ["client", "gateway", "pki", "running_gateway"]
