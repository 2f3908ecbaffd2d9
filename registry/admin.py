"""Support pages of the registry: everything is shown, nothing is changed.

Rules, calendars, norms and budgets come from a reference file, which checks them together. Rows with a key of two
columns (sheets, parts, reservations) have no page: the admin cannot address them.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from accounts.access import record_read_of
from registry.models import (
    Budget,
    Child,
    ClosedThrough,
    Contract,
    LateFact,
    LedgerBalance,
    LedgerEntry,
    LedgerSeal,
    Norm,
    PutAside,
    RuleSet,
    SchoolCalendar,
    StudyMonth,
    Voucher,
)
from voucher_portal.admin_base import ReadOnlyAdmin, masked_text
from voucher_portal.identifiers import mask_iin


@admin.register(RuleSet)
class RuleSetAdmin(ReadOnlyAdmin):
    """What the law may change, by programme and days."""

    list_display = ["programme", "days", "payable_marks", "min_present_days", "pay_after_act_days"]
    list_filter = ["programme"]
    ordering = ["programme", "-days"]


class StudyMonthInline(TabularInline):
    """The months of a calendar, beside it."""

    model = StudyMonth
    extra = 0
    can_delete = False
    fields = readonly_fields = ["month", "study_days", "is_part", "is_last_part"]
    ordering = ["month"]

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(SchoolCalendar)
class SchoolCalendarAdmin(ReadOnlyAdmin):
    """Study days by programme and school year."""

    list_display = ["programme", "start_year", "days"]
    list_filter = ["programme"]
    ordering = ["-start_year", "programme"]
    inlines = [StudyMonthInline]


@admin.register(Norm)
class NormAdmin(ReadOnlyAdmin):
    """Tenge per child."""

    list_display = [
        "issuer", "programme", "level", "area", "language", "special_needs", "days", "per_month", "total_kzt",
        "local_kzt", "republican_kzt",
    ]  # fmt: skip
    list_filter = ["issuer", "programme", "level", "area"]
    list_select_related = ["issuer"]
    ordering = ["issuer", "programme", "level", "area", "language", "special_needs", "days"]


@admin.register(Budget)
class BudgetAdmin(ReadOnlyAdmin):
    """Limits by source and financial year."""

    list_display = ["issuer", "programme", "year", "source", "limit_kzt"]
    list_filter = ["issuer", "programme", "year", "source"]
    list_select_related = ["issuer"]
    ordering = ["issuer", "-year", "programme", "source"]


@admin.register(Child)
class ChildAdmin(ReadOnlyAdmin):
    """Children. Who opens a card is recorded."""

    list_display = ["full_name", "masked_iin", "birth_date", "life_status"]
    list_filter = ["life_status"]
    search_fields = ["iin__exact", "last_name__istartswith"]
    search_help_text = _("A whole IIN, or the beginning of a surname")
    ordering = ["-pk"]
    fields = ["last_name", "first_name", "middle_name", "masked_iin", "birth_date", "life_status"]

    @admin.display(description=_("IIN"))
    def masked_iin(self, child: Child) -> str:
        """The IIN as lists show it."""
        return mask_iin(child.iin)

    def get_object(self, request, object_id, from_field=None):
        """The child of a card that is opened."""
        child = super().get_object(request, object_id, from_field)
        if child:
            record_read_of(request, child)
        return child


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Contracts as their LMS told them, and whether they are funded."""

    list_display = ["external_id", "lms", "version", "provider", "child", "programme", "days", "status", "funding"]
    list_filter = ["programme", "status", "funding", "unfunded_reason"]
    list_select_related = ["lms", "provider__organisation", "child"]
    search_fields = ["external_id__exact", "child__iin__exact"]
    search_help_text = _("The number in the LMS, or a child's whole IIN")
    ordering = ["-pk"]


@admin.register(PutAside)
class PutAsideAdmin(ReadOnlyAdmin):
    """Items of feeds that could not be taken in."""

    list_display = ["kind", "key", "lms", "reason", "what", "last_seen_at", "resolved_at"]
    list_filter = ["kind", "reason", "lms"]
    list_select_related = ["lms"]
    search_fields = ["key"]
    ordering = ["-pk"]
    fields = [
        "lms", "kind", "key", "version", "provider", "reason", "what", "item", "waits_for", "first_seen_at",
        "last_seen_at", "resolved_at",
    ]  # fmt: skip

    @admin.display(description=_("what is wrong"))
    def what(self, item: PutAside) -> str:
        """The reason in words, without IINs."""
        return masked_text(item.message)

    @admin.display(description=_("the item as it came"))
    def item(self, item: PutAside) -> str:
        """The raw item, without IINs."""
        return masked_text(item.raw)


@admin.register(LateFact)
class LateFactAdmin(ReadOnlyAdmin):
    """Months whose facts changed after their close."""

    list_display = ["contract", "month", "reason", "noticed_at", "billed_at"]
    list_filter = ["reason"]
    list_select_related = ["contract"]
    ordering = ["-pk"]


@admin.register(ClosedThrough)
class ClosedThroughAdmin(ReadOnlyAdmin):
    """The last closed month of each issuer and programme."""

    list_display = ["issuer", "programme", "month"]
    list_select_related = ["issuer"]
    ordering = ["issuer", "programme"]


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    """Vouchers of children."""

    list_display = ["number", "child", "programme", "school_year", "issuer", "issued_at"]
    list_filter = ["programme", "start_year", "issuer"]
    list_select_related = ["child", "issuer"]
    search_fields = ["child__iin__exact"]
    search_help_text = _("A child's whole IIN")
    ordering = ["-pk"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The ledger, newest first."""

    list_display = ["id", "at", "voucher", "month", "from_account", "to_account", "amount_kzt", "reason"]
    list_filter = ["reason", "from_account", "to_account"]
    list_select_related = ["voucher"]
    search_fields = ["voucher__id__exact"]
    search_help_text = _("The number of a voucher, digits only")
    ordering = ["-pk"]


@admin.register(LedgerSeal)
class LedgerSealAdmin(ReadOnlyAdmin):
    """Seals over the batches of the ledger."""

    list_display = ["issuer", "first_id", "last_id", "entries", "hash", "sealed_at"]
    list_filter = ["issuer"]
    list_select_related = ["issuer"]
    ordering = ["-pk"]
    fields = ["issuer", "first_id", "last_id", "entries", "hash", "previous_hash", "sealed_at"]

    @admin.display(description=_("SHA-256"))
    def hash(self, seal: LedgerSeal) -> str:
        """The seal in hexadecimal."""
        return bytes(seal.sha256).hex()

    @admin.display(description=_("SHA-256 of the seal before"))
    def previous_hash(self, seal: LedgerSeal) -> str:
        """The seal before in hexadecimal."""
        return bytes(seal.previous_sha256).hex()


@admin.register(LedgerBalance)
class LedgerBalanceAdmin(ReadOnlyAdmin):
    """What stands on the accounts."""

    list_display = ["issuer", "programme", "month", "account", "amount_kzt", "local_kzt", "republican_kzt"]
    list_filter = ["issuer", "programme", "account"]
    list_select_related = ["issuer"]
    ordering = ["-month", "issuer", "programme", "account"]
