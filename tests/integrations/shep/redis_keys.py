"""Redis for the tests of the gateway's client: the session's own, under a prefix that no other test has."""

import uuid

import pytest
import redis

from integrations.shep import client_settings


@pytest.fixture
def connection() -> redis.Redis:
    """The server of the test session."""
    return client_settings.connection_of_settings()


@pytest.fixture
def nowhere() -> redis.Redis:
    """A server that is not there."""
    return redis.Redis(port=1, socket_connect_timeout=0.2)


@pytest.fixture
def prefix() -> str:
    """The beginning of this test's keys."""
    return f"test-{uuid.uuid4().hex}"
