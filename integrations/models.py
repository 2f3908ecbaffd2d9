"""What the clients remember between two calls: which systems there are and how far each feed was read."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Lms(models.Model):
    """A school's or kindergarten's own system, polled for contracts and month sheets (contracts/lms.md).

    `url` is empty while the reference file names an LMS that nobody has connected yet.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    url = models.URLField(_("address"), blank=True, default="")
    token_env = models.CharField(_("variable with the token"), max_length=80, blank=True, default="")
    is_active = models.BooleanField(_("is polled"), default=True)
    polled_at = models.DateTimeField(_("last poll"), null=True, blank=True)
    failed_at = models.DateTimeField(_("last failure"), null=True, blank=True)
    failure = models.TextField(_("reason of the failure"), blank=True, default="")

    class Meta:
        verbose_name = _("LMS")
        verbose_name_plural = _("LMS")

    def __str__(self):
        return self.code


class FeedCursor(models.Model):
    """How far a feed was read; stored in the same transaction as the items of the page."""

    lms = models.ForeignKey(Lms, models.PROTECT, related_name="cursors")
    feed = models.CharField(_("feed"), max_length=20, help_text=_("`contracts` or `sheets:2025-10`"))
    cursor = models.CharField(_("cursor"), max_length=1024)
    stored_at = models.DateTimeField(_("stored"), auto_now=True)

    class Meta:
        verbose_name = _("feed cursor")
        verbose_name_plural = _("feed cursors")
        constraints = [models.UniqueConstraint(fields=["lms", "feed"], name="feedcursor_one_per_feed")]

    def __str__(self):
        return f"{self.lms_id} {self.feed}"
