"""Support pages of acts and payments: everything is shown, nothing is changed; states move on the portal's pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from acts.models import Act, ActDocument, ActEvent, Charge, MonthClose, PaymentAttempt, PaymentOrder
from voucher_portal.admin_base import ReadOnlyAdmin


class ReadOnlyInline(TabularInline):
    """Rows beside their owner, to be looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class ActEventInline(ReadOnlyInline):
    """Who did what with the act."""

    model = ActEvent
    fields = ["happened_at", "kind", "by", "note"]


class ActDocumentInline(ReadOnlyInline):
    """The printed act in both languages."""

    model = ActDocument
    fields = ["language", "pages", "sha256", "rendered_at"]


@admin.register(MonthClose)
class MonthCloseAdmin(ReadOnlyAdmin):
    """Closed months."""

    list_display = ["issuer", "programme", "month", "closed_at", "closed_by", "finished_at"]
    list_filter = ["programme", "issuer"]
    list_select_related = ["issuer", "closed_by"]
    ordering = ["-month", "issuer", "programme"]


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Acts with their history and documents."""

    list_display = ["number", "provider", "bill_month", "amount_kzt", "state", "pay_before"]
    list_filter = ["state", "bill_month"]
    list_select_related = ["provider__organisation"]
    search_fields = ["number", "provider__organisation__bin__exact"]
    search_help_text = _("The number of an act, or a whole BIN")
    ordering = ["-pk"]
    inlines = [ActEventInline, ActDocumentInline]


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    """Lines of acts; the child is told by the contract."""

    list_display = ["act", "contract", "service_month", "kind", "paid_days", "study_days", "amount_kzt"]
    list_filter = ["kind"]
    list_select_related = ["act", "contract"]
    search_fields = ["act__number__exact", "contract__external_id__exact"]
    search_help_text = _("The number of an act, or a contract's number in the LMS")
    ordering = ["-pk"]


class PaymentAttemptInline(ReadOnlyInline):
    """Every try to pay an order."""

    model = PaymentAttempt
    fields = ["number", "end_to_end_id", "amount_kzt", "status", "status_at", "is_final"]


@admin.register(PaymentOrder)
class PaymentOrderAdmin(ReadOnlyAdmin):
    """What acts owe from each source."""

    list_display = ["act", "source", "amount_kzt", "pay_kzt", "state", "changed_at"]
    list_filter = ["state", "source"]
    list_select_related = ["act"]
    search_fields = ["act__number__exact"]
    ordering = ["-pk"]
    inlines = [PaymentAttemptInline]
