"""The web application for gunicorn: `gunicorn voucher_portal.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voucher_portal.settings.dev")
os.environ["PORTAL_SERVES_PAGES"] = "yes"

application = get_wsgi_application()
