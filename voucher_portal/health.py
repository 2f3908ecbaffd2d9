"""Is the portal alive, and is it ready for work? For load balancers and people on duty."""

from collections.abc import Callable

import redis
from celery.signals import heartbeat_sent, worker_shutdown
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

WORKER_SEEN = "worker-seen"
WORKER_SEEN_SECONDS = 30


@heartbeat_sent.connect
def _remember_worker(**_kwargs) -> None:
    cache.set(WORKER_SEEN, True, WORKER_SEEN_SECONDS)


@worker_shutdown.connect
def _forget_worker(**_kwargs) -> None:
    cache.delete(WORKER_SEEN)


@require_safe
@login_not_required
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@login_not_required
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, migrations, Redis and a worker are there; 503 with the names of those that are not."""
    missing = [name for name, is_there in CHECKS.items() if not is_there()]
    if missing:
        return JsonResponse({"status": "not ready", "not_ready": missing}, status=503)
    return JsonResponse({"status": "ok"})


def _database_answers() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrations_are_applied() -> bool:
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return False
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _redis_answers() -> bool:
    try:
        cache.get(WORKER_SEEN)
    except redis.RedisError:
        return False
    return True


def _worker_was_seen() -> bool:
    try:
        return cache.get(WORKER_SEEN, False)
    except redis.RedisError:
        return False


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _migrations_are_applied,
    "redis": _redis_answers,
    "worker": _worker_was_seen,
}
