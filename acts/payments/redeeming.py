"""Acts that are settled, and their parts; and acts that a returned payment opens again. Set-based, issuer by issuer.

An act is settled when each of its orders is PAID or SET_OFF, and what its debts were set off against is settled as
well. That depends on orders only, so it can be asked at any time and gives the same answer.
Source: contracts/payments.md §5 rule 5 and §8, REG §5.2 (T6, T7), docs/rules/payments.md.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from acts.enums import PAYABLE, SETTLED, ActEventKind
from acts.models import ActEvent
from registry.enums import REDEEMABLE, RETURNABLE
from voucher_portal import sql


@dataclass
class Redeemed:
    """Parts that became REDEEMED, and the tenge that moved to the account REDEEMED."""

    parts: int = 0
    amount_kzt: Decimal = Decimal("0.00")

    def add(self, other: "Redeemed") -> None:
        """Count `other` in."""
        self.parts += other.parts
        self.amount_kzt += other.amount_kzt


def settle_acts(*, issuer_id: int, now: datetime.datetime) -> Redeemed:
    """The bulk twin of Act.settle() and VoucherPart.redeem(): every act of the issuer that is settled, and its parts.

    The caller holds the issuer's ledger. Six queries, whatever the number of children; one when no act is settled.
    """
    acts = [
        act for (act,) in sql.fetch("acts/redeem_acts", issuer=issuer_id, now=now, payable=PAYABLE, settled=SETTLED)
    ]
    if not acts:
        return Redeemed()
    ((amount,),) = sql.fetch("acts/redeem_post", issuer=issuer_id, acts=acts, now=now)
    sql.execute("acts/redeem_lock_parts", acts=acts)
    parts = sql.execute("acts/redeem_parts", acts=acts, redeemable=REDEEMABLE)
    _record(acts, ActEventKind.PAID, now)
    return Redeemed(parts=parts, amount_kzt=amount)


def reopen_acts(*, issuer_id: int, order_ids: Iterable[int], now: datetime.datetime) -> None:
    """The bulk twin of Act.reopen() and VoucherPart.return_payment(): the money of these orders came back.

    Opens their acts, and those whose debts were set off against them. The caller holds the issuer's ledger. At most
    five queries.
    """
    found = sql.fetch("acts/return_acts", issuer=issuer_id, orders=list(order_ids))
    acts = [act for (act,) in found]
    if not acts:
        return
    sql.execute("acts/redeem_lock_parts", acts=acts)
    sql.execute("acts/return_post", issuer=issuer_id, acts=acts, now=now)
    sql.execute("acts/return_parts", acts=acts, returnable=RETURNABLE)
    _record(acts, ActEventKind.REOPENED, now)


def _record(acts: list[int], kind: ActEventKind, now: datetime.datetime) -> None:
    ActEvent.objects.bulk_create([ActEvent(act_id=act, kind=kind, happened_at=now) for act in acts], batch_size=1_000)
