"""All addresses of the portal."""

from django.contrib import admin
from django.urls import include, path

from accounts.views import home
from voucher_portal import health

urlpatterns = [
    path("healthz/live", health.live, name="healthz_live"),
    path("healthz/ready", health.ready, name="healthz_ready"),
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("acts/", include("acts.urls")),
    path("school/", include("acts.provider_pages.urls")),
    path("family/", include("beneficiaries.urls")),
    path("department/", include("acts.department_pages.urls")),
    path("operator/", include("acts.operator_pages.urls")),
    path("commission/", include("monitoring.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "voucher_portal.errors.bad_request"
handler403 = "voucher_portal.errors.permission_denied"
handler404 = "voucher_portal.errors.page_not_found"
handler500 = "voucher_portal.errors.server_error"
