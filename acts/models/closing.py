"""The close of a month and the charges that it makes: nothing here is ever changed afterwards."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES
from acts.enums import ChargeKind
from acts.models.acts import Act
from registry.models import Contract, Voucher
from schools.enums import Programme
from schools.models import Issuer


class MonthCloseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Closes of the user's department; all for those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))


class MonthClose(models.Model):
    """A month of a programme, closed once for an issuer; earlier months that were still open are closed with it."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="closes")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    month = models.DateField(_("month"))
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    result = models.JSONField(_("result"), default=dict)
    objects = MonthCloseQuerySet.as_manager()

    class Meta:
        verbose_name = _("month close")
        verbose_name_plural = _("month closes")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "programme", "month"], name="close_one_per_month"),
            models.CheckConstraint(name="close_month_is_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(name="close_programme_known", condition=Q(programme__in=Programme.values)),
        ]
        triggers = [
            pgtrigger.Protect(name="close_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="close_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__finished_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="close_adds_up",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__finished_at__isnull=True, new__finished_at__isnull=False),
                func="""
                    IF EXISTS (
                        SELECT FROM acts_act a CROSS JOIN LATERAL (
                            SELECT sum(amount_kzt) AS amount, sum(local_kzt) AS local,
                                   sum(republican_kzt) AS republican
                            FROM acts_charge WHERE act_id = a.id
                        ) c
                        WHERE a.close_id = NEW.id AND (a.amount_kzt, a.local_kzt, a.republican_kzt)
                              IS DISTINCT FROM (c.amount, c.local, c.republican)
                    ) THEN
                        RAISE EXCEPTION 'the charges of an act do not add up to its total'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.issuer} {self.programme} {self.month:%Y-%m}"


class ChargeQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Charges of the contracts that the user may see."""
        return self.filter(contract__in=Contract.objects.visible_to(user).values("pk"))

    def live(self):
        """Charges that no refund has taken back."""
        return self.exclude(kind=ChargeKind.REFUND).filter(refund=None)


class Charge(models.Model):
    """A line of a close and of an act: what one contract earned, or gives back, for one month of service."""

    close = models.ForeignKey(MonthClose, models.PROTECT, related_name="charges", db_constraint=False, db_index=False)
    act = models.ForeignKey(Act, models.PROTECT, related_name="charges", db_constraint=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="charges", db_constraint=False, db_index=False)
    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="charges", db_constraint=False)
    service_month = models.DateField(_("month of service"))
    bill_month = models.DateField(_("month of the act"))
    kind = models.CharField(_("kind"), max_length=10, choices=ChargeKind)
    study_days = models.PositiveSmallIntegerField(_("study days"))
    paid_days = models.PositiveSmallIntegerField(_("paid days"))
    nominal_kzt = models.DecimalField(_("nominal of the part, KZT"), max_digits=14, decimal_places=2)
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=14, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=14, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=14, decimal_places=2)
    reverses = models.ForeignKey(
        "self", models.PROTECT, related_name="refund", null=True, blank=True, db_constraint=False, db_index=False
    )
    objects = ChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "service_month", "close", "kind"], name="charge_one_of_a_kind_per_close"
            ),
            models.UniqueConstraint(
                fields=["reverses"], name="charge_refunded_once", condition=Q(reverses__isnull=False)
            ),
            models.CheckConstraint(name="charge_kind_known", condition=Q(kind__in=ChargeKind.values)),
            models.CheckConstraint(
                name="charge_sources_add_up", condition=Q(amount_kzt=F("local_kzt") + F("republican_kzt"))
            ),
            models.CheckConstraint(
                name="charge_sign_follows_kind",
                condition=(
                    Q(kind=ChargeKind.REFUND, amount_kzt__lt=0, local_kzt__lte=0, republican_kzt__lte=0)
                    | (~Q(kind=ChargeKind.REFUND) & Q(amount_kzt__gt=0, local_kzt__gte=0, republican_kzt__gte=0))
                ),
            ),
            models.CheckConstraint(
                name="charge_refund_reverses_one", condition=Q(kind=ChargeKind.REFUND) ^ Q(reverses__isnull=True)
            ),
            models.CheckConstraint(name="charge_days_fit", condition=Q(paid_days__lte=F("study_days"))),
        ]
        triggers = [
            pgtrigger.Protect(name="charge_is_final", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="charge_belongs_to_an_open_close",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (
                        SELECT FROM added n
                        LEFT JOIN acts_monthclose m ON m.id = n.close_id AND m.finished_at IS NULL
                            AND m.month = n.bill_month AND n.service_month <= m.month
                        LEFT JOIN acts_act a ON a.id = n.act_id AND a.close_id = n.close_id
                        LEFT JOIN registry_reservation r ON r.contract_id = n.contract_id
                            AND r.month = n.service_month AND r.voucher_id = n.voucher_id
                        WHERE m.id IS NULL OR a.id IS NULL OR r.contract_id IS NULL
                    ) THEN
                        RAISE EXCEPTION 'a charge outside an open close, its act or its reservation'
                            USING ERRCODE = 'foreign_key_violation';
                    END IF;
                    IF EXISTS (
                        SELECT FROM added n LEFT JOIN acts_charge c ON c.id = n.reverses_id
                            AND c.contract_id = n.contract_id AND c.service_month = n.service_month
                            AND c.kind <> 'REFUND' AND c.amount_kzt = -n.amount_kzt AND c.local_kzt = -n.local_kzt
                        WHERE n.kind = 'REFUND' AND c.id IS NULL
                    ) THEN
                        RAISE EXCEPTION 'a refund does not mirror its charge' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.service_month:%Y-%m} {self.amount_kzt}"
