"""What the tests of the state gateway share."""

from tests.integrations.eds.ncanode_world import gost_pki, ncanode, ncanode_running, ncanode_url, order
from tests.integrations.shep.emulated_gateway import client, gateway, running_gateway
from tests.integrations.shep.portal_side import connected, portal
from tests.integrations.shep.redis_keys import connection, nowhere, prefix
from tests.pki import pki

__all__ = [
    "client",
    "connected",
    "connection",
    "gateway",
    "gost_pki",
    "ncanode",
    "ncanode_running",
    "ncanode_url",
    "nowhere",
    "order",
    "pki",
    "portal",
    "prefix",
    "running_gateway",
]
