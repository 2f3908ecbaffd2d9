"""Reference admin of others' systems: which LMS are polled; to look at: how far, and what registers were asked."""

from django.contrib import admin

from integrations.models import FeedCursor, Lms, RegisterCall, StrayAnswer
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


@admin.register(RegisterCall)
class RegisterCallAdmin(ReadOnlyAdmin):
    """What the state databases were asked and how it ended; whom it was about does not stand here."""

    list_display = ["asked_at", "register", "outcome", "tries", "answered_at", "message_id"]
    list_filter = ["register", "outcome", "channel"]
    search_fields = ["message_id", "correlation_id"]
    ordering = ["-id"]


@admin.register(StrayAnswer)
class StrayAnswerAdmin(ReadOnlyAdmin):
    """Answers that nobody had asked for."""

    list_display = ["received_at", "service_id", "message_id", "correlation_id"]
    list_filter = ["service_id"]
    search_fields = ["message_id", "correlation_id"]
    ordering = ["-id"]
