"""Reference admin of others' systems: which LMS are polled; how far, to be looked at."""

from django.contrib import admin

from integrations.models import FeedCursor, Lms
from voucher_portal.admin_base import KeptAdmin, ReadOnlyAdmin


@admin.register(Lms)
class LmsAdmin(KeptAdmin):
    """The code stays: the reference file and the contracts know the LMS by it."""

    list_display = ["code", "url", "is_active", "polled_at", "failed_at"]
    list_filter = ["is_active"]
    search_fields = ["code", "url"]
    ordering = ["code"]
    fields = ["code", "url", "token_env", "is_active", "polled_at", "failed_at", "failure"]

    def get_readonly_fields(self, request, obj=None):
        return ["polled_at", "failed_at", "failure", *(["code"] if obj else [])]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(FeedCursor)
class FeedCursorAdmin(ReadOnlyAdmin):
    """How far each feed was read."""

    list_display = ["lms", "feed", "cursor", "stored_at"]
    list_filter = ["lms"]
    list_select_related = ["lms"]
    ordering = ["lms", "feed"]
