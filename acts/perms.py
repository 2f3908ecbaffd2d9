"""Who may do what with an act; its state says when (REG §13.1, §3). Needs `provider.issuer` on the act: no query."""

from accounts.enums import DEPARTMENT_ROLES, Role
from accounts.models import User
from acts.models import Act

SUBMITTING_ROLES = frozenset({Role.PROVIDER_DIRECTOR})


def can_submit_act(user: User, act: Act) -> bool:
    """The director of the act's provider; an employee prepares sheets and reads acts, and does not submit."""
    return act.provider.organisation_id in user.organisation_ids(SUBMITTING_ROLES)


def can_accept_act(user: User, act: Act) -> bool:
    """An officer or the head of the department that orders from the provider, never the person who submitted."""
    is_customer = act.provider.issuer.organisation_id in user.organisation_ids(DEPARTMENT_ROLES)
    return is_customer and act.submitted_by_id != user.pk


def can_return_act(user: User, act: Act) -> bool:
    """Who may accept may also return."""
    return can_accept_act(user, act)
