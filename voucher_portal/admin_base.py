"""The bases of the reference admin's pages: what can be looked at only, and what can be changed but never deleted."""

from unfold.admin import ModelAdmin

from voucher_portal.identifiers import classify, mask_iin
from voucher_portal.logs import mask_iins

PAGE_ROWS = 50


class KeptAdmin(ModelAdmin):
    """Rows that may be added and changed; nothing that the portal knows is deleted by hand."""

    list_per_page = PAGE_ROWS
    show_full_result_count = False

    def has_delete_permission(self, request, obj=None):
        return False


class KnownAdmin(KeptAdmin):
    """Rows that come from a reference file: some of their fields may be changed here, none is added."""

    def has_add_permission(self, request):
        return False


class ReadOnlyAdmin(KnownAdmin):
    """Rows to be looked at."""

    def has_change_permission(self, request, obj=None):
        return False


def masked_number(number: str) -> str:
    """A BIN as it is; the IIN of a sole trader as lists show it."""
    return mask_iin(number) if classify(number) == "iin" else number


def masked_text(text: str) -> str:
    """Free text, e.g. an item of a feed, with every IIN struck out."""
    return mask_iins(text)
