"""Liveness and readiness."""

import pytest
from celery.signals import heartbeat_sent, worker_shutdown
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse

from voucher_portal import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker():
    """A worker that has just been heard of."""
    heartbeat_sent.send(sender=None)
    yield
    cache.delete(health.WORKER_SEEN)


def ready(client):
    response = client.get(reverse("healthz_ready"))
    return response.status_code, response.json()


def test_a_living_process_says_so_without_sign_in(client):
    response = client.get(reverse("healthz_live"))
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_the_portal_is_ready_when_everything_is_there(client):
    assert ready(client) == (200, {"status": "ok"})


def test_the_portal_is_not_ready_without_a_worker(client):
    worker_shutdown.send(sender=None)
    assert ready(client) == (503, {"status": "not ready", "not_ready": ["worker"]})


def test_the_portal_is_not_ready_while_a_migration_waits(client):
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("accounts")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    assert ready(client) == (503, {"status": "not ready", "not_ready": ["migrations"]})


def test_the_portal_is_not_ready_without_redis(client, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/redis.sock"}}
    assert ready(client) == (503, {"status": "not ready", "not_ready": ["redis", "worker"]})


def test_the_portal_is_not_ready_without_its_database(client, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise DatabaseError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    monkeypatch.setattr(connection, "cursor", refuse)
    assert ready(client) == (503, {"status": "not ready", "not_ready": ["database", "migrations"]})
