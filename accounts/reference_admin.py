"""The admin of reference data is ours: named in INSTALLED_APPS in the place of django.contrib.admin."""

from django.contrib.admin.apps import AdminConfig


class ReferenceAdminConfig(AdminConfig):
    """Makes `admin.site` the portal's own site."""

    default_site = "accounts.admin_site.ReferenceAdminSite"
