"""Settings, addresses and the kernel of the portal; no rule and no model of the domain."""

from voucher_portal.celery import app as celery_app

__all__ = ["celery_app"]
