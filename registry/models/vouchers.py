"""Vouchers, their monthly parts and the reservations that bind a part to a provider's contract."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from registry.enums import (
    ANNULLABLE,
    CHARGEABLE,
    EXPIRABLE,
    FREEABLE,
    REDEEMABLE,
    RESERVABLE,
    RETURNABLE,
    TRANSITIONS,
    PartState,
)
from registry.models.children import Child, Contract
from schools.enums import Programme
from schools.models import Issuer, StateOrderContract
from voucher_portal.fields import DayMaskField
from voucher_portal.models import StatefulModel


class VoucherQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Vouchers of the children that the user may see."""
        return self.filter(child__in=Child.objects.visible_to(user).values("pk"))


class Voucher(models.Model):
    """The issuer's promise to pay for one child's school year, in monthly parts (S1, slide 6)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="vouchers", db_index=False)
    child = models.ForeignKey(Child, models.PROTECT, related_name="vouchers", db_index=False)
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    start_year = models.PositiveSmallIntegerField(_("first calendar year of the school year"))
    issued_at = models.DateTimeField(_("issued"))
    objects = VoucherQuerySet.as_manager()

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(
                fields=["child", "programme", "start_year"], name="voucher_one_per_child_programme_year"
            ),
            models.CheckConstraint(name="voucher_programme_known", condition=Q(programme__in=Programme.values)),
        ]
        triggers = [pgtrigger.Protect(name="voucher_stays", operation=pgtrigger.Delete)]

    def __str__(self):
        return self.number

    @property
    def number(self) -> str:
        """The number that people read, e.g. `EV25-0001234`."""
        return f"EV{self.start_year % 100:02d}-{self.pk:07d}"

    @property
    def school_year(self) -> str:
        return f"{self.start_year}/{(self.start_year + 1) % 100:02d}"


def _allowed_moves_sql() -> str:
    pairs = ", ".join(f"('{old}', '{new}')" for old, targets in TRANSITIONS.items() for new in targets)
    return f"(OLD.state, NEW.state) NOT IN ({pairs})"


class VoucherPart(StatefulModel):
    """One month of a voucher. Its key is voucher and month: a row more narrow than any index it would need."""

    pk = models.CompositePrimaryKey("voucher_id", "month")
    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="parts", db_constraint=False, db_index=False)
    month = models.DateField(_("month"))
    state = FSMField(
        _("state"),
        choices=PartState,
        default=PartState.ACTIVE,
        max_length=12,
        protected=True,
    )

    class Meta:
        verbose_name = _("part of a voucher")
        verbose_name_plural = _("parts of vouchers")
        constraints = [
            models.CheckConstraint(name="part_state_known", condition=Q(state__in=PartState.values)),
            models.CheckConstraint(name="part_month_is_first_day", condition=Q(month__day=1)),
        ]
        triggers = [
            pgtrigger.Protect(name="part_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="part_key_is_final", fields=["voucher", "month"]),
            pgtrigger.Trigger(
                name="part_moves_as_allowed",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Condition(f"OLD.state IS DISTINCT FROM NEW.state AND {_allowed_moves_sql()}"),
                func="""
                    RAISE EXCEPTION 'a part may not go from % to %', OLD.state, NEW.state
                        USING ERRCODE = 'check_violation';
                """,
            ),
            pgtrigger.Trigger(
                name="part_has_its_voucher",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (SELECT FROM (SELECT DISTINCT voucher_id FROM added) n
                               LEFT JOIN registry_voucher v ON v.id = n.voucher_id WHERE v.id IS NULL) THEN
                        RAISE EXCEPTION 'a part without its voucher' USING ERRCODE = 'foreign_key_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.voucher_id} {self.month:%Y-%m}"

    @transition(field=state, source=RESERVABLE, target=PartState.RESERVED)
    def reserve(self):
        """Bind the month to a provider's contract (T2). Bulk twin: registry/sql/move_parts_of_settling."""

    @transition(field=state, source=FREEABLE, target=PartState.ACTIVE)
    def free(self):
        """Give the month back while it is open (T3). Bulk twin: registry/sql/move_parts_of_settling."""

    @transition(field=state, source=CHARGEABLE, target=PartState.WRITTEN_OFF)
    def write_off(self):
        """Charge the month at its close (T4, or a late fact). Bulk twin: acts/sql/close_parts."""

    @transition(field=state, source=EXPIRABLE, target=PartState.EXPIRED)
    def expire(self):
        """The month is closed and nothing is charged (T10). Bulk twin: acts/sql/close_parts."""

    @transition(field=state, source=REDEEMABLE, target=PartState.REDEEMED)
    def redeem(self):
        """The treasury paid every charge of the month (T6). Bulk twin: acts/sql/redeem_parts."""

    @transition(field=state, source=RETURNABLE, target=PartState.WRITTEN_OFF)
    def return_payment(self):
        """The bank returned the payment (T7). Bulk twin: acts/sql/return_parts."""

    @transition(field=state, source=ANNULLABLE, target=PartState.ANNULLED)
    def annul(self):
        """The promise is void: death, a duplicate, a wrong IIN (T9)."""


class Reservation(models.Model):
    """A month of a contract: the nominal of its norm, the study days covered and the sum reserved for them.

    `covered_mask` has the study days inside the contract and inside the state order. `reserved_kzt` is the sum that
    the contract holds while its month is open; what happened to it afterwards is in the ledger. Voucher and issuer are
    in the key because an LMS may correct whose contract it is and with whom: then the first row stays, with no days.
    """

    pk = models.CompositePrimaryKey("contract_id", "month", "voucher_id", "issuer_id")
    contract = models.ForeignKey(
        Contract, models.PROTECT, related_name="reservations", db_constraint=False, db_index=False
    )
    month = models.DateField(_("month"))
    voucher = models.ForeignKey(
        Voucher, models.PROTECT, related_name="reservations", db_constraint=False, db_index=False
    )
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    state_order = models.ForeignKey(
        StateOrderContract, models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    covered_mask = DayMaskField(_("covered study days"))
    covered_days = models.PositiveSmallIntegerField(_("covered days"))
    study_days = models.PositiveSmallIntegerField(_("study days of the month"))
    nominal_kzt = models.DecimalField(_("nominal of the part, KZT"), max_digits=14, decimal_places=2)
    reserved_kzt = models.DecimalField(_("reserved, KZT"), max_digits=14, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=14, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        indexes = [models.Index(fields=["voucher", "month"], name="reservation_part")]
        constraints = [
            models.CheckConstraint(name="reservation_days_fit", condition=Q(covered_days__lte=F("study_days"))),
            models.CheckConstraint(
                name="reservation_sources_add_up", condition=Q(reserved_kzt=F("local_kzt") + F("republican_kzt"))
            ),
            models.CheckConstraint(
                name="reservation_sums_fit",
                condition=Q(local_kzt__gte=0, republican_kzt__gte=0, reserved_kzt__lte=F("nominal_kzt")),
            ),
            models.CheckConstraint(name="reservation_month_is_first_day", condition=Q(month__day=1)),
        ]
        triggers = [
            pgtrigger.Protect(name="reservation_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="reservation_key_is_final", fields=["contract", "month", "voucher", "issuer"]),
            pgtrigger.Trigger(
                name="reservation_has_voucher_and_contract",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (
                        SELECT FROM (SELECT DISTINCT contract_id, voucher_id FROM added) r
                        LEFT JOIN registry_contract c ON c.id = r.contract_id
                        LEFT JOIN registry_voucher v ON v.id = r.voucher_id
                            AND v.child_id = c.child_id AND v.programme = c.programme
                        WHERE v.id IS NULL
                    ) THEN
                        RAISE EXCEPTION 'a reservation without its voucher or contract'
                            USING ERRCODE = 'foreign_key_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.contract_id} {self.month:%Y-%m}"
