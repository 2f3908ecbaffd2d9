"""Who pays and who teaches: issuers, providers and the state-order contracts between them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.enums import DEPARTMENT_ROLES, OVERSEEING_ROLES, PROVIDER_ROLES
from accounts.models import Organisation
from integrations.models import Lms
from schools.enums import Area, IssuerKind, Ownership, Programme, SuspensionGround, TerminationGround
from voucher_portal.identifiers import validate_iban


class IssuerQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Issuers whose money the user answers for: the own department's, or all for those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(organisation__in=user.organisation_ids(DEPARTMENT_ROLES))


class Issuer(models.Model):
    """The body that issues vouchers and owes the payment: a city's or region's education department."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="issuer")
    code = models.CharField(_("code"), max_length=8, unique=True, help_text=_("stands in the numbers of acts"))
    kato = models.CharField(_("KATO code"), max_length=9)
    kind = models.CharField(_("kind"), max_length=10, choices=IssuerKind)
    objects = IssuerQuerySet.as_manager()

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")
        constraints = [
            models.CheckConstraint(name="issuer_kind_known", condition=Q(kind__in=IssuerKind.values)),
            models.CheckConstraint(name="issuer_code_is_plain", condition=Q(code__regex=r"^[A-Z0-9]{2,8}$")),
        ]

    def __str__(self):
        return self.code


class ProviderQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A provider's own staff, the department that orders from it, and those who oversee."""
        if user.has_any_role(OVERSEEING_ROLES):
            return self
        return self.filter(
            Q(organisation__in=user.organisation_ids(PROVIDER_ROLES))
            | Q(issuer__organisation__in=user.organisation_ids(DEPARTMENT_ROLES))
        )


class Provider(models.Model):
    """A school or kindergarten that gives the service and is paid for it (Исполнитель)."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="provider")
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="providers")
    lms = models.ForeignKey(Lms, models.PROTECT, related_name="providers", null=True, blank=True)
    ownership = models.CharField(_("ownership"), max_length=10, choices=Ownership)
    programmes = ArrayField(models.CharField(max_length=10, choices=Programme), verbose_name=_("programmes"))
    area = models.CharField(_("area"), max_length=10, choices=Area)
    design_capacity = models.PositiveIntegerField(_("design capacity"))
    sanitary_places = models.PositiveIntegerField(_("places of the sanitary conclusion"))
    first_licensed_on = models.DateField(_("first licensed"), null=True, blank=True)
    address_ru = models.CharField(_("address"), max_length=300)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    iban = models.CharField(_("IBAN"), max_length=20, validators=[validate_iban])
    bic = models.CharField(_("BIC"), max_length=11)
    kbe = models.CharField(_("KBe"), max_length=2)
    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        constraints = [
            models.CheckConstraint(name="provider_area_known", condition=Q(area__in=Area.values)),
            models.CheckConstraint(name="provider_ownership_known", condition=Q(ownership__in=Ownership.values)),
            models.CheckConstraint(name="provider_iban_form", condition=Q(iban__regex=r"^KZ[0-9]{5}[A-Z0-9]{13}$")),
            models.CheckConstraint(name="provider_kbe_form", condition=Q(kbe__regex=r"^[0-9]{2}$")),
            models.CheckConstraint(
                name="provider_programmes_known", condition=Q(programmes__contained_by=Programme.values)
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def name(self) -> str:
        return self.organisation.name_kk if get_language() == "kk" else self.organisation.name_ru

    @property
    def bin(self) -> str:
        return self.organisation.bin

    @property
    def places(self) -> int:
        """Children that can be funded at once. Source: REG §8.4 [R30]."""
        return min(self.design_capacity, self.sanitary_places)


class StateOrderContract(models.Model):
    """The contract between issuer and provider (договор ГОЗ): on its days, and only then, the provider is paid."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="state_orders")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="state_orders")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    signed_on = models.DateField(_("signed"))
    days = DateRangeField(_("days"), help_text=_("first day included, last day excluded"))

    class Meta:
        verbose_name = _("state order contract")
        verbose_name_plural = _("state order contracts")
        constraints = [
            models.CheckConstraint(name="stateorder_programme_known", condition=Q(programme__in=Programme.values)),
            ExclusionConstraint(
                name="stateorder_one_per_provider_programme_day",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    ("programme", RangeOperators.EQUAL),
                    ("days", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The provider already has a state order contract for these days."),
            ),
        ]

    def __str__(self):
        return self.number


class Suspension(models.Model):
    """Payment to a provider is held while its days run; children stay and acts are still formed (REG §12.1 [S1])."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="suspensions")
    ground = models.CharField(_("ground"), max_length=20, choices=SuspensionGround)
    days = DateRangeField(_("days"), help_text=_("open while the payment is held"))
    document = models.CharField(_("document"), max_length=200)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        constraints = [
            models.CheckConstraint(name="suspension_ground_known", condition=Q(ground__in=SuspensionGround.values)),
            ExclusionConstraint(
                name="suspension_one_per_provider_ground_day",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    ("ground", RangeOperators.EQUAL),
                    ("days", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self):
        return f"{self.provider} {self.ground}"


class Termination(models.Model):
    """The end of a provider's work for vouchers, from its first day on (REG §12.2 [S1])."""

    provider = models.OneToOneField(Provider, models.PROTECT, related_name="termination")
    ground = models.CharField(_("ground"), max_length=20, choices=TerminationGround)
    from_day = models.DateField(_("first day"))
    document = models.CharField(_("document"), max_length=200)

    class Meta:
        verbose_name = _("termination")
        verbose_name_plural = _("terminations")
        constraints = [
            models.CheckConstraint(name="termination_ground_known", condition=Q(ground__in=TerminationGround.values))
        ]

    def __str__(self):
        return f"{self.provider} {self.ground}"
