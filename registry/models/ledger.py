"""The ledger (сопроводительные записи): append-only, double-entry, sealed batch by batch."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.enums import Account, EntryReason
from registry.models.children import Contract
from registry.models.vouchers import Voucher
from schools.enums import Programme
from schools.models import Issuer

FINAL = pgtrigger.Update | pgtrigger.Delete

# The text of an entry that a seal is taken of: numbers only where the session could change their spelling.
ENTRY_TEXT = """concat_ws('|', e.id, e.issuer_id, e.voucher_id, e.month - DATE '2000-01-01',
    coalesce(e.contract_id, 0), e.from_account, e.to_account, e.amount_kzt, e.local_kzt, e.republican_kzt,
    coalesce(e.act_id, 0), coalesce(e.order_id, 0), coalesce(e.actor_id, 0), extract(epoch FROM e.at), e.reason)"""

# One statement-level trigger does for a whole batch what a row would do by foreign keys: it refuses entries without
# their voucher or contract, adds the batch to the balances, refuses to pass a budget limit, and seals the batch.
ENTER_BATCH = (
    """
    SELECT count(*), min(issuer_id), max(issuer_id) INTO entries, batch_issuer, last_issuer FROM added;
    IF entries = 0 THEN RETURN NULL; END IF;
    IF batch_issuer <> last_issuer THEN
        RAISE EXCEPTION 'a batch belongs to one issuer' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT contract_id, voucher_id FROM added) e
        LEFT JOIN registry_voucher v ON v.id = e.voucher_id
        LEFT JOIN registry_contract c ON c.id = e.contract_id
        WHERE v.id IS NULL OR (e.contract_id IS NOT NULL AND c.id IS NULL)
    ) THEN
        RAISE EXCEPTION 'a ledger entry without its voucher or contract' USING ERRCODE = 'foreign_key_violation';
    END IF;

    INSERT INTO registry_ledgerbalance AS b
        (issuer_id, programme, month, account, amount_kzt, local_kzt, republican_kzt)
    SELECT batch_issuer, m.programme, m.month, side.account, sum(side.sign * m.amount), sum(side.sign * m.local),
           sum(side.sign * m.republican)
    FROM (
        SELECT v.programme, e.month, e.from_account, e.to_account, sum(e.amount_kzt) AS amount,
               sum(e.local_kzt) AS local, sum(e.republican_kzt) AS republican
        FROM added e JOIN registry_voucher v ON v.id = e.voucher_id
        WHERE e.amount_kzt <> 0
        GROUP BY v.programme, e.month, e.from_account, e.to_account
    ) m CROSS JOIN LATERAL (VALUES (m.to_account, 1), (m.from_account, -1)) AS side(account, sign)
    GROUP BY m.programme, m.month, side.account
    ON CONFLICT (issuer_id, programme, month, account) DO UPDATE
    SET amount_kzt = b.amount_kzt + excluded.amount_kzt, local_kzt = b.local_kzt + excluded.local_kzt,
        republican_kzt = b.republican_kzt + excluded.republican_kzt;

    IF EXISTS (SELECT FROM registry_ledgerbalance WHERE issuer_id = batch_issuer AND account <> 'BUDGET'
               AND (local_kzt < 0 OR republican_kzt < 0)) THEN
        RAISE EXCEPTION 'an account of the ledger would be negative' USING ERRCODE = 'check_violation';
    END IF;
    -- Two steps: as a rule nothing is overrun, and one join of both would look at every entry to find out.
    IF EXISTS (SELECT FROM registry_budget_overrun WHERE issuer_id = batch_issuer) AND EXISTS (
        SELECT FROM registry_budget_overrun o WHERE o.issuer_id = batch_issuer AND EXISTS (
            SELECT FROM added e JOIN registry_voucher v ON v.id = e.voucher_id
            WHERE e.from_account = 'BUDGET' AND e.amount_kzt <> 0 AND v.programme = o.programme
              AND extract(year FROM e.month) = o.year)
    ) THEN
        RAISE EXCEPTION 'the budget limit would be passed' USING ERRCODE = 'check_violation';
    END IF;

    SELECT last_id, sha256 INTO last_sealed, last_hash
    FROM registry_ledgerseal WHERE issuer_id = batch_issuer ORDER BY id DESC LIMIT 1;
    INSERT INTO registry_ledgerseal (issuer_id, first_id, last_id, entries, sha256, previous_sha256, sealed_at)
    SELECT batch_issuer, min(e.id), max(e.id), count(*),
           sha256(coalesce(last_hash, ''::bytea) || convert_to(string_agg(
    """
    + ENTRY_TEXT
    + """, E'\\n' ORDER BY e.id), 'UTF8')), coalesce(last_hash, ''::bytea), now()
    FROM added e
    HAVING min(e.id) > coalesce(last_sealed, 0);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the ledger of the issuer was not locked' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
    """
)


class LedgerEntry(models.Model):
    """One movement of money of one part; with a contract, of that reservation. Never changed, never deleted.

    `act_id` and `order_id` name rows of the floor above (acts), so they carry no foreign key.
    """

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="entries", db_constraint=False)
    month = models.DateField(_("month"))
    contract = models.ForeignKey(
        Contract, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    from_account = models.CharField(_("from"), max_length=12, choices=Account)
    to_account = models.CharField(_("to"), max_length=12, choices=Account)
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=14, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=14, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=14, decimal_places=2)
    act_id = models.BigIntegerField(_("act"), null=True)
    order_id = models.BigIntegerField(_("payment order"), null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    at = models.DateTimeField(_("when"))
    reason = models.CharField(_("reason"), max_length=20, choices=EntryReason)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.CheckConstraint(
                name="entry_sources_add_up", condition=Q(amount_kzt=F("local_kzt") + F("republican_kzt"))
            ),
            models.CheckConstraint(
                name="entry_sums_not_negative", condition=Q(local_kzt__gte=0, republican_kzt__gte=0)
            ),
            models.CheckConstraint(
                name="entry_accounts_differ_or_sum_is_zero",
                condition=~Q(from_account=F("to_account")) | Q(amount_kzt=0),
            ),
            models.CheckConstraint(
                name="entry_without_reservation_moves_nothing", condition=Q(contract__isnull=False) | Q(amount_kzt=0)
            ),
            models.CheckConstraint(
                name="entry_accounts_known",
                condition=Q(from_account__in=Account.values, to_account__in=Account.values),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="entry_is_final", operation=FINAL),
            pgtrigger.Trigger(
                name="entry_batch_is_entered",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                declare=[
                    ("batch_issuer", "bigint"),
                    ("last_issuer", "bigint"),
                    ("entries", "bigint"),
                    ("last_sealed", "bigint"),
                    ("last_hash", "bytea"),
                ],
                func=ENTER_BATCH,
            ),
        ]

    def __str__(self):
        return f"{self.from_account} → {self.to_account} {self.amount_kzt}"


class LedgerSeal(models.Model):
    """SHA-256 over one batch of an issuer's entries and the seal before it; `verify_ledger` computes it again."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="seals")
    first_id = models.BigIntegerField(_("first entry"))
    last_id = models.BigIntegerField(_("last entry"))
    entries = models.PositiveIntegerField(_("entries"))
    sha256 = models.BinaryField(_("SHA-256"), max_length=32)
    previous_sha256 = models.BinaryField(_("SHA-256 of the seal before"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("ledger seal")
        verbose_name_plural = _("ledger seals")
        triggers = [pgtrigger.Protect(name="seal_is_final", operation=FINAL)]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "first_id"], name="seal_one_per_first_entry"),
            models.CheckConstraint(name="seal_ids_in_order", condition=Q(first_id__lte=F("last_id"))),
        ]

    def __str__(self):
        return f"{self.first_id}–{self.last_id}"


class LedgerBalance(models.Model):
    """What stands on an account for an issuer, programme and month: the sum of the ledger, kept by its trigger."""

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="balances")
    programme = models.CharField(_("programme"), max_length=10, choices=Programme)
    month = models.DateField(_("month"))
    account = models.CharField(_("account"), max_length=12, choices=Account)
    amount_kzt = models.DecimalField(_("amount, KZT"), max_digits=16, decimal_places=2)
    local_kzt = models.DecimalField(_("local budget, KZT"), max_digits=16, decimal_places=2)
    republican_kzt = models.DecimalField(_("republican budget, KZT"), max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = _("balance of the ledger")
        verbose_name_plural = _("balances of the ledger")
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "programme", "month", "account"], name="balance_one_per_account"
            ),
        ]

    def __str__(self):
        return f"{self.programme} {self.month:%Y-%m} {self.account}"
