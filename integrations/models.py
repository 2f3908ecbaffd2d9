"""What the clients remember between two calls: which systems there are, how far each feed was read, what was asked."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.shep.registers import CONCLUSIVE, Channel, Outcome

SHA256_LENGTH = 64
# An answer may still come to these, whatever became of the receipt of the question.
AWAITING = Q(channel=Channel.ASYNC.value, answered_at__isnull=True)

# Values, not members: a migration must not need today's enumeration.
OUTCOMES = {
    Outcome.FOUND.value: _("found"),
    Outcome.NOT_FOUND.value: _("not found"),
    Outcome.NO_DATA.value: _("empty answer"),
    Outcome.DENIED.value: _("denied"),
    Outcome.CONSENT_NEEDED.value: _("consent needed"),
    Outcome.ASKED.value: _("asked, no answer yet"),
    Outcome.ERROR.value: _("error"),
    Outcome.TIMEOUT.value: _("no answer"),
    Outcome.STALE.value: _("out of date"),
}
CHANNELS = {Channel.SYNC.value: _("answer at once"), Channel.ASYNC.value: _("answer later")}


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


class RegisterCall(models.Model):
    """One question to a state database, as it ended; only one whose answer may still come is changed afterwards.

    Whom it was about stands here as a keyed hash only; the messages themselves are in the archive under their SHA-256.
    """

    message_id = models.UUIDField(_("message"), unique=True)
    correlation_id = models.CharField(_("chain of messages"), max_length=100, blank=True, default="")
    register = models.CharField(_("database"), max_length=20)
    service_id = models.CharField(_("service"), max_length=100)
    channel = models.CharField(_("channel"), max_length=5, choices=CHANNELS)
    key_hash = models.CharField(_("hash of the key"), max_length=SHA256_LENGTH)
    outcome = models.CharField(_("outcome"), max_length=14, choices=OUTCOMES)
    tries = models.PositiveSmallIntegerField(_("tries"))
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    request_sha256 = models.CharField(_("SHA-256 of the question"), max_length=SHA256_LENGTH, blank=True, default="")
    answer_sha256 = models.CharField(_("SHA-256 of the answer"), max_length=SHA256_LENGTH, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("question to a state database")
        verbose_name_plural = _("questions to state databases")
        constraints = [
            models.CheckConstraint(name="registercall_outcome_known", condition=Q(outcome__in=list(OUTCOMES))),
            models.CheckConstraint(name="registercall_channel_known", condition=Q(channel__in=list(CHANNELS))),
            models.CheckConstraint(
                name="registercall_conclusion_has_evidence",
                condition=~Q(outcome__in=sorted(outcome.value for outcome in CONCLUSIVE))
                | (~Q(answer_sha256="") & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="registercall_asked_has_no_answer",
                condition=~Q(outcome=Outcome.ASKED.value) | Q(answer_sha256=""),
            ),
            models.UniqueConstraint(
                name="registercall_one_awaited_per_chain",
                fields=["service_id", "correlation_id"],
                condition=Q(outcome=Outcome.ASKED.value),
            ),
        ]
        indexes = [
            models.Index(
                name="registercall_by_chain", fields=["correlation_id"], condition=Q(channel=Channel.ASYNC.value)
            ),
            models.Index(name="registercall_awaited", fields=["key_hash"], condition=Q(outcome=Outcome.ASKED.value)),
        ]
        triggers = [
            pgtrigger.Protect(name="registercall_stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="registercall_is_final",
                operation=pgtrigger.Update,
                condition=~(
                    pgtrigger.Q(old__channel=Channel.ASYNC.value) & pgtrigger.Q(old__answered_at__isnull=True)
                ),
            ),
        ]

    def __str__(self):
        return f"{self.register} {self.message_id}"


class StrayAnswer(models.Model):
    """A message of the asynchronous channel that answers nothing we asked: put aside, never delivered."""

    service_id = models.CharField(_("service"), max_length=100)
    message_id = models.CharField(_("message"), max_length=100)
    correlation_id = models.CharField(_("chain of messages"), max_length=100, blank=True, default="")
    answer_sha256 = models.CharField(_("SHA-256 of the answer"), max_length=SHA256_LENGTH)
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("answer to nothing we asked")
        verbose_name_plural = _("answers to nothing we asked")
        constraints = [models.UniqueConstraint(name="strayanswer_put_aside_once", fields=["service_id", "message_id"])]
        triggers = [pgtrigger.Protect(name="strayanswer_is_final", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.service_id} {self.message_id}"
