"""Who may open the department's pages: its own people, and auditors, who read those of every department."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from accounts.enums import DEPARTMENT_ROLES, Role
from accounts.models import User
from schools.models import Issuer

READERS = DEPARTMENT_ROLES | {Role.AUDITOR}


def for_department(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`view` gets the issuers whose money the person answers for; 403 for every other role. One query."""

    @wraps(view)
    def with_issuers(request: HttpRequest, **kwargs) -> HttpResponse:
        if not request.user.has_any_role(READERS):
            raise PermissionDenied
        issuers = list(Issuer.objects.visible_to(request.user).select_related("organisation").order_by("code"))
        return view(request, issuers, **kwargs)

    return with_issuers


def issuer_of(issuers: list[Issuer], code: str) -> Issuer:
    """The issuer with that code among one's own; 404 for another's."""
    for issuer in issuers:
        if issuer.code == code:
            return issuer
    raise Http404


def can_close_month(user: User, issuer: Issuer) -> bool:
    """An officer or the head of the issuer's own department; an auditor reads only."""
    return issuer.organisation_id in user.organisation_ids(DEPARTMENT_ROLES)
