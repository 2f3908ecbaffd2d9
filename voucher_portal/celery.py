"""The Celery application: `celery -A voucher_portal worker`."""

import os

from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")

QUEUES = ("poll", "close", "documents", "payments")  # the first one is the default
# Where tasks are kept, and the queue of all tasks of a module: a new module of tasks is added here.
QUEUE_OF_MODULE = {
    "accounts.tasks": "poll",
    "registry.tasks": "poll",
    "integrations.tasks": "poll",
    "monitoring.tasks": "poll",
    "acts.closing_tasks": "close",
    "acts.tasks": "documents",
    "acts.payment_tasks": "payments",
}

app = Celery("voucher_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
# each with an exchange and a key of its own: under a common key every queue would get a copy of every task
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in QUEUES]
app.conf.task_create_missing_queues = False  # a mistyped queue fails at once instead of filling a list nobody reads
app.conf.task_routes = {f"{module}.*": {"queue": queue} for module, queue in QUEUE_OF_MODULE.items()}
app.conf.include = list(QUEUE_OF_MODULE)


@setup_logging.connect
def _leave_logging_to_the_settings(**_kwargs) -> None:
    """Celery sets up logging of its own unless somebody listens here."""
