"""Reference admin of people and organisations; the record of readings can only be read."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import Membership, Organisation, ReadLog, User
from voucher_portal.identifiers import mask_iin

admin.site.unregister(Group)  # rights come from memberships, never from groups


class MembershipInline(TabularInline):
    """Roles of a person, beside his data."""

    model = Membership
    extra = 0
    autocomplete_fields = ["organisation"]


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):
    """Organisations; the kind is fixed once roles may hang on it."""

    list_display = ["name_ru", "bin", "kind"]
    list_filter = ["kind"]
    search_fields = ["name_ru", "name_kk", "bin"]
    ordering = ["sort_key_ru"]

    def get_readonly_fields(self, request, obj=None):
        return ["kind"] if obj else []


@admin.register(User)
class UserAdmin(ModelAdmin):
    """People: names and contacts, roles, the right to sign in. Passwords are set by their owners."""

    list_display = ["full_name", "masked_iin", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["iin", "last_name", "first_name"]
    ordering = ["sort_key"]
    inlines = [MembershipInline]
    fields = ["iin", "last_name", "first_name", "middle_name", "phone", "email", "language", "is_active", "is_staff"]

    @admin.display(description=_("IIN"))
    def masked_iin(self, user: User) -> str:
        """The IIN as lists show it."""
        return mask_iin(user.iin)


@admin.register(ReadLog)
class ReadLogAdmin(ModelAdmin):
    """Who read which card, when. Nothing can be added, changed or deleted."""

    list_display = ["read_at", "user", "organisation", "object_kind", "object_id"]
    list_filter = ["object_kind"]
    search_fields = ["object_id", "request_id"]
    list_select_related = ["user", "organisation"]
    date_hierarchy = "read_at"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
