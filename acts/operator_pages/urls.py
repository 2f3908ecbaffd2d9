"""Addresses of the operator's pages."""

from django.urls import path

from acts.operator_pages import views

app_name = "operator"

urlpatterns = [
    path("", views.operator_home, name="home"),
    path("send/", views.send_question, name="send"),
    path("send/start/", views.send_start, name="send_start"),
    path("ask/", views.ask_start, name="ask"),
    path("orders/<uuid:public_id>/", views.order_detail, name="order"),
    path("files/<str:msg_id>.xml", views.payment_file, name="file"),
    path("acts/", views.act_list, name="acts"),
    path("feeds/", views.feed_list, name="feeds"),
    path("feeds/aside/<int:pk>/", views.aside_item, name="aside_item"),
    path("feeds/<slug:code>/", views.feed_detail, name="feed"),
    path("feeds/<slug:code>/poll/", views.feed_poll, name="poll"),
]
