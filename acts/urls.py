"""Addresses of one act; the lists of acts belong to the places of each role."""

from django.urls import path, register_converter

from accounts.enums import Language
from acts import views


class LanguageConverter:
    """The two languages of documents."""

    regex = "|".join(Language.values)

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return str(value)


register_converter(LanguageConverter, "document_language")
app_name = "acts"

urlpatterns = [
    path("<uuid:public_id>/", views.act_detail, name="detail"),
    path("<uuid:public_id>/lines/<int:pk>/", views.act_line, name="line"),
    path("<uuid:public_id>/submit/", views.act_submit, name="submit"),
    path("<uuid:public_id>/accept/", views.act_accept, name="accept"),
    path("<uuid:public_id>/return/", views.act_return, name="return"),
    path("<uuid:public_id>/<document_language:language>.pdf", views.act_download, name="download"),
]
