"""Roles, kinds of organisations, languages, and the named sets that other apps ask by (regulation §3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    KAZAKH = "kk", "Қазақша"
    RUSSIAN = "ru", "Русский"


class OrganisationKind(models.TextChoices):
    PROVIDER = "PROVIDER", _("Education organisation")
    DEPARTMENT = "DEPARTMENT", _("Education department")
    OPERATOR = "OPERATOR", _("Operator")
    COMMISSION = "COMMISSION", _("Monitoring commission")
    OVERSIGHT = "OVERSIGHT", _("Oversight body")


class Role(models.TextChoices):
    """What a person may do for an organisation. A guardian has no membership: the child's contract names him."""

    PROVIDER_DIRECTOR = "PROVIDER_DIRECTOR", _("Director (first head)")
    PROVIDER_CLERK = "PROVIDER_CLERK", _("Employee of the organisation")
    DEPARTMENT_OFFICER = "DEPARTMENT_OFFICER", _("Department officer")
    DEPARTMENT_HEAD = "DEPARTMENT_HEAD", _("Head of the department")
    OPERATOR = "OPERATOR", _("Employee of the operator")
    COMMISSION_MEMBER = "COMMISSION_MEMBER", _("Commission member")
    AUDITOR = "AUDITOR", _("Auditor")
    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")


PROVIDER_ROLES = frozenset({Role.PROVIDER_DIRECTOR, Role.PROVIDER_CLERK})
DEPARTMENT_ROLES = frozenset({Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_HEAD})
OPERATOR_ROLES = frozenset({Role.OPERATOR})
COMMISSION_ROLES = frozenset({Role.COMMISSION_MEMBER})
# They see the rows of every organisation; a department sees those of its own providers.
OVERSEEING_ROLES = OPERATOR_ROLES | {Role.AUDITOR, Role.ADMINISTRATOR}
# They sign, accept or send money: short sessions, and TOTP where settings ask for it.
MONEY_ROLES = frozenset({Role.PROVIDER_DIRECTOR, Role.OPERATOR}) | DEPARTMENT_ROLES

ROLES_OF_KIND = {
    OrganisationKind.PROVIDER: PROVIDER_ROLES,
    OrganisationKind.DEPARTMENT: DEPARTMENT_ROLES,
    OrganisationKind.OPERATOR: OPERATOR_ROLES | {Role.ADMINISTRATOR},
    OrganisationKind.COMMISSION: COMMISSION_ROLES,
    OrganisationKind.OVERSIGHT: frozenset({Role.AUDITOR}),
}
