"""Choices of the commission's work."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignalCode(models.TextChoices):
    """What was seen. Source: contracts/lms.md, marks of a sheet."""

    PRESENT_ON_DAY_OFF = "PRESENT_ON_DAY_OFF", _("Marked present on a day that is not a study day")
    PRESENT_OUTSIDE_CONTRACT = "PRESENT_OUTSIDE_CONTRACT", _("Marked present outside the contract")
