"""Acts of services rendered: a provider's charges of one month under one state order, and their papers."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES, PROVIDER_ROLES, Language
from acts.enums import DECIDABLE, PAYABLE, SUBMITTABLE, ActState
from schools.models import Provider, StateOrderContract
from voucher_portal.models import StatefulModel


class ActQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Acts of the user's organisation, or to the user's department; all for those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(
            Q(provider__organisation__in=user.organisation_ids(PROVIDER_ROLES))
            | Q(provider__issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))
        )


class Act(StatefulModel):
    """An act of services (Р-1): drawn up by the close, accepted by both sides, paid by funding source (REG §13)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    close = models.ForeignKey("acts.MonthClose", models.PROTECT, related_name="acts")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="acts")
    state_order = models.ForeignKey(StateOrderContract, models.PROTECT, related_name="acts")
    bill_month = models.DateField(_("month"))
    drawn_up_on = models.DateField(_("drawn up"))
    children = models.PositiveIntegerField(_("children"))
    paid_days = models.IntegerField(_("paid days"))
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=16, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=16, decimal_places=2)
    state = FSMField(_("state"), choices=ActState, default=ActState.TO_PROVIDER, max_length=12, protected=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    return_reason = models.TextField(_("reason of the return"), blank=True)
    pay_before = models.DateField(_("pay before"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    objects = ActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        indexes = [
            models.Index(fields=["provider", "-bill_month"], name="act_provider_month"),
            models.Index(fields=["state", "bill_month"], name="act_state_month"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "state_order", "bill_month"], name="act_one_per_provider_order_month"
            ),
            models.CheckConstraint(name="act_state_known", condition=Q(state__in=ActState.values)),
            models.CheckConstraint(
                name="act_sources_add_up", condition=Q(amount_kzt=F("local_kzt") + F("republican_kzt"))
            ),
            models.CheckConstraint(
                name="act_return_has_reason", condition=~Q(state=ActState.RETURNED) | ~Q(return_reason="")
            ),
            models.CheckConstraint(
                name="act_signed_has_deadline",
                condition=~Q(state__in=(ActState.SIGNED, ActState.PAID)) | Q(pay_before__isnull=False),
            ),
            models.CheckConstraint(
                name="act_preparer_does_not_accept",
                condition=Q(decided_by__isnull=True) | Q(submitted_by__isnull=True) | ~Q(decided_by=F("submitted_by")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="act_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="act_sums_are_final",
                fields=[
                    "number",
                    "close",
                    "provider",
                    "state_order",
                    "bill_month",
                    "amount_kzt",
                    "local_kzt",
                    "republican_kzt",
                    "children",
                    "paid_days",
                ],
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("acts:detail", args=[self.public_id])

    @transition(field=state, source=SUBMITTABLE, target=ActState.TO_CUSTOMER)
    def submit(self, *, by, at):
        """The provider's side: the act goes to the department. The signature of a later step has its place here."""
        self.submitted_by, self.submitted_at = by, at
        self.decided_by, self.decided_at = None, None

    @transition(field=state, source=DECIDABLE, target=ActState.SIGNED)
    def accept(self, *, by, at, pay_before):
        """The department's side: from this day the days to pay run."""
        self.decided_by, self.decided_at, self.pay_before, self.return_reason = by, at, pay_before, ""

    @transition(field=state, source=DECIDABLE, target=ActState.RETURNED)
    def send_back(self, *, by, at, reason):
        """The department returns the act; the provider submits it again."""
        self.decided_by, self.decided_at, self.return_reason = by, at, reason

    @transition(field=state, source=PAYABLE, target=ActState.PAID)
    def settle(self, *, at):
        """All its orders are booked by the treasury, or set off."""
        self.paid_at = at

    @transition(field=state, source=(ActState.PAID,), target=ActState.SIGNED)
    def reopen(self):
        """The bank returned a payment: the act is to be paid again (REG §5.2, T7)."""
        self.paid_at = None


class ActEvent(models.Model):
    """Who did what with an act and when; append-only."""

    act = models.ForeignKey(Act, models.PROTECT, related_name="events")
    kind = models.CharField(_("event"), max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)
    happened_at = models.DateTimeField(_("when"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("event of an act")
        verbose_name_plural = _("events of acts")
        ordering = ["happened_at", "pk"]
        triggers = [pgtrigger.Protect(name="act_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.act_id} {self.kind}"


class ActDocument(models.Model):
    """The printed act in one language, rendered once; its bytes are told by SHA-256."""

    act = models.ForeignKey(Act, models.PROTECT, related_name="documents")
    language = models.CharField(_("language"), max_length=2, choices=Language)
    file = models.FileField(_("file"), upload_to="acts/%Y/%m")
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    pages = models.PositiveSmallIntegerField(_("pages"))
    rendered_at = models.DateTimeField(_("rendered"))

    class Meta:
        verbose_name = _("document of an act")
        verbose_name_plural = _("documents of acts")
        constraints = [
            models.UniqueConstraint(fields=["act", "language"], name="actdocument_one_per_language"),
            models.CheckConstraint(name="actdocument_sha256_form", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
        ]
        triggers = [pgtrigger.Protect(name="act_document_is_final", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.act_id} {self.language}"
