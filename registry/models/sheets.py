"""The month sheets of contracts and everything that a feed sent and could not be taken in."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES
from integrations.models import Lms
from registry.enums import MARKS, ItemKind, PresenceSource, SheetStatus
from registry.models.children import Contract
from schools.enums import Programme
from schools.models import Issuer, Provider
from voucher_portal.conditions import has_only


class SheetQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Sheets of the contracts that the user may see."""
        return self.filter(contract__in=Contract.objects.visible_to(user).values("pk"))


class Sheet(models.Model):
    """A contract's month (электронный табель): one character per calendar day; the newest version that the LMS sent.

    No foreign key: the intake takes the contract's id from the contract itself, contracts are never deleted, and
    `verify_ledger` asks for sheets without one (docs/adr/0003-check-references-by-batch.md).
    """

    pk = models.CompositePrimaryKey("contract_id", "month")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="sheets", db_constraint=False, db_index=False)
    month = models.DateField(_("month"))
    version = models.PositiveIntegerField(_("version"))
    marks = models.CharField(_("marks"), max_length=31)
    status = models.CharField(_("status"), max_length=10, choices=SheetStatus)
    approved_at = models.DateTimeField(_("approved"), null=True)
    guardian_confirmed_at = models.DateTimeField(_("confirmed by the guardian"), null=True)
    source = models.CharField(_("how presence was taken"), max_length=10, choices=PresenceSource)
    received_at = models.DateTimeField(_("received"))
    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet")
        verbose_name_plural = _("sheets")
        constraints = [
            models.CheckConstraint(name="sheet_marks_known", condition=has_only("marks", MARKS, least=28)),
            models.CheckConstraint(name="sheet_status_known", condition=Q(status__in=SheetStatus.values)),
            models.CheckConstraint(name="sheet_month_is_first_day", condition=Q(month__day=1)),
        ]
        triggers = [
            pgtrigger.Protect(name="sheet_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="sheet_keeps_history",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.version <= OLD.version OR (NEW.contract_id, NEW.month) <> (OLD.contract_id, OLD.month) THEN
                        RAISE EXCEPTION 'a sheet is only replaced by a newer version'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    INSERT INTO registry_sheetversion
                        (contract_id, month, version, marks, status, approved_at, guardian_confirmed_at, source,
                         received_at, replaced_at)
                    VALUES (OLD.contract_id, OLD.month, OLD.version, OLD.marks, OLD.status, OLD.approved_at,
                            OLD.guardian_confirmed_at, OLD.source, OLD.received_at, NEW.received_at);
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.contract_id} {self.month:%Y-%m} v{self.version}"


class SheetVersion(models.Model):
    """A version of a sheet that a newer one replaced; append-only, written by the trigger of the sheet."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="sheet_versions")
    month = models.DateField(_("month"))
    version = models.PositiveIntegerField(_("version"))
    marks = models.CharField(_("marks"), max_length=31)
    status = models.CharField(_("status"), max_length=10, choices=SheetStatus)
    approved_at = models.DateTimeField(_("approved"), null=True)
    guardian_confirmed_at = models.DateTimeField(_("confirmed by the guardian"), null=True)
    source = models.CharField(_("how presence was taken"), max_length=10, choices=PresenceSource)
    received_at = models.DateTimeField(_("received"))
    replaced_at = models.DateTimeField(_("replaced"))

    class Meta:
        verbose_name = _("earlier version of a sheet")
        verbose_name_plural = _("earlier versions of sheets")
        triggers = [pgtrigger.Protect(name="sheet_version_is_final", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.contract_id} {self.month:%Y-%m} v{self.version}"


class PutAsideQuerySet(models.QuerySet):
    def waiting(self):
        """Items that no later good version has replaced yet."""
        return self.filter(resolved_at=None)

    def visible_to(self, user):
        """For the department of the provider that the item names, or all while it names none; overseers see all."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        departments = user.organisation_ids(DEPARTMENT_ROLES)
        if not departments:
            return self.none()
        return self.filter(Q(provider__issuer__organisation__in=departments) | Q(provider=None))


class PutAside(models.Model):
    """An item of a feed that breaks its contract or waits for something unknown; it blocks nothing else."""

    lms = models.ForeignKey(Lms, models.PROTECT, related_name="put_aside")
    kind = models.CharField(_("kind"), max_length=10, choices=ItemKind)
    key = models.CharField(_("key"), max_length=100, help_text=_("contract, or contract and month, or a hash"))
    version = models.PositiveIntegerField(_("version"), null=True)
    provider = models.ForeignKey(Provider, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=30)
    message = models.CharField(_("what is wrong"), max_length=300)
    raw = models.TextField(_("the item as it came"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    waits_for = models.CharField(
        _("waits for"), max_length=64, blank=True, help_text=_("BIN, or number of a contract")
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    objects = PutAsideQuerySet.as_manager()

    class Meta:
        verbose_name = _("item put aside")
        verbose_name_plural = _("items put aside")
        indexes = [models.Index(fields=["kind", "reason"], name="putaside_waiting", condition=Q(resolved_at=None))]
        constraints = [
            models.UniqueConstraint(fields=["lms", "kind", "key"], name="putaside_one_per_item"),
            models.CheckConstraint(name="putaside_kind_known", condition=Q(kind__in=ItemKind.values)),
        ]

    def __str__(self):
        return f"{self.kind} {self.key}: {self.reason}"


class ClosedThrough(models.Model):
    """The last month that is closed for an issuer and programme; what comes later for it or before is a late fact."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="+")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    month = models.DateField(_("month"))

    class Meta:
        verbose_name = _("last closed month")
        verbose_name_plural = _("last closed months")
        constraints = [models.UniqueConstraint(fields=["issuer", "programme"], name="closedthrough_one_per_programme")]
        triggers = [
            pgtrigger.Protect(name="closed_through_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="closed_through_only_grows",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__month__lt=pgtrigger.F("old__month")),
            ),
        ]

    def __str__(self):
        return f"{self.programme} {self.month:%Y-%m}"


class LateFact(models.Model):
    """A month of a contract whose facts changed after it was closed; the next close of the issuer and programme bills
    the difference. A contract that was corrected to another issuer or programme has a late fact for each of the two.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="late_facts")
    month = models.DateField(_("month"))
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    reason = models.CharField(_("reason"), max_length=20)
    noticed_at = models.DateTimeField(_("noticed"))
    billed_at = models.DateTimeField(_("billed"), null=True, blank=True)

    class Meta:
        verbose_name = _("late fact")
        verbose_name_plural = _("late facts")
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "month", "issuer", "programme"],
                condition=Q(billed_at=None),
                name="latefact_one_waiting_per_month",
            )
        ]

    def __str__(self):
        return f"{self.contract_id} {self.month:%Y-%m}"
