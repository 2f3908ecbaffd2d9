"""Who may open the operator's pages: its employees and administrators; they see every issuer."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.enums import OPERATOR_ROLES, Role
from accounts.models import User

READERS = OPERATOR_ROLES | {Role.ADMINISTRATOR}


def for_operator(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for every other role."""

    @wraps(view)
    def if_operator(request: HttpRequest, **kwargs) -> HttpResponse:
        if not request.user.has_any_role(READERS):
            raise PermissionDenied
        return view(request, **kwargs)

    return if_operator


def can_send_payments(user: User) -> bool:
    """An employee of the operator; an administrator looks after the machinery and moves no money."""
    return user.has_any_role(OPERATOR_ROLES)
