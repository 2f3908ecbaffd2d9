"""Payment orders by act and source, the attempts to pay them, and what the treasury said (contracts/payments.md)."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES, PROVIDER_ROLES
from acts.enums import IN_FLIGHT, RETRIABLE, SENDABLE, UNSENT, EntryProblem, OrderState
from acts.models.acts import Act
from registry.enums import Source
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal.identifiers import validate_iban
from voucher_portal.models import StatefulModel

FINAL = pgtrigger.Update | pgtrigger.Delete
BIC_FORM = r"^[A-Z0-9]{4}KZ[A-Z0-9]{2}([A-Z0-9]{3})?$"


class PaymentOrderQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Orders to the user's organisation, or from the user's department; all for those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(
            Q(act__provider__organisation__in=user.organisation_ids(PROVIDER_ROLES))
            | Q(act__provider__issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))
        )


class PaymentOrder(StatefulModel):
    """What an act owes from one source. `amount_kzt` is the act's sum; `pay_kzt` is what is left after set-offs.

    A negative sum is the provider's debt: it is not sent, and is set off against later acts (payments.md §8).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    act = models.ForeignKey(Act, models.PROTECT, related_name="orders")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    pay_kzt = models.DecimalField(_("to pay, KZT"), max_digits=16, decimal_places=2)
    state = FSMField(_("state"), choices=OrderState, default=OrderState.PREPARED, max_length=10, protected=True)
    created_at = models.DateTimeField(_("created"))
    changed_at = models.DateTimeField(_("changed"))
    reason = models.CharField(_("reason of the treasury"), max_length=300, blank=True)
    objects = PaymentOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        indexes = [models.Index(fields=["state", "changed_at"], name="order_state")]
        constraints = [
            models.UniqueConstraint(fields=["act", "source"], name="order_one_per_act_and_source"),
            models.CheckConstraint(name="order_state_known", condition=Q(state__in=OrderState.values)),
            models.CheckConstraint(name="order_source_known", condition=Q(source__in=Source.values)),
            models.CheckConstraint(name="order_is_not_empty", condition=~Q(amount_kzt=0)),
            models.CheckConstraint(
                name="order_pays_no_more_than_its_act",
                condition=Q(amount_kzt__lt=0, pay_kzt=0) | Q(pay_kzt__gte=0, pay_kzt__lte=F("amount_kzt")),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="order_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="order_sum_is_final", fields=["act", "source", "amount_kzt", "pay_kzt"]),
        ]

    def __str__(self):
        return f"{self.act} {self.source}"

    @transition(field=state, source=SENDABLE, target=OrderState.HELD)
    def hold(self):
        """The provider is suspended: formed, not paid (REG §12.1)."""

    @transition(field=state, source=(OrderState.HELD,), target=OrderState.PREPARED)
    def let_go(self):
        """The suspension ended."""

    @transition(field=state, source=RETRIABLE, target=OrderState.PREPARED)
    def try_again(self):
        """A new attempt is made, with names of its own."""

    @transition(field=state, source=UNSENT, target=OrderState.SENT)
    def send(self):
        """The gateway has the message."""

    @transition(field=state, source=(OrderState.PREPARED,), target=OrderState.UNKNOWN)
    def lose_sight(self):
        """Nobody knows whether the gateway has the message: it is asked, never sent blindly again."""

    @transition(field=state, source=(OrderState.UNKNOWN,), target=OrderState.PREPARED)
    def never_arrived(self):
        """The gateway says that it never received the message: the same bytes may go again."""

    @transition(field=state, source=IN_FLIGHT, target=OrderState.ACCEPTED)
    def accept(self):
        """ACTC, ACCP, ACSP or ACSC of pain.002."""

    @transition(field=state, source=IN_FLIGHT, target=OrderState.PAID)
    def pay(self):
        """A booked entry of camt.054 with our sum, currency and account."""

    @transition(field=state, source=(OrderState.PREPARED, *IN_FLIGHT), target=OrderState.REJECTED)
    def reject(self):
        """RJCT of pain.002, or the gateway did not take the file; the next run makes a new attempt."""

    @transition(field=state, source=(OrderState.PAID, *IN_FLIGHT), target=OrderState.RETURNED)
    def return_payment(self):
        """A reversal or credit entry with our EndToEndId; the next run makes a new attempt."""

    @transition(field=state, source=(OrderState.DEBT,), target=OrderState.SET_OFF)
    def set_off(self):
        """Later orders have taken over the whole debt."""


class PayerAccount(models.Model):
    """The account from which an issuer pays one funding source, and the codes that a treasury asks for (REG §14.3)."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="payer_accounts")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    iban = models.CharField(_("IBAN"), max_length=20, validators=[validate_iban])
    bic = models.CharField(_("BIC"), max_length=11)
    kod = models.CharField(_("KOd"), max_length=2)
    knp = models.CharField(_("KNP"), max_length=3)
    budget_code_school = models.CharField(_("budget code of the school programme"), max_length=35)
    budget_code_preschool = models.CharField(_("budget code of the preschool programme"), max_length=35)

    class Meta:
        verbose_name = _("account of the payer")
        verbose_name_plural = _("accounts of the payer")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "source"], name="payer_one_account_per_source"),
            models.CheckConstraint(name="payer_source_known", condition=Q(source__in=Source.values)),
            models.CheckConstraint(name="payer_iban_form", condition=Q(iban__regex=r"^KZ[0-9]{5}[A-Z0-9]{13}$")),
            models.CheckConstraint(name="payer_bic_form", condition=Q(bic__regex=BIC_FORM)),
            models.CheckConstraint(name="payer_kod_form", condition=Q(kod__regex=r"^[12][1-9]$")),
            models.CheckConstraint(name="payer_knp_form", condition=Q(knp__regex=r"^[0-9]{3}$")),
        ]

    def __str__(self):
        return f"{self.issuer} {self.source}"

    def budget_code(self, programme: str) -> str:
        """What the payer's budget calls the expense of a programme."""
        return self.budget_code_preschool if programme == Programme.PRESCHOOL else self.budget_code_school


class PaymentFile(models.Model):
    """One pain.001 file of an issuer and a run. Its bytes are stored before they are sent and never change."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="payment_files")
    msg_id = models.CharField(_("message"), max_length=35, unique=True)
    xml = models.BinaryField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("taken by the gateway"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked about"), null=True, blank=True)
    refused = models.CharField(_("refusal of the gateway"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("payment file")
        verbose_name_plural = _("payment files")
        triggers = [
            pgtrigger.Protect(name="payment_file_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="payment_file_is_final", fields=["issuer", "msg_id", "xml", "sha256"]),
        ]

    def __str__(self):
        return self.msg_id


class PaymentAttempt(models.Model):
    """One try to pay an order: its own EndToEndId and UETR, never used again after a refusal or a return."""

    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("try"))
    file = models.ForeignKey(PaymentFile, models.PROTECT, related_name="attempts")
    uetr = models.UUIDField(_("UETR"), default=uuid.uuid4, unique=True, editable=False)
    end_to_end_id = models.CharField(_("EndToEndId"), max_length=35, unique=True)
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    debtor_iban = models.CharField(_("account of the payer"), max_length=20)
    creditor_iban = models.CharField(_("account of the payee"), max_length=20)
    status = models.CharField(_("status of the treasury"), max_length=10, blank=True)
    status_at = models.DateTimeField(_("time of the report"), null=True, blank=True)
    is_final = models.BooleanField(_("no more answers are waited for"), default=False)

    class Meta:
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="attempt_one_per_number"),
            models.UniqueConstraint(fields=["order"], condition=Q(is_final=False), name="attempt_one_live_per_order"),
            models.CheckConstraint(name="attempt_pays_something", condition=Q(amount_kzt__gt=0)),
        ]
        triggers = [
            pgtrigger.Protect(name="attempt_stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="attempt_is_what_was_sent",
                fields=[
                    "order",
                    "number",
                    "file",
                    "uetr",
                    "end_to_end_id",
                    "amount_kzt",
                    "debtor_iban",
                    "creditor_iban",
                ],
            ),
        ]

    def __str__(self):
        return self.end_to_end_id


class SetOff(models.Model):
    """A part of a provider's debt that a later order of the same source took over instead of money."""

    debt = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="set_off_by")
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="set_offs")
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("set-off")
        verbose_name_plural = _("set-offs")
        constraints = [
            models.UniqueConstraint(fields=["debt", "order"], name="setoff_one_per_pair"),
            models.CheckConstraint(name="setoff_is_positive", condition=Q(amount_kzt__gt=0)),
        ]
        triggers = [pgtrigger.Protect(name="set_off_is_final", operation=FINAL)]

    def __str__(self):
        return f"{self.debt_id} → {self.order_id}"


class TreasuryReport(models.Model):
    """A report as it came, told by its own identifier and SHA-256; a second arrival changes nothing."""

    report_id = models.CharField(_("report"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    xml = models.TextField(_("message"))
    received_at = models.DateTimeField(_("received"))
    problem = models.CharField(_("why it was put aside"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("treasury report")
        verbose_name_plural = _("treasury reports")
        constraints = [models.UniqueConstraint(fields=["report_id", "sha256"], name="report_once")]
        triggers = [pgtrigger.Protect(name="report_stays", operation=pgtrigger.Delete)]

    def __str__(self):
        return self.report_id


class BookedEntry(models.Model):
    """An entry of an account's notification: money moved, or came back. `problem` puts it into the reconciliation."""

    key = models.CharField(_("key"), max_length=200, unique=True)
    report = models.ForeignKey(TreasuryReport, models.PROTECT, related_name="entries")
    attempt = models.ForeignKey(PaymentAttempt, models.PROTECT, related_name="entries", null=True, blank=True)
    is_return = models.BooleanField(_("money came back"))
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    booked_on = models.DateField(_("booked"))
    problem = models.CharField(
        _("difference"), max_length=300, blank=True, help_text=_("codes of EntryProblem, with commas")
    )

    class Meta:
        verbose_name = _("booked entry")
        verbose_name_plural = _("booked entries")
        triggers = [pgtrigger.Protect(name="booked_entry_is_final", operation=FINAL)]

    def __str__(self):
        return self.key

    @property
    def problems(self) -> list[str]:
        """What is wrong with it, for people."""
        return [EntryProblem(code).label for code in self.problem.split(",") if code]


class TreasuryCursor(models.Model):
    """How far the reports of the gateway were read; stored in the same transaction as what is done with them."""

    feed = models.CharField(_("feed"), max_length=20, unique=True)
    cursor = models.CharField(_("cursor"), max_length=500)
    stored_at = models.DateTimeField(_("stored"))

    class Meta:
        verbose_name = _("treasury cursor")
        verbose_name_plural = _("treasury cursors")

    def __str__(self):
        return f"{self.feed} {self.cursor}"
