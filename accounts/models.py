"""People, the organisations that they act for, and the record of who read a child's card."""

from string import digits

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.enums import ROLES_OF_KIND, Language, OrganisationKind, Role
from voucher_portal import dates
from voucher_portal.conditions import has_only
from voucher_portal.identifiers import validate_iin, validate_performer
from voucher_portal.people import SortKey, full_name, short_name


def _sort_key_of(*fields: str, is_indexed: bool = True) -> models.GeneratedField:
    """A stored key of the Kazakh alphabet's order (see voucher_portal.people)."""
    return models.GeneratedField(
        expression=SortKey(*fields),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
        db_index=is_indexed,
    )


class Organisation(models.Model):
    """A legal entity or a sole trader that people act for in the portal."""

    bin = models.CharField(_("BIN or IIN"), max_length=12, unique=True, validators=[validate_performer])
    name_ru = models.CharField(_("name in Russian"), max_length=300)
    name_kk = models.CharField(_("name in Kazakh"), max_length=300)
    kind = models.CharField(_("kind"), max_length=12, choices=OrganisationKind)
    sort_key_ru = _sort_key_of("name_ru")
    sort_key_kk = _sort_key_of("name_kk")

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(name="organisation_bin_is_12_digits", condition=has_only("bin", digits, least=12)),
            models.CheckConstraint(name="organisation_kind_known", condition=Q(kind__in=OrganisationKind.values)),
        ]

    def __str__(self):
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_kk if get_language() == Language.KAZAKH else self.name_ru


class UserManager(BaseUserManager):
    """Makes people. The LMS intake inserts guardians itself, set-based: every other column has a database default."""

    def create_user(self, iin: str, password: str | None = None, **fields):
        """Make a person; without `password` he cannot sign in by one."""
        user = self.model(iin=iin, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, iin: str, password: str, **fields):
        """Make a person who may do everything in the reference admin."""
        return self.create_user(iin, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by the IIN: a guardian, or one who acts for organisations."""

    iin = models.CharField(_("IIN"), max_length=12, validators=[validate_iin])
    last_name = models.CharField(_("surname"), max_length=100)
    first_name = models.CharField(_("name"), max_length=100)
    middle_name = models.CharField(_("patronymic"), max_length=100, blank=True, default="", db_default="")
    phone = models.CharField(_("phone"), max_length=20, blank=True, default="", db_default="")
    email = models.EmailField(_("e-mail"), blank=True, default="", db_default="")
    language = models.CharField(
        _("language"), max_length=2, choices=Language, default=Language.RUSSIAN, db_default=Language.RUSSIAN
    )
    # "!" alone is a password that no one can have: such a person signs in by signature, or after setting one.
    password = models.CharField(_("password"), max_length=128, default="!", db_default="!")
    is_active = models.BooleanField(_("may sign in"), default=True, db_default=True)
    is_staff = models.BooleanField(_("sees the reference admin"), default=False, db_default=False)
    is_superuser = models.BooleanField(_("superuser"), default=False, db_default=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    sort_key = _sort_key_of("last_name", "first_name", "middle_name", is_indexed=False)

    objects = UserManager()

    USERNAME_FIELD = "iin"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["last_name", "first_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(fields=["iin"], name="user_iin_is_one"),
            models.CheckConstraint(name="user_iin_is_12_digits", condition=has_only("iin", digits, least=12)),
            models.CheckConstraint(name="user_language_known", condition=Q(language__in=Language.values)),
        ]

    # Set by the middleware: the organisation that the person has chosen to act for in this session.
    acting_organisation_id: int | None = None

    def __str__(self):
        return self.full_name

    @property
    def full_name(self) -> str:
        """Surname first, as in the register."""
        return full_name(self.last_name, self.first_name, self.middle_name)

    @property
    def short_name(self) -> str:
        """Surname and initials in the form of the page's language."""
        return short_name(self.last_name, self.first_name, self.middle_name)

    @cached_property
    def memberships_today(self) -> list["Membership"]:
        """Memberships valid today with their organisations; one query per request."""
        return list(Membership.objects.of(self).on(dates.today()).select_related("organisation"))

    @property
    def acting_memberships(self) -> list["Membership"]:
        """Today's memberships in one organisation: the chosen one, or the first while none is chosen."""
        chosen = [m for m in self.memberships_today if m.organisation_id == self.acting_organisation_id]
        first = self.memberships_today[:1]
        return chosen or [m for m in self.memberships_today if m.organisation_id == first[0].organisation_id]

    def organisation_ids(self, roles) -> list[int]:
        """The organisation acted for, if the person has one of `roles` there, as a list for `…__in`; no new query."""
        return sorted({m.organisation_id for m in self.acting_memberships if m.role in roles})

    def has_any_role(self, roles) -> bool:
        """Whether the person has one of `roles` in the organisation acted for; no new query."""
        return bool(self.organisation_ids(roles))


class MembershipQuerySet(models.QuerySet):
    def of(self, user):
        """Memberships of `user`."""
        return self.filter(user=user)

    def on(self, day):
        """Memberships valid on `day`."""
        return self.filter(valid__contains=day)


def _role_fits_kind_sql() -> str:
    """The body of the trigger that refuses, for one, a commission member of a kindergarten."""
    fits = " OR ".join(
        f"(kind = '{kind}' AND NEW.role IN ({', '.join(repr(str(role.value)) for role in sorted(roles))}))"
        for kind, roles in ROLES_OF_KIND.items()
    )
    return f"""
        IF NOT EXISTS (SELECT 1 FROM accounts_organisation WHERE id = NEW.organisation_id AND ({fits})) THEN
            RAISE EXCEPTION 'role % does not fit the kind of organisation %', NEW.role, NEW.organisation_id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    """


class Membership(models.Model):
    """A role that a person has in an organisation for a range of dates."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    valid = DateRangeField(_("valid on"), help_text=_("first day included, last day excluded"))

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["organisation_id", "role", "pk"]
        constraints = [
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="membership_valid_not_empty", condition=Q(valid__isempty=False)),
            ExclusionConstraint(
                name="membership_no_role_twice_on_one_day",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("organisation", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The person already has this role on some of these days."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="membership_role_fits_kind",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=_role_fits_kind_sql(),
            )
        ]

    def __str__(self):
        return f"{self.user}: {self.get_role_display()}, {self.organisation}"


class ReadLog(models.Model):
    """One reading of a child's card: who, what, when, from where. Rows are only ever added."""

    user = models.ForeignKey(User, models.PROTECT, related_name="reads", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("acted for")
    )
    object_kind = models.CharField(_("what was read"), max_length=40)
    object_id = models.CharField(_("identifier"), max_length=40)
    read_at = models.DateTimeField(_("read at"), db_default=Now())
    ip = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("reading of a card")
        verbose_name_plural = _("readings of cards")
        indexes = [models.Index(fields=["object_kind", "object_id", "read_at"], name="readlog_by_object")]
        triggers = [
            pgtrigger.Protect(name="readlog_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.object_kind} {self.object_id}"
