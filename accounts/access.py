"""Who acts for whom, and what was read: the questions that other apps ask about the person behind a request.

`visible_to(user)` of a model asks the user itself: `user.organisation_ids(roles)`, `user.has_any_role(roles)`. Both
look only at the organisation that the person has chosen to act for, and cost one query per request together.
"""

import datetime
from dataclasses import dataclass

from django.http import HttpRequest

from accounts import services
from accounts.models import Membership, MembershipQuerySet, Organisation, User


@dataclass(frozen=True)
class Acting:
    """A person with the organisation acted for and the roles there; no organisation for one who is only a guardian."""

    user: User
    organisation: Organisation | None
    roles: frozenset[str]

    def has_any_role(self, roles) -> bool:
        """Whether one of `roles` is among the roles acted in."""
        return not self.roles.isdisjoint(roles)


def memberships_of(user: User, today: datetime.date) -> MembershipQuerySet:
    """Memberships of `user` valid on `today`, with their organisations."""
    return Membership.objects.of(user).on(today).select_related("organisation")


def acting(request: HttpRequest) -> Acting:
    """The person behind a signed-in request, the organisation acted for and the roles in it."""
    memberships = request.user.acting_memberships
    organisation = memberships[0].organisation if memberships else None
    return Acting(request.user, organisation, frozenset(membership.role for membership in memberships))


def has_role(user: User, *roles: str) -> bool:
    """Whether `user` has one of `roles` in the organisation acted for."""
    return user.has_any_role(roles)


def record_read_of(request: HttpRequest, thing) -> None:
    """Record that the person behind `request` has read the card of `thing`, a saved model of a child's data."""
    services.record_read(
        user=request.user,
        organisation=acting(request).organisation,
        object_kind=thing._meta.label_lower,
        object_id=thing.pk,
        ip=request.META.get("REMOTE_ADDR"),
        request_id=getattr(request, "request_id", ""),
    )
