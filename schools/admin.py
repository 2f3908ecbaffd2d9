"""Reference admin of issuers and providers. What decides on money comes from the reference file and is only shown."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from schools.models import Issuer, Provider, StateOrderContract, Suspension, Termination
from voucher_portal.admin_base import KeptAdmin, KnownAdmin, ReadOnlyAdmin, masked_number


@admin.register(Issuer)
class IssuerAdmin(ReadOnlyAdmin):
    """Departments that issue vouchers."""

    list_display = ["code", "organisation", "kind", "kato"]
    list_select_related = ["organisation"]
    search_fields = ["code", "organisation__name_ru", "organisation__name_kk"]
    ordering = ["code"]


@admin.register(Provider)
class ProviderAdmin(KnownAdmin):
    """Schools and kindergartens: where they are and which LMS they use may be put right here."""

    list_display = ["name", "number", "issuer", "ownership", "area", "places", "lms"]
    list_filter = ["issuer", "ownership", "area"]
    list_select_related = ["organisation", "issuer", "lms"]
    search_fields = ["organisation__name_ru", "organisation__name_kk", "organisation__bin"]
    ordering = ["organisation__sort_key_ru"]
    autocomplete_fields = ["lms"]
    readonly_fields = [
        "organisation",
        "number",
        "issuer",
        "programmes",
        "area",
        "design_capacity",
        "sanitary_places",
        "iban",
        "bic",
        "kbe",
    ]
    fields = [*readonly_fields, "ownership", "first_licensed_on", "lms", "address_ru", "lat", "lon"]

    @admin.display(description=_("organisation"), ordering="organisation__sort_key_ru")
    def name(self, provider: Provider) -> str:
        """The name in the language of the page."""
        return provider.name

    @admin.display(description=_("BIN or IIN"))
    def number(self, provider: Provider) -> str:
        """The number of the provider, masked where it is a person's."""
        return masked_number(provider.bin)

    @admin.display(description=_("places"))
    def places(self, provider: Provider) -> int:
        """Children that can be funded at once."""
        return provider.places


@admin.register(StateOrderContract)
class StateOrderContractAdmin(ReadOnlyAdmin):
    """State order contracts; they are changed by a reference file, which looks at the children's contracts again."""

    list_display = ["number", "provider", "issuer", "programme", "days", "signed_on"]
    list_filter = ["issuer", "programme"]
    list_select_related = ["provider__organisation", "issuer"]
    search_fields = ["number", "provider__organisation__name_ru", "provider__organisation__name_kk"]
    ordering = ["number"]


@admin.register(Suspension)
class SuspensionAdmin(KeptAdmin):
    """Payments that are held: put in by hand with their document, ended by a last day."""

    list_display = ["provider", "ground", "days", "document"]
    list_filter = ["ground"]
    list_select_related = ["provider__organisation"]
    search_fields = ["provider__organisation__name_ru", "provider__organisation__name_kk", "document"]
    autocomplete_fields = ["provider"]
    ordering = ["-pk"]

    def get_readonly_fields(self, request, obj=None):
        return ["provider", "ground"] if obj else []


@admin.register(Termination)
class TerminationAdmin(KeptAdmin):
    """Providers whose work for vouchers ends."""

    list_display = ["provider", "ground", "from_day", "document"]
    list_filter = ["ground"]
    list_select_related = ["provider__organisation"]
    search_fields = ["provider__organisation__name_ru", "provider__organisation__name_kk", "document"]
    autocomplete_fields = ["provider"]
    ordering = ["-pk"]

    def get_readonly_fields(self, request, obj=None):
        return ["provider"] if obj else []
