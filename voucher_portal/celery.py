"""The Celery application: `celery -A voucher_portal worker`."""

import os

from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")

QUEUES = ("poll", "close", "documents", "payments")
TASK_MODULES = ("tasks", "closing_tasks", "payment_tasks")  # where an app may keep its tasks

app = Celery("voucher_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
# each with an exchange and a key of its own: under a common key every queue would get a copy of every task
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in QUEUES]
app.conf.task_create_missing_queues = False  # a mistyped queue fails at once instead of filling a list nobody reads
for module in TASK_MODULES:
    app.autodiscover_tasks(related_name=module)


@setup_logging.connect
def _leave_logging_to_the_settings(**_kwargs) -> None:
    """Celery sets up logging of its own unless somebody listens here."""
