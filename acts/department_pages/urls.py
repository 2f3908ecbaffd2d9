"""Addresses of the department's pages."""

from django.urls import path, register_converter

from acts.department_pages import closing_views, views
from schools.enums import Programme
from voucher_portal.dates import Month


class ProgrammeConverter:
    """One of the programmes."""

    regex = "|".join(Programme.values)

    def to_python(self, value: str) -> Programme:
        """From the address."""
        return Programme(value)

    def to_url(self, value: str) -> str:
        """Into the address."""
        return Programme(value).value


class MonthConverter:
    """A month as 2025-10."""

    regex = r"[0-9]{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        """From the address."""
        return Month.parse(value)

    def to_url(self, value: Month | str) -> str:
        """Into the address."""
        return str(value)


register_converter(ProgrammeConverter, "programme")
register_converter(MonthConverter, "month")
app_name = "department"
MONTH = "close/<str:code>/<programme:programme>/<month:month>/"

urlpatterns = [
    path("", views.department_home, name="home"),
    path("providers/", views.provider_list, name="providers"),
    path("providers/<int:pk>/", views.provider_detail, name="provider"),
    path("contracts/", views.unfunded_list, name="contracts"),
    path("contracts/aside/", views.aside_list, name="aside"),
    path("contracts/aside/<int:pk>/", views.aside_item, name="aside_item"),
    path("close/", closing_views.close_home, name="close"),
    path(MONTH, closing_views.close_month, name="close_month"),
    path(f"{MONTH}start/", closing_views.close_start, name="close_start"),
    path(f"{MONTH}corrections/", closing_views.close_corrections, name="close_corrections"),
    path(f"{MONTH}not-charged/", closing_views.close_not_charged, name="close_not_charged"),
    path("acts/", views.act_list, name="acts"),
    path("payments/", views.payment_list, name="payments"),
]
