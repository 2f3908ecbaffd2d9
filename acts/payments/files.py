"""Payment files of an issuer: which orders go in, their attempts, and the bytes, stored before anybody sends them.

Source: contracts/payments.md §2 and §5 (grain A), REG §14.2.
"""

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from acts.enums import OrderState
from acts.models import PayerAccount, PaymentAttempt, PaymentFile, PaymentOrder
from acts.payments.names import WIRE, message_name, transfer_name
from acts.payments.payers import payer_accounts
from integrations.treasury import messages, pain001
from integrations.treasury.payment_rules import InvalidPayment, check
from registry.enums import Source
from schools.models import Issuer
from voucher_portal.dates import Month

# The longest transfer has less than 2 KiB of XML, so that so many stay below the 5 MiB of a message.
MOST_TRANSFERS = 2_500
MOST_REASON = 300
ROWS_A_STATEMENT = 1_000


@dataclass(frozen=True)
class Payer:
    """The issuer as the payer of a file: itself, who speaks for it, and its accounts by source."""

    issuer: Issuer
    initiator: messages.Party
    debtor: messages.Party
    accounts: dict[str, PayerAccount]


@dataclass(frozen=True)
class Planned:
    """A transfer that is to be, for an order."""

    order: PaymentOrder
    number: int
    transfer: messages.Transfer


def store_files(
    orders: Iterable[PaymentOrder], *, issuer: Issuer, now: datetime.datetime, today: datetime.date
) -> tuple[list[PaymentFile], list[PaymentOrder]]:
    """Make attempts for `orders` and commit the files that carry them; the second list could not be paid.

    One file, split where it would be larger than the gateway takes. An order whose payee the treasury would refuse is
    put aside with the reason and holds up no other. Must not run inside a transaction: what is sent has to be stored.

    Raises:
        PaymentError: the issuer has no account to pay from.
    """
    orders = list(orders.select_related("act__provider__organisation", "act__state_order").annotate(
        tries=Max("attempts__number", default=0)))  # fmt: skip
    if not orders:
        return [], []
    payer = _payer(issuer)
    planned = [_planned(order, payer) for order in orders]
    wrong = {plan.order.pk: reason for plan in planned if (reason := _reason_against(plan, payer, now, today))}
    _put_aside([plan.order for plan in planned if plan.order.pk in wrong], wrong)
    good = [plan for plan in planned if plan.order.pk not in wrong]
    chunks = [good[start : start + MOST_TRANSFERS] for start in range(0, len(good), MOST_TRANSFERS)]
    files = [_store(chunk, payer, now, today) for chunk in chunks]
    return files, [plan.order for plan in planned if plan.order.pk in wrong]


def _payer(issuer: Issuer) -> Payer:
    department = issuer.organisation
    operator = Organisation.objects.filter(kind=OrganisationKind.OPERATOR).order_by("pk").first() or department
    return Payer(issuer, _party(operator), _party(department), payer_accounts(issuer))


def _party(organisation: Organisation) -> messages.Party:
    return messages.Party(name=organisation.name_ru, number=organisation.bin)


def _planned(order: PaymentOrder, payer: Payer) -> Planned:
    act, account, number = order.act, payer.accounts[order.source], order.tries + 1
    provider = act.provider
    transfer = messages.Transfer(
        end_to_end_id=transfer_name(act.number, order.source, number),
        uetr=uuid.uuid4(),
        amount_kzt=order.pay_kzt,
        creditor=_party(provider.organisation),
        account=messages.Account(iban=provider.iban, bic=provider.bic),
        kbe=provider.kbe,
        knp=account.knp,
        budget_code=account.budget_code(act.state_order.programme),
        act_number=act.number,
        purpose=_purpose(act),
    )
    return Planned(order, number, transfer)


def _purpose(act) -> str:
    contract = act.state_order
    return (
        f"Оплата по акту № {act.number} от {act.drawn_up_on:%d.%m.%Y}, договор № {contract.number}"
        f" от {contract.signed_on:%d.%m.%Y}, ГОЗ за {Month.of(act.bill_month).first:%m.%Y}"
    )


def _message(plans: Sequence[Planned], payer: Payer, msg_id: str, now, today) -> messages.PaymentFile:
    blocks = []
    for source in Source:
        mine = [plan for plan in plans if plan.order.source == source]
        if mine:
            account = payer.accounts[source]
            blocks.append(messages.TransferBlock(
                source=WIRE[source],
                account=messages.Account(iban=account.iban, bic=account.bic),
                control_sum_kzt=sum((plan.order.pay_kzt for plan in mine), Decimal("0.00")),
                transfers=tuple(plan.transfer for plan in mine),
            ))  # fmt: skip
    return messages.PaymentFile(
        msg_id=msg_id, created_at=now, execute_on=today, initiator=payer.initiator, debtor=payer.debtor,
        kod=payer.accounts[Source.LOCAL].kod, blocks=tuple(blocks),
    )  # fmt: skip


def _reason_against(plan: Planned, payer: Payer, now, today) -> str:
    """Why this transfer may not go into a file; empty when it may."""
    try:
        check(_message([plan], payer, "EVP-check", now, today))
    except InvalidPayment as error:
        return str(error)[:MOST_REASON]
    return ""


def _put_aside(orders: list[PaymentOrder], reasons: dict[int, str]) -> None:
    for order in orders:
        order.reason = reasons[order.pk]
    PaymentOrder.objects.bulk_update(orders, ["reason"], batch_size=ROWS_A_STATEMENT)


def _store(plans: Sequence[Planned], payer: Payer, now: datetime.datetime, today: datetime.date) -> PaymentFile:
    """Write one file and commit it with its attempts; what is sent again later are these bytes."""
    with transaction.atomic(durable=True):
        number = _next_number()
        msg_id = message_name(today, number)
        content = pain001.write(_message(plans, payer, msg_id, now, today))
        file = PaymentFile.objects.create(
            pk=number, issuer=payer.issuer, msg_id=msg_id, xml=content, created_at=now,
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        attempts = [_attempt(plan, file, payer) for plan in plans]
        PaymentAttempt.objects.bulk_create(attempts, batch_size=ROWS_A_STATEMENT)
        PaymentOrder.objects.filter(pk__in=[plan.order.pk for plan in plans]).update(
            state=OrderState.PREPARED, reason="", changed_at=now
        )
    return file


def _next_number() -> int:
    """The key of the next file: it is in the MsgId too, so that two issuers never take the same one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [PaymentFile._meta.db_table])
        return cursor.fetchone()[0]


def _attempt(plan: Planned, file: PaymentFile, payer: Payer) -> PaymentAttempt:
    return PaymentAttempt(
        order=plan.order,
        number=plan.number,
        file=file,
        uetr=plan.transfer.uetr,
        end_to_end_id=plan.transfer.end_to_end_id,
        amount_kzt=plan.transfer.amount_kzt,
        debtor_iban=payer.accounts[plan.order.source].iban,
        creditor_iban=plan.transfer.account.iban,
    )
