"""Who may open a provider's pages: its own staff, each for the organisation acted for; and lists of its rows."""

from collections.abc import Callable
from functools import cached_property, wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.enums import PROVIDER_ROLES
from schools.models import Provider
from voucher_portal.listing import Listing


def provider_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that is only read; `view` gets the provider acted for. 403 for who acts for none. One query."""

    @require_safe
    @wraps(view)
    def with_provider(request: HttpRequest, **kwargs) -> HttpResponse:
        own = Provider.objects.filter(organisation__in=request.user.organisation_ids(PROVIDER_ROLES))
        provider = own.select_related("organisation", "issuer__organisation", "lms").first()
        if provider is None:
            raise PermissionDenied
        return view(request, provider, **kwargs)

    return with_provider


class ProviderListing(Listing):
    """A list of one provider's rows; its filters get `provider` and offer only what the provider has."""

    def __init__(self, request: HttpRequest, queryset, provider: Provider):
        super().__init__(request, queryset)
        self.provider = provider

    @cached_property
    def filterset(self):
        """The bound filters."""
        data = {"queryset": self.queryset, "request": self.request, "prefix": self.prefix or None}
        return self.filters(self.request.GET, provider=self.provider, **data)
