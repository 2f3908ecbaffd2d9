"""What the law may change: rule sets, calendars, norms and budget limits, each with its dates."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.enums import Level, Source
from schools.enums import Area, Programme
from schools.models import Issuer
from voucher_portal.fields import DayMaskField


class RuleSet(models.Model):
    """Everything the law may change for one programme on a range of days (REG §18); ask `rules_on(programme, day)`."""

    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    days = DateRangeField(_("days"))
    parts = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("months of the parts, in order"))
    payable_marks = models.CharField(_("marks that are paid"), max_length=7)
    min_present_days = models.PositiveSmallIntegerField(_("least days of presence in a month"))
    pay_after_act_days = models.PositiveSmallIntegerField(_("calendar days to pay after the act"))
    parameters = models.JSONField(_("other parameters"), help_text=_("names of REG §18 in lower case"))

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        constraints = [
            models.CheckConstraint(name="ruleset_programme_known", condition=Q(programme__in=Programme.values)),
            models.CheckConstraint(name="ruleset_marks_known", condition=Q(payable_marks__regex=r"^[PSLQN]*$")),
            models.CheckConstraint(name="ruleset_has_parts", condition=Q(parts__len__gte=1)),
            ExclusionConstraint(
                name="ruleset_one_per_programme_day",
                expressions=[("programme", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self):
        return f"{self.programme} {self.days}"


class SchoolCalendar(models.Model):
    """The study days of a programme in a school year, as the order of the ministry gives them (REG §17)."""

    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    start_year = models.PositiveSmallIntegerField(_("first calendar year of the school year"))
    days = DateRangeField(_("days of the school year"))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("weekdays, 1 is Monday"))
    days_off = ArrayField(models.DateField(), verbose_name=_("days off"), default=list)
    vacations = ArrayField(DateRangeField(), verbose_name=_("vacations"), default=list)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [
            models.UniqueConstraint(fields=["programme", "start_year"], name="calendar_one_per_programme_year"),
            models.CheckConstraint(name="calendar_programme_known", condition=Q(programme__in=Programme.values)),
        ]

    def __str__(self):
        return f"{self.programme} {self.start_year}/{(self.start_year + 1) % 100:02d}"


class StudyMonth(models.Model):
    """One month of a calendar: its study days as a mask, computed when the calendar is loaded."""

    calendar = models.ForeignKey(SchoolCalendar, models.CASCADE, related_name="months")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    start_year = models.PositiveSmallIntegerField(_("first calendar year of the school year"))
    month = models.DateField(_("month"))
    study_mask = DayMaskField(_("study days"))
    study_days = models.PositiveSmallIntegerField(_("number of study days"))
    is_last_part = models.BooleanField(_("the last part takes the remainder"), default=False)
    is_part = models.BooleanField(_("the voucher has a part for it"), default=True)

    class Meta:
        verbose_name = _("month of the calendar")
        verbose_name_plural = _("months of the calendar")
        constraints = [
            models.UniqueConstraint(fields=["programme", "month"], name="studymonth_one_per_programme_month"),
            models.CheckConstraint(name="studymonth_is_first_day", condition=Q(month__day=1)),
        ]

    def __str__(self):
        return f"{self.programme} {self.month:%Y-%m}"


class Norm(models.Model):
    """Tenge per child (REG §9), with the budgets that share it. `any` is told by an empty language or a null need."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="norms")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    area = models.CharField(_("area"), max_length=10, choices=Area)
    language = models.CharField(_("language of teaching"), max_length=16, blank=True, help_text=_("empty: any"))
    special_needs = models.BooleanField(_("special needs"), null=True, blank=True, help_text=_("empty: any"))
    days = DateRangeField(_("days"))
    per_month = models.BooleanField(_("per month, not per year"))
    total_kzt = models.DecimalField(_("total, KZT"), max_digits=14, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=14, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("norm")
        verbose_name_plural = _("norms")
        constraints = [
            models.CheckConstraint(
                name="norm_sources_add_up", condition=Q(total_kzt=F("local_kzt") + F("republican_kzt"))
            ),
            models.CheckConstraint(
                name="norm_sums_not_negative",
                condition=Q(total_kzt__gt=0, local_kzt__gte=0, republican_kzt__gte=0),
            ),
            models.CheckConstraint(name="norm_level_known", condition=Q(level__in=Level.values)),
            models.CheckConstraint(name="norm_area_known", condition=Q(area__in=Area.values)),
            models.CheckConstraint(name="norm_programme_known", condition=Q(programme__in=Programme.values)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="norm_stays_for_its_contracts",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("total_kzt", "local_kzt", "republican_kzt", "per_month"),
                condition=pgtrigger.AnyChange("total_kzt", "local_kzt", "republican_kzt", "per_month"),
                func="""
                    IF EXISTS (SELECT FROM registry_contract WHERE norm_id = OLD.id) THEN
                        RAISE EXCEPTION 'contracts have this norm' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.programme} {self.level} {self.area} {self.total_kzt}"


class Budget(models.Model):
    """The most that an issuer may reserve, write off and redeem from one source in a financial year."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="budgets")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    year = models.PositiveSmallIntegerField(_("financial year"))
    source = models.CharField(_("source"), max_length=10, choices=Source)
    limit_kzt = models.DecimalField(_("limit, KZT"), max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "programme", "year", "source"], name="budget_one_per_year_and_source"
            ),
            models.CheckConstraint(name="budget_limit_not_negative", condition=Q(limit_kzt__gte=0)),
            models.CheckConstraint(name="budget_source_known", condition=Q(source__in=Source.values)),
        ]

    def __str__(self):
        return f"{self.programme} {self.year} {self.source}"
