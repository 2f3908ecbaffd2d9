"""The commission's pages: what is known now about the organisations of its region."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.enums import COMMISSION_ROLES
from monitoring.lists import RiskList, SignalList, providers_with_signals, signals_seen_by
from monitoring.models import Commission


def for_commission(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for every role but the members of a commission."""

    @wraps(view)
    def if_member(request: HttpRequest, **kwargs) -> HttpResponse:
        if not request.user.has_any_role(COMMISSION_ROLES):
            raise PermissionDenied
        return view(request, **kwargs)

    return if_member


@require_safe
@for_commission
def commission_home(request: HttpRequest) -> HttpResponse:
    """Organisations with open signals, and what will come here later."""
    commission = Commission.objects.visible_to(request.user).select_related("issuer__organisation").first()
    listing = RiskList(request, providers_with_signals(request.user))
    return listing.respond("commission/home.html", {"commission": commission})


@require_safe
@for_commission
def signal_list(request: HttpRequest) -> HttpResponse:
    """Signals one by one."""
    return SignalList(request, signals_seen_by(request.user)).respond("commission/signals.html")
