"""Addresses of a provider's pages."""

from django.urls import path

from acts.provider_pages import views

app_name = "school"
urlpatterns = [
    path("", views.home, name="home"),
    path("contingent/", views.contingent, name="contingent"),
    path("contingent/<int:pk>/", views.child, name="child"),
    path("sheets/", views.sheets, name="sheets"),
    path("sheets/<int:contract_pk>/<str:month>/", views.sheet, name="sheet"),
    path("acts/", views.acts, name="acts"),
    path("payments/", views.payments, name="payments"),
]
