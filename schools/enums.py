"""Choices of providers and issuers, and the sets of them that others import."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Programme(models.TextChoices):
    SCHOOL = "school", _("School")
    PRESCHOOL = "preschool", _("Preschool")


class Area(models.TextChoices):
    CITY = "city", _("City")
    VILLAGE = "village", _("Village")


class IssuerKind(models.TextChoices):
    CITY = "city", _("City")
    REGION = "region", _("Region")


class Ownership(models.TextChoices):
    STATE = "state", _("State")
    PRIVATE = "private", _("Private")


class SuspensionGround(models.TextChoices):
    """Source: REG §12.1 [S1]."""

    WRONG_ADDRESS = "WRONG_ADDRESS", _("The service is not at the licence address")
    ACCESS_REFUSED = "ACCESS_REFUSED", _("The commission was refused entry")
    TAX_DEBT = "TAX_DEBT", _("A tax debt appeared")


class TerminationGround(models.TextChoices):
    """Source: REG §12.2 [S1]."""

    LICENCE_REVOKED = "LICENCE_REVOKED", _("The licence was revoked")
    FEE_OVER_CAP = "FEE_OVER_CAP", _("The fee is above the cap")
    SAFETY_NOT_FIXED = "SAFETY_NOT_FIXED", _("Safety faults were not fixed")
    FICTITIOUS_PROCESS = "FICTITIOUS_PROCESS", _("Fictitious study process")
