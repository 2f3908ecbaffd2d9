"""The Celery application: `celery -A voucher_portal worker`."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")

QUEUES = ("poll", "close", "documents", "payments")

app = Celery("voucher_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_create_missing_queues = False  # a mistyped queue fails at once instead of filling a list nobody reads
app.autodiscover_tasks()
