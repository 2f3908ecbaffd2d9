"""Children and their contracts with providers, as the LMS tells them."""

from string import digits

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES, PROVIDER_ROLES
from accounts.models import User
from integrations.models import Lms
from registry.enums import ContractStatus, EndReason, Funding, Level, LifeStatus, UnfundedReason
from registry.models.rules import Norm
from schools.enums import Programme
from schools.models import Provider
from voucher_portal.conditions import has_only
from voucher_portal.identifiers import validate_iin
from voucher_portal.people import FoldKey, SortKey, full_name


def key_of(expression) -> models.GeneratedField:
    """A stored key over the whole name: for the order of lists, or for the search (see voucher_portal.people)."""
    return models.GeneratedField(
        expression=expression("last_name", "first_name", "middle_name"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )


class ChildQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Children of the user's family, of the user's organisation, of the user's department; all for overseers."""
        contracts = Contract.objects.visible_to(user).exclude(status=ContractStatus.ANNULLED)
        return self.filter(pk__in=contracts.values("child"))


class Child(models.Model):
    """A child known by IIN (Бенефициар), with the names of its newest contract."""

    iin = models.CharField(_("IIN"), max_length=12, validators=[validate_iin])
    last_name = models.CharField(_("last name"), max_length=100)
    first_name = models.CharField(_("first name"), max_length=100)
    middle_name = models.CharField(_("middle name"), max_length=100, blank=True, db_default="")
    sort_key = key_of(SortKey)
    search_key = key_of(FoldKey)
    birth_date = models.DateField(_("birth date"))
    life_status = models.CharField(
        _("state database"),
        max_length=15,
        choices=LifeStatus,
        default=LifeStatus.UNKNOWN,
        db_default=LifeStatus.UNKNOWN,
    )
    # Names come from the contract signed last, so that the order of delivery does not matter.
    named_at = models.DateTimeField(editable=False)
    named_by = models.CharField(max_length=110, editable=False)
    objects = ChildQuerySet.as_manager()

    class Meta:
        verbose_name = _("child")
        verbose_name_plural = _("children")
        constraints = [
            models.UniqueConstraint(fields=["iin"], name="child_iin_is_one"),
            models.CheckConstraint(name="child_iin_form", condition=has_only("iin", digits, least=12)),
            models.CheckConstraint(name="child_life_status_known", condition=Q(life_status__in=LifeStatus.values)),
        ]

    def __str__(self):
        return self.full_name

    @property
    def full_name(self) -> str:
        return full_name(self.last_name, self.first_name, self.middle_name)


class ContractQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Contracts the user signed as guardian, of the user's organisation or department; all for overseers."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(
            Q(guardian=user)
            | Q(provider__organisation__in=user.organisation_ids(PROVIDER_ROLES))
            | Q(provider__issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))
        )


def _one_funded_a_day(programme: str) -> ExclusionConstraint:
    """Two small indexes, one for each programme, take in a city's contracts in half the time of one with the text."""
    return ExclusionConstraint(
        name=f"contract_one_funded_per_child_day_{programme}",
        expressions=[("child", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
        condition=Q(funding=Funding.FUNDED, is_settled=True, programme=programme),
        violation_error_message=_("The child already has a funded contract on these days."),
    )


class Contract(models.Model):
    """A child's contract with a provider, in the newest version that its LMS sent (contracts/lms.md).

    `days` runs to the end of the school year where the LMS gave no last day. A contract is funded or not funded with
    a reason (contracts/reference-data.md); `is_settled` is false until that was decided for this version.
    """

    lms = models.ForeignKey(Lms, models.PROTECT, related_name="contracts", db_index=False)
    external_id = models.CharField(_("number in the LMS"), max_length=64)
    version = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=10, choices=ContractStatus)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="contracts", db_index=False)
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    group_name = models.CharField(_("group"), max_length=100)
    language = models.CharField(_("language of teaching"), max_length=16)
    special_needs = models.BooleanField(_("special needs"))
    child = models.ForeignKey(Child, models.PROTECT, related_name="contracts")
    guardian = models.ForeignKey(User, models.PROTECT, related_name="contracts")
    parent_fee_kzt = models.DecimalField(_("parent fee, KZT"), max_digits=14, decimal_places=2, null=True)
    signed_at = models.DateTimeField(_("signed"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True)
    end_reason = models.CharField(_("reason of the end"), max_length=20, choices=EndReason, blank=True)
    days = DateRangeField(_("days"))
    received_at = models.DateTimeField(_("received"))
    funding = models.CharField(
        _("funding"), max_length=10, choices=Funding, default=Funding.NEW, db_default=Funding.NEW
    )
    unfunded_reason = models.CharField(_("reason"), max_length=20, choices=UnfundedReason, blank=True, db_default="")
    norm = models.ForeignKey(Norm, models.PROTECT, related_name="contracts", null=True, db_index=False)
    is_settled = models.BooleanField(default=False, db_default=False)
    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        indexes = [
            models.Index(fields=["provider", "programme"], name="contract_provider"),
            models.Index(fields=["unfunded_reason"], name="contract_unfunded", condition=Q(funding=Funding.UNFUNDED)),
            models.Index(fields=["id"], name="contract_unsettled", condition=Q(is_settled=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["lms", "external_id"], name="contract_one_per_lms_number"),
            models.CheckConstraint(name="contract_status_known", condition=Q(status__in=ContractStatus.values)),
            models.CheckConstraint(name="contract_funding_known", condition=Q(funding__in=Funding.values)),
            models.CheckConstraint(
                name="contract_unfunded_has_reason",
                condition=Q(funding=Funding.UNFUNDED) ^ Q(unfunded_reason=""),
            ),
            models.CheckConstraint(
                name="contract_funded_has_norm", condition=~Q(funding=Funding.FUNDED) | Q(norm__isnull=False)
            ),
            models.CheckConstraint(
                name="contract_annulled_is_not_funded",
                condition=~Q(status=ContractStatus.ANNULLED, is_settled=True) | ~Q(funding=Funding.FUNDED),
            ),
            *(_one_funded_a_day(programme) for programme in Programme.values),
        ]
        triggers = [
            pgtrigger.Protect(name="contract_stays", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="contract_keeps_history",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("version"),
                condition=pgtrigger.Q(old__version__df=pgtrigger.F("new__version")),
                func="""
                    IF NEW.version < OLD.version THEN
                        RAISE EXCEPTION 'a contract is only replaced by a newer version'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    INSERT INTO registry_contractversion (contract_id, version, facts, replaced_at)
                    VALUES (OLD.id, OLD.version, to_jsonb(OLD), NEW.received_at);
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self):
        return self.external_id


class ContractVersion(models.Model):
    """A version of a contract that a newer one replaced; append-only, written by a trigger."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    facts = models.JSONField(_("the row as it was"))
    replaced_at = models.DateTimeField(_("replaced"))

    class Meta:
        verbose_name = _("earlier version of a contract")
        verbose_name_plural = _("earlier versions of contracts")
        triggers = [pgtrigger.Protect(name="contract_version_is_final", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.contract_id} v{self.version}"
