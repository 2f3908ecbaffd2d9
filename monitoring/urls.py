"""Addresses of the commission's pages."""

from django.urls import path

from monitoring import views

app_name = "commission"

urlpatterns = [
    path("", views.commission_home, name="home"),
    path("signals/", views.signal_list, name="signals"),
]
