"""Do the balances and documents of a statement add up? One that does not is incomplete and closes nothing.

Source: contracts/payments.md §6, check when reading.
"""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from integrations.onec.messages import Balance, Document, Doubt, Reason

ZERO = Decimal("0.00")
SPENT, RECEIVED = "spent", "received"


def directed(documents: Sequence[Document], accounts: Collection[str]) -> tuple[Document, ...]:
    """The documents, those that have only a sum with the direction that their accounts tell."""
    return tuple(_directed(document, accounts) for document in documents)


def doubts_about(
    balances: Sequence[Balance], documents: Iterable[Document], accounts: Collection[str]
) -> Iterator[Doubt]:
    """Everything that does not add up. `accounts` are those of the header, which must all have their balance."""
    by_account = defaultdict(list)
    for balance in balances:
        by_account[balance.iban].append(balance)
        yield from _doubts_about_one(balance)
    if not by_account or any(iban not in by_account for iban in accounts):
        yield Doubt(1, Reason.NO_BALANCE)
    turnover, strangers = _turnover(documents, by_account)
    yield from (Doubt(document.line, Reason.FOREIGN_ACCOUNT) for document in strangers)
    for iban, its_balances in by_account.items():
        yield from _broken_chain(its_balances)
        line = its_balances[0].line
        if turnover[SPENT, iban] != sum((balance.spent or ZERO for balance in its_balances), ZERO):
            yield Doubt(line, Reason.WRONG_EXPENSE)
        if turnover[RECEIVED, iban] != sum((balance.received or ZERO for balance in its_balances), ZERO):
            yield Doubt(line, Reason.WRONG_INCOME)


def _directed(document: Document, accounts: Collection[str]) -> Document:
    if document.is_spent or document.is_received:
        return document
    return dataclasses.replace(
        document, is_spent=document.payer.iban in accounts, is_received=document.payee.iban in accounts
    )


def _doubts_about_one(balance: Balance) -> Iterator[Doubt]:
    sums = (balance.opening, balance.received, balance.spent, balance.closing)
    if None in sums:
        yield Doubt(balance.line, Reason.NO_BALANCE)
    elif balance.opening + balance.received - balance.spent != balance.closing:
        yield Doubt(balance.line, Reason.WRONG_BALANCE)


def _broken_chain(balances: Sequence[Balance]) -> Iterator[Doubt]:
    """Some banks write a section for each day, the latest first or last."""
    in_time = sorted(balances, key=lambda balance: balance.first_day or datetime.date.min)
    for earlier, later in pairwise(in_time):
        if earlier.closing != later.opening:
            yield Doubt(later.line, Reason.BROKEN_CHAIN)


def _turnover(documents: Iterable[Document], accounts: Collection[str]):
    """The sums by direction and account, and the documents that belong to none of the accounts."""
    turnover, strangers = defaultdict(lambda: ZERO), []
    only = next(iter(accounts)) if len(accounts) == 1 else ""
    for document in documents:
        moves = list(_moves(document, only))
        if not moves or any(iban not in accounts for _direction, iban in moves):
            strangers.append(document)
            continue
        for move in moves:
            turnover[move] += document.amount
    return turnover, strangers


def _moves(document: Document, only: str) -> Iterator[tuple[str, str]]:
    """Direction and account; a bank may leave out the account of a statement that has but one."""
    if document.is_spent:
        yield SPENT, document.payer.iban or only
    if document.is_received:
        yield RECEIVED, document.payee.iban or only
