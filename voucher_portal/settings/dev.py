"""Development and the demo: embedded PostgreSQL and Redis unless the environment names others."""

from voucher_portal.settings.base import *  # noqa: F403
from voucher_portal.settings.base import env

DEBUG = env.flag("DEBUG")
