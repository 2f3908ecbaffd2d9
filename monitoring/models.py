"""What the monitoring commission works with: whom it watches, and the signals that something deserves a look."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import COMMISSION_ROLES, DEPARTMENT_ROLES, OVERSEEING_ROLES
from accounts.models import Organisation
from monitoring.enums import SignalCode
from registry.models import Child, Contract
from schools.models import Issuer, Provider
from voucher_portal.fields import DayMaskField


class CommissionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The commission that the user sits in."""
        return self.filter(organisation__in=user.organisation_ids(COMMISSION_ROLES))


class Commission(models.Model):
    """A monitoring commission and the issuer whose providers it visits (REG §12.3)."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="commission")
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="commissions")
    objects = CommissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("monitoring commission")
        verbose_name_plural = _("monitoring commissions")

    def __str__(self):
        return self.organisation.name


class RiskSignalQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Signals of the commission's region, of the department's providers; all for those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(
            Q(provider__issuer__in=Commission.objects.visible_to(user).values("issuer"))
            | Q(provider__issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))
        )

    def open(self):
        """Signals whose cause is still there."""
        return self.filter(resolved_at=None)


class RiskSignal(models.Model):
    """Something in a feed that deserves a look. It says what was seen and accuses nobody; one row a thing.

    `days` are the days of the month on which it was seen. A signal ends by itself when its cause goes, and comes back
    with it. Source: contracts/lms.md.
    """

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="risk_signals")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="risk_signals", null=True)
    child = models.ForeignKey(Child, models.PROTECT, related_name="risk_signals", null=True)
    month = models.DateField(_("month"))
    code = models.CharField(_("signal"), max_length=30, choices=SignalCode)
    days = DayMaskField(_("days"))
    noticed_at = models.DateTimeField(_("noticed"))
    resolved_at = models.DateTimeField(_("ended"), null=True, blank=True)
    objects = RiskSignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("risk signal")
        verbose_name_plural = _("risk signals")
        indexes = [models.Index(fields=["provider"], name="risksignal_open", condition=Q(resolved_at=None))]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "contract", "month", "code"], name="risksignal_one_per_thing", nulls_distinct=False
            ),
            models.CheckConstraint(name="risksignal_code_known", condition=Q(code__in=SignalCode.values)),
            models.CheckConstraint(name="risksignal_month_is_first_day", condition=Q(month__day=1)),
        ]

    def __str__(self):
        return f"{self.code} {self.month:%Y-%m}"

    @property
    def day_numbers(self) -> list[int]:
        """The days of the month, from 1."""
        return [place for place, bit in enumerate(self.days, start=1) if bit == "1"]


class SheetScan(models.Model):
    """How far the sheets were looked through for signals: one row."""

    scanned_at = models.DateTimeField(_("looked through up to"), null=True)

    class Meta:
        verbose_name = _("scan of the sheets")
        verbose_name_plural = _("scans of the sheets")
        constraints = [models.CheckConstraint(name="sheetscan_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(self.scanned_at)
