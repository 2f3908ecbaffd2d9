"""Addresses of the family's pages."""

from django.urls import path

from beneficiaries import views

app_name = "family"
urlpatterns = [
    path("", views.home, name="home"),
    path("vouchers/<uuid:public_id>/", views.voucher, name="voucher"),
]
